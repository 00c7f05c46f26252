/** The function without telemetry. */
export const handler = async () => ({ done: true })
