/** Query parameters that are credentials wherever they occur (URL registry, `url.query`); names match by case. */
const SECRETS = /^(AWSAccessKeyId|Signature|sig|X-Goog-Signature|X-Amz-(Signature|Credential|Security-Token))$/

/** A query string as it may be recorded: credentials are replaced by `REDACTED`, and their names kept. */
export const redacted = (query: string): string =>
  // Matches what has no value too: a pattern that fails at the end of a name would be tried at each of its letters.
  query.replace(/([^&=]*)(=?)[^&]*/g, (pair, name, equals) => (equals && SECRETS.test(decoded(name)) ? `${name}=REDACTED` : pair))

/** A part of a URL without its escapes: a letter that is one must not smuggle a secret past its name. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
