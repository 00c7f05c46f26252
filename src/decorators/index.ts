/**
 * `flushed/decorators`.
 *
 * @module
 */
export {}
