/** Child processes of the benchmark, on the project's own Node: the benchmark itself may be started on an older one. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const own = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url))

/** The Node on which everything is measured. */
export const execPath = existsSync(own) ? own : process.execPath

/**
 * Starts a script of this folder, and waits for its first message. Its output is not a result: some contestants log.
 *
 * @param {string} script
 * @param {string[]} [args]
 * @param {string[]} [execArgv]
 */
export async function start(script, args = [], execArgv = []) {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), args, { execPath, execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  return { child, first: await next(child, `${script} ${args.join(' ')}`) }
}

/**
 * Waits for the next message of a child.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} what its name, for the error if it ends instead
 */
export async function next(child, what) {
  const gone = new AbortController()
  const ended = once(child, 'exit', { signal: gone.signal }).then(([code, signal]) => {
    throw new Error(`${what} ended with ${signal ?? `exit code ${code}`}`)
  })
  try {
    const [message] = await Promise.race([once(child, 'message', { signal: gone.signal }), ended])
    return message
  } finally {
    gone.abort()
    ended.catch(() => {})
  }
}
