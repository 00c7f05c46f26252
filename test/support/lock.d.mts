/** See lock.mjs. */
export function locked<T>(file: string, work: () => Promise<T>): Promise<T>
