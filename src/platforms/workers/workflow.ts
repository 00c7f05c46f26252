/**
 * Workflows: a run is an invocation, and so is each step that it executes.
 *
 * A run may be stopped without a word while it sleeps, and is begun again later, maybe elsewhere, with the results of the
 * steps that are done. So a step is sent when it is over, whatever becomes of its run.
 *
 * @module
 */
import { ROOT_CONTEXT, SpanKind, context, trace } from '@opentelemetry/api'
import type { InvocationState } from '../../core/invocation.ts'
import type { AnyFunction } from '../../core/layer.ts'
import { invoke } from '../../core/lifecycle.ts'
import type { Platform } from '../../core/types.ts'
import { type Settings, touch, workers } from './platform.ts'
import type { WorkerContext, WorkflowEventLike, WorkflowStepLike } from './types.ts'

/** What is peculiar to the run of a Workflow. */
export const workflow = (name: string, platform: Platform, found: Settings, ctx: WorkerContext | undefined): Platform => ({
  ...platform,
  describe(args, active) {
    const description = platform.describe(args, active)
    const { workflowName, instanceId } = args[0] as WorkflowEventLike
    description.name = name
    Object.assign(description.attributes, {
      'cloudflare.workflow.name': workflowName,
      'cloudflare.workflow.instance_id': instanceId,
    })
    return description
  },
  begun(args, run) {
    platform.begun?.(args, run)
    follow(args[1] as WorkflowStepLike, run, found, ctx)
  },
})

/** Has each step that is executed become a child of its run; one whose result is known already only counts. */
function follow(step: WorkflowStepLike, run: InvocationState, found: Settings, ctx: WorkerContext | undefined): void {
  const original = step.do
  // The run's own name and attributes are not its steps'.
  const config = { ...found.config, name: undefined, attributes: undefined }
  let replayed = 0
  // In its place, so that it still is something which can be passed on by RPC.
  step.do = (name, ...more) => {
    touch(run)
    // Without its invocation, to which the step does not belong.
    const parent = trace.setSpanContext(ROOT_CONTEXT, (trace.getSpan(context.active()) ?? run.root).spanContext())
    const platform: Platform = {
      ...workers('', found, ctx),
      describe: () => ({ name, kind: SpanKind.INTERNAL, attributes: {}, links: [], parent }),
    }
    let executed = false
    const traced = (given: unknown) =>
      typeof given === 'function'
        ? (...args: unknown[]) => {
            executed = true
            touch(run)
            const wrap = { config, platform: platform as Platform<never> }
            return context.with(parent, () => invoke(wrap, given as AnyFunction, undefined, args))
          }
        : given
    const result = Reflect.apply(original, step, [name, ...more.map(traced)])
    const over = () => {
      if (!executed) run.root.setAttribute('flushed.replayed_steps', ++replayed)
    }
    void result.then(over, over)
    return result
  }
}
