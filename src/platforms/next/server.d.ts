/** The part of Next that is used. Declared here, so that projects without Next do not have to install it. */
declare module 'next/server.js' {
  /** Runs `task` once the response has been sent. Throws outside a request of the app router. */
  export function after(task: PromiseLike<unknown> | (() => unknown)): void
}
