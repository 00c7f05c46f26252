/** A function that loads nothing. */
export const handler = async () => ({ done: true })
