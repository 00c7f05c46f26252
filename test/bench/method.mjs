/** How each group is measured, in a few lines. */
export const METHODS = [
  {
    groups: ['noop', 'unsampled', 'collector'],
    text: 'Wraps: each contestant has a process of its own, a new one each round; warm ones take turns, one at a time. Medians of turns, then of rounds. Only ratios within one table mean anything: absolute times are this machine.',
  },
  {
    groups: ['latency', 'freeze'],
    text: 'Responses and freezes: on the real runtime client, in a sandbox that stops the process where Lambda freezes it, each function in front of a backend of its own, five child spans an invocation. Responses are medians of differences to the bare handler, in turns.',
  },
  {
    groups: ['loads'],
    text: 'Loading: fresh processes in turns, from the start of the process until the module was loaded, less the bare function in the same round; medians.',
  },
  {
    groups: ['workers'],
    text: 'Workers: each in a workerd of its own, in front of a backend of its own, five child spans a request; medians of differences to the bare handler, in turns. The heap is that which the inspector tells after collecting garbage.',
  },
  {
    groups: ['servers'],
    text: "Servers: beside OpenTelemetry's batch processor with root spans made by hand, each in a process of its own, 50 connections, a child span a request, in turns of half a second; medians of ratios within a turn.",
  },
  { groups: ['heap'], text: 'Heap: after collecting garbage, before and after, five child spans an invocation, no-op exporter.' },
  {
    groups: ['cold-start'],
    text: 'Cold starts: from the start of the process to the end of init, on the real runtime client; all variants in turns, each round in another order. Added: the median of differences within a round, and their quartiles. Undisturbed: the difference of the lower deciles.',
  },
]
