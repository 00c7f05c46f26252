/**
 * `flushed/node`.
 *
 * @module
 */
export {}
