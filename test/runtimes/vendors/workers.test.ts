/** Specifies the recipes on real workerd, with one client per isolate, shared by all requests, as the SDKs' own documentation does it. */
import { describe, expect, test } from 'vitest'
import { endpoint } from '../../support/endpoint.ts'
import { newest } from '../../support/workers.ts'
import { versioned } from './recipe.ts'

const vendors = ['@sentry/core', 'evlog', 'langfuse', 'langsmith', 'posthog-node'].map((sdk) => [versioned(sdk), sdk] as const)

describe(`on ${newest.title}`, () => {
  test.each(vendors)('%s delivers every event of 43 requests, most of them made 10 at a time', async (_version, VENDOR) => {
    const backend = await endpoint()
    await using worker = await newest.startWorker('vendors.mjs', { bindings: { ENDPOINT: backend.url, VENDOR } })
    let ids = 0
    const order = async () => expect(await (await worker.fetch(`/?id=${ids++}`)).text()).toBe('ordered')
    for (let n = 0; n < 3; n++) await order()
    for (let n = 0; n < 4; n++) await Promise.all(Array.from({ length: 10 }, order))
    for (const { warnings, outcome } of await worker.reported(43)) expect([outcome, ...warnings]).toEqual(['delivered'])
    const arrived = new Set([...backend.text.matchAll(/<order (\d+)>/g)].map(([, id]) => Number(id)))
    expect([...arrived].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 43 }, (_, id) => id))
  })
})
