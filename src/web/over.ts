/**
 * An object that has its own properties, for whoever copies those, and everything else of another object. The members of a `Request`
 * or a `Response` are on its prototype: a copy of its own properties would have none of them.
 */
export const over = <T extends object>(other: T, own: Partial<T>): T =>
  new Proxy(own, { get: (_, key) => (key in own ? own : other)[key as keyof T] }) as T
