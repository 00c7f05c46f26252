// Runs the compiled suite in workerd, once for each request: without `reflect-metadata`, or with it if the request says so.
import { run } from 'suite'

export default {
  async fetch(request) {
    const facts = await request.json()
    if (facts.reflect) await import('reflect-metadata')
    return Response.json(await run(facts))
  },
}
