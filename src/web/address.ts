/**
 * An address as a proxy has written it into `X-Forwarded-For`: without the port that some add, nor the brackets that IPv6 addresses
 * have then. Nothing, where it says that it does not know.
 *
 * Sources: semantic conventions for HTTP spans, `client.address`; RFC 7239, "Node Identifiers", for what is written.
 */
export const addressOf = (written: string | undefined): string | undefined =>
  // The colons of an IPv6 address without brackets are its own: it does not match, and stays whole.
  written?.trim().replace(/^(?:unknown|\[(.*)]|([^:]*))(:\d*)?$/i, '$1$2') || undefined
