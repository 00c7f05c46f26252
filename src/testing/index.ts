/**
 * `flushed/testing`: a collector that misbehaves on request, a Lambda sandbox that really freezes, an exporter whose
 * acknowledgements the test hands out, and a clock that stands still. For Node.
 *
 * @module
 */
export { fakeClock } from './clock.ts'
export type { FakeClock } from './clock.ts'
export { useClock } from '../core/clock.ts'
export type { Clock } from '../core/types.ts'
export { startCollector } from './collector.ts'
export type {
  BehaviorRule,
  Behaviors,
  Collector,
  CollectorAnswer,
  CollectorBehavior,
  CollectorOptions,
  CollectorRequest,
  WaitOptions,
} from './collector-types.ts'
export { defaultRuntime } from './default-runtime.ts'
export { MissingProtobufError } from './encoding.ts'
export type { Encoding } from './encoding.ts'
export { inMemoryExporter } from './exporter.ts'
export type {
  ExportedSpan,
  ExportOutcome,
  ExportRecord,
  InMemoryExporter,
  InMemoryExporterOptions,
} from './exporter.ts'
export { startLambda } from './sandbox/lambda.ts'
export type { EntryKind, LogLine, SandboxEntry, SandboxEvents } from './sandbox/journal-types.ts'
export type {
  Disconnect,
  FreezeRecord,
  InvokeOptions,
  LambdaError,
  LambdaOptions,
  LambdaResult,
  LambdaSandbox,
  RegistrationRefusal,
  ResponseChunk,
  RuntimeCommand,
} from './sandbox/types.ts'
export type {
  CollectedAttributes,
  CollectedEvent,
  CollectedLink,
  CollectedLog,
  CollectedMetric,
  CollectedPoint,
  CollectedScope,
  CollectedSpan,
  CollectedSpanKind,
  Decoded,
  Origin,
  Signal,
} from './telemetry.ts'
