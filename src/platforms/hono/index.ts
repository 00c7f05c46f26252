/**
 * `flushed/hono`.
 *
 * @module
 */
export {}
