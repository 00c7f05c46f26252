/**
 * The address that a proxy has written into `X-Forwarded-For`, without the port that some proxies add, and without the brackets
 * that an IPv6 address then has. `undefined` if the proxy says that it does not know the address.
 *
 * Sources: semantic conventions for HTTP spans, `client.address`; RFC 7239, "Node Identifiers", for what is written.
 */
export const addressOf = (written: string | undefined): string | undefined =>
  // An IPv6 address without brackets has colons of its own: it does not match, and stays whole.
  written?.trim().replace(/^(?:unknown|\[(.*)]|([^:]*))(:\d*)?$/i, '$1$2') || undefined
