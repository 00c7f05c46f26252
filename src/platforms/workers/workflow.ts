/**
 * Workflows: a run is an invocation, and so is each step that it executes, and each rollback of a step.
 *
 * The runtime may stop a run without notice while it sleeps, and begins it again later, maybe elsewhere, with the results of the
 * steps that are done. So what a step records is sent when the step is over, whatever becomes of its run.
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

/** Describes a run by its class, and by what the run is told about itself. */
export function describeRun(description: Description, name: string, [event]: readonly unknown[]): void {
  const { workflowName, instanceId } = event as WorkflowEventLike
  description.name = name
  description.attributes['cloudflare.workflow.name'] = workflowName
  description.attributes['cloudflare.workflow.instance_id'] = instanceId
}

/**
 * Makes each step that is executed a child of its run.
 *
 * @returns a function that returns how many steps were not executed, because their results were already known
 */
export function followSteps(args: readonly unknown[], run: InvocationState, found: Settings, ctx: WorkerContext | undefined): () => number {
  const step = args[1] as WorkflowStepLike
  const original = step.do
  // Not by the promise of a step: looking at a promise handles its rejection, as far as the runtime can see.
  const known = new Set<unknown>()
  // Replaced in place, so that the step object can still be passed on by RPC.
  step.do = (name, ...more) => {
    known.add(more)
    // A context without the run's invocation: the step does not belong to that.
    const parent = trace.setSpanContext(ROOT_CONTEXT, (trace.getSpan(context.active()) ?? run.root).spanContext())
    // The run's own name and attributes are not those of its steps.
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
    // Wraps a step's work, and the `rollback` in its options, which undoes the step if the run fails. Leaves anything else alone.
    const followed = (given: unknown) => {
      if (typeof given === 'function') return traced(name, given as AnyFunction, () => known.delete(more))
      const rollback = read(given, 'rollback')
      return typeof rollback === 'function' ? { ...(given as object), rollback: traced(`rollback ${name}`, rollback as AnyFunction) } : given
    }
    return Reflect.apply(original, step, [name, ...more.map(followed)]) as PromiseLike<unknown>
  }
  return () => known.size
}
