/**
 * `flushed/fastify`.
 *
 * @module
 */
export {}
