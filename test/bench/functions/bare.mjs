/** No telemetry: what there was to do for the function itself. */
export const handler = async () => ({ done: true })
