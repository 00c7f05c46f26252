/** What of Next is used. Declared here, since nobody who has no Next is to install it. */
declare module 'next/server.js' {
  /** Runs `task` once the response has been sent. Throws outside of a request of the app router. */
  export function after(task: PromiseLike<unknown> | (() => unknown)): void
}
