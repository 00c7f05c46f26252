/** See install.mjs. */
export function install(folder: string, announce?: () => void): Promise<void>
