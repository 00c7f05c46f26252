/**
 * The demo, from start to exit code.
 *
 * @module
 */
import { writeSync } from 'node:fs'
import { Listr } from 'listr2'
import pc from 'picocolors'
import { edgePart } from './edge/part.ts'
import { DemoError } from './errors.ts'
import { lambda } from './lambda/part.ts'
import type { Part, Report, Step } from './part.ts'
import { type Look, style, wrap } from './style.ts'
import { workersPart } from './workers/part.ts'

/** @returns the exit code */
export async function main(): Promise<number> {
  const terminal = process.stdout.isTTY === true
  const look: Look = {
    width: Math.max(64, Math.min(terminal ? process.stdout.columns : 80, 100)),
    color: terminal && pc.isColorSupported,
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => leave(terminal))
  await using owner = new AsyncDisposableStack()
  try {
    const parts = [lambda(owner), workersPart(owner), edgePart(owner)]
    await measure(parts)
    const reports = []
    for (const part of parts) reports.push({ title: part.title, report: await part.report() })
    const lines = reports.flatMap(({ title, report }) => ['', ...banner(title, look), '', ...report.render(look)])
    const verdicts = reports.flatMap(({ title, report }) => verdict(title, report, look))
    console.log([...lines, '', ...verdicts, '  Read on in README.md.'].join('\n'))
    return reports.every(({ report: { kept } }) => kept) ? 0 : 1
  } catch (error) {
    console.error(['', ...explain(error)].join('\n'))
    return 1
  }
}

// Stopped processes outlive a parent that a signal ends. At an exit, the sandbox kills them.
function leave(terminal: boolean): never {
  // The list of tasks has hidden the cursor, and listens to `process.stdout`.
  if (terminal) writeSync(1, '\u001B[?25h\n')
  process.exit(130)
}

function explain(error: unknown): string[] {
  if (!(error instanceof DemoError)) return [error instanceof Error ? (error.stack ?? error.message) : String(error)]
  const wrote = error.logs.length > 0 ? ['It wrote:', ...error.logs.map((line) => `  | ${line}`)] : ['It wrote nothing.']
  return [`The demo stopped. ${error.message}`, ...wrote]
}

/** Runs the steps of all parts: timed steps one after the other, the rest side by side. */
async function measure(parts: readonly Part[]): Promise<void> {
  const taskOf = (part: Part, { title, run }: Step) => ({
    title: `${part.title}: ${title}`,
    task: (_context: unknown, task: { output: string }) => run((line) => (task.output = line)),
  })
  const steps = [
    ...parts.map((part) => taskOf(part, part.prepare)),
    ...parts.flatMap((part) => part.timed.map((step) => taskOf(part, step))),
    {
      title: 'What mostly waits',
      task: () => new Listr(parts.map((part) => taskOf(part, part.waiting)), { concurrent: true, registerSignalListeners: false }),
    },
  ]
  // Signals are handled above. Errors are reported at the end, with the function's own output.
  const list = new Listr(steps, { concurrent: false, registerSignalListeners: false, rendererOptions: { showErrorMessage: false } })
  await list.run()
}

const banner = (title: string, look: Look): string[] => {
  const { title: bold, dim } = style(look)
  return [`${bold(title)} ${dim('━'.repeat(look.width - title.length - 1))}`]
}

function verdict(title: string, { kept, promise }: Report, look: Look): string[] {
  const { good, bad } = style(look)
  if (kept) return wrap(`${title}, flushed: ${promise}.`, look, '✓ ').map(good)
  return wrap(`${title}, flushed: not ${promise}. That is a bug: please report it with this output.`, look, '✗ ').map(bad)
}
