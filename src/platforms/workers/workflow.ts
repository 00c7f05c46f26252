/**
 * Workflows: a run is an invocation, and so is each step that it executes, and what undoes one.
 *
 * A run may be stopped without a word while it sleeps, and is begun again later, maybe elsewhere, with the results of the
 * steps that are done. So a step is sent when it is over, whatever becomes of its run.
 *
 * @module
 */
import { ROOT_CONTEXT, SpanKind, context, trace } from '@opentelemetry/api'
import type { InvocationState } from '../../core/invocation.ts'
import type { AnyFunction } from '../../core/layer.ts'
import { type Wrap, invoke } from '../../core/lifecycle.ts'
import { read } from '../../core/reading.ts'
import type { Description, Platform } from '../../core/platform.ts'
import { touch } from '../../web/scope.ts'
import { type Settings, workers } from './platform.ts'
import type { WorkerContext, WorkflowEventLike, WorkflowStepLike } from './types.ts'

/** Describes a run by its class and what it is told of itself. */
export function describeRun(description: Description, name: string, [event]: readonly unknown[]): void {
  const { workflowName, instanceId } = event as WorkflowEventLike
  description.name = name
  description.attributes['cloudflare.workflow.name'] = workflowName
  description.attributes['cloudflare.workflow.instance_id'] = instanceId
}

/**
 * Has each step that is executed become a child of its run.
 *
 * @returns tells how many were not executed, since their results were known already
 */
export function followSteps(args: readonly unknown[], run: InvocationState, found: Settings, ctx: WorkerContext | undefined): () => number {
  const step = args[1] as WorkflowStepLike
  const original = step.do
  // Not by the promise of a step: one that is looked at has its rejection handled, as far as the runtime can see.
  const known = new Set<unknown>()
  // In its place, so that it still is something which can be passed on by RPC.
  step.do = (name, ...more) => {
    known.add(more)
    // Without its invocation, to which the step does not belong.
    const parent = trace.setSpanContext(ROOT_CONTEXT, (trace.getSpan(context.active()) ?? run.root).spanContext())
    // The run's own name and attributes are not its steps'.
    const config = { ...found.config, name: undefined, attributes: undefined }
    const traced = (name: string, work: AnyFunction, begun?: () => void) => {
      const platform: Platform = {
        ...workers('', found, ctx),
        describe: () => ({ name, kind: SpanKind.INTERNAL, attributes: {}, links: [], parent }),
      }
      return (...passed: unknown[]) => {
        begun?.()
        touch(run)
        return context.with(parent, () => invoke({ config, platform } as unknown as Wrap, work, undefined, passed))
      }
    }
    // A step's work, or options with what is to be done should the run fail; those of retries are neither.
    const followed = (given: unknown) => {
      if (typeof given === 'function') return traced(name, given as AnyFunction, () => known.delete(more))
      const rollback = read(given, 'rollback')
      return typeof rollback === 'function' ? { ...(given as object), rollback: traced(`rollback ${name}`, rollback as AnyFunction) } : given
    }
    return Reflect.apply(original, step, [name, ...more.map(followed)]) as PromiseLike<unknown>
  }
  return () => known.size
}
