// The compiled suite in workerd: without `reflect-metadata`, then with it, at the requests that say so.
import { run } from 'suite'

export default {
  async fetch(request) {
    const facts = await request.json()
    if (facts.reflect) await import('reflect-metadata')
    return Response.json(await run(facts))
  },
}
