/** Makes one contestant's handler, with the repository's OpenTelemetry or, in a process without that, with a vendor's. */
import { isVendor } from './names.mjs'

/**
 * @typedef {object} Entry
 * @property {import('./setup.mjs').Mode} mode
 * @property {string} url of the collector, for contestants with an exporter of their own
 * @property {object} exporter for all other contestants
 *
 * @typedef {(event: object, context: object) => Promise<unknown>} Handler
 * @typedef {(entry: Entry) => Handler | Promise<Handler>} Create
 */

/**
 * @param {string} name
 * @param {import('./setup.mjs').Mode} mode
 * @param {string} url
 * @returns {Promise<Handler>}
 */
export async function make(name, mode, url) {
  if (isVendor(name)) return (await import(`./peers/contestants/${name}.mjs`)).create({ mode, url })
  const { exporterFor } = await import('./setup.mjs')
  const { create } = await import(`./contestants/${name}.mjs`)
  return create({ mode, url, exporter: exporterFor(mode, url) })
}
