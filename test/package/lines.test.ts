/** Specifies that docs/troubleshooting.md explains every line that `flushed` writes to a log. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const page = read('docs/troubleshooting.md')

/** The longest constant part of a template literal, or all of a string. */
const constant = (literal: string) =>
  literal
    .split(/\$\{(?:[^{}]|\{[^}]*\})*\}/)
    .map((part) => part.replaceAll('\\', '').trim())
    .toSorted((one, other) => other.length - one.length)[0] as string

const sources = execFileSync('git', ['ls-files', 'src'], { cwd: root, encoding: 'utf8' }).trim().split('\n')
// With `flushed: ` before them, or as the last argument of `remark`, which writes that itself.
const LINES = [/(['"`])flushed: ((?:\\.|(?!\1).)+)\1/g, /\bremark\(\w+, '\w+', (['"`])((?:\\.|(?!\1).)+)\1/g]
const literals = sources
  .filter((file) => !file.startsWith('src/testing/'))
  .flatMap((file) => LINES.flatMap((line) => [...read(file).matchAll(line)].map(([, , text]) => text as string)))
const lines = new Set(literals.map(constant))

test('the check finds the log lines in the sources', () => {
  expect([...lines]).toContain('no spans reach `otel()` as they start: is its `spanProcessor` one of the tracer provider?')
  expect(lines.size).toBeGreaterThan(15)
})

test.each([...lines])('“%s” is explained', (line) => {
  expect(page.includes(line)).toBe(true)
})

// The parts of a flush's line, and the reasons why a flush comes before the response, do not begin with `flushed: `.
test.each([
  ['src/core/report.ts', ['lost', 'not acknowledged in time', 'kept for the next flush', 'recorded after the flush of their invocation']],
  ['src/core/finish.ts', ['background work was not over in time', 'a span outside the wrap is still open: flushed is not the outermost wrapper']],
  ['src/core/errors.ts', ['the handler had not settled shortly before its timeout', 'before the handler had settled']],
  ['src/platforms/lambda/extension/lifetime.ts', ['the extension is registered for shutdown only', 'the sandbox is not held for this invocation', 'no extension is registered']],
  ['src/platforms/lambda/extension/register.ts', ['registration was not answered within', 'AWS_LAMBDA_RUNTIME_API is not set']],
  ['src/server/lifetime.ts', ['runs on ', 'AWS Lambda, which may freeze it before a flush is over: ', 'wrap the function as well, ', "`import 'flushed/lambda/register'` before everything else"]],
  ['src/server/options.ts', ['Cloudflare Workers, which may stop it before a flush is over: wrap the whole, `withTelemetry(httpServerHandler({ port }))` of \'flushed/workers\'']],
  ['src/web/wait-until.ts', ['no argument of the handler has `waitUntil`']],
])('what %s adds to a line is explained', (file, sayings) => {
  for (const saying of sayings) {
    expect(read(file).includes(saying), saying).toBe(true)
    expect(page.includes(saying), saying).toBe(true)
  }
})
