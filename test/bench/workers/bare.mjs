/** No telemetry. */
export default { fetch: () => new Response('done') }
