/** Query parameters that are credentials wherever they occur (URL registry, `url.query`); names are case-sensitive. */
const SECRETS = /^(AWSAccessKeyId|Signature|sig|X-Goog-Signature|X-Amz-(Signature|Credential|Security-Token))$/

/** A query string as it may be recorded: credentials are replaced by `REDACTED`, and their names kept. */
export const redacted = (query: string): string =>
  // A parameter without a value matches too: a pattern that fails at the end of a name would be tried at each of its letters.
  query.replace(/([^&=]*)(=?)[^&]*/g, (pair, name, equals) => (equals && SECRETS.test(decoded(name)) ? `${name}=REDACTED` : pair))

/** Decodes a part of a URL, so that an escaped letter in the name does not hide a secret. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
