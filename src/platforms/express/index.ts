/**
 * `flushed/express`.
 *
 * @module
 */
export {}
