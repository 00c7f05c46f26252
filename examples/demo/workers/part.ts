/** The Workers part. */
import { fileURLToPath } from 'node:url'
import { install } from '../../../test/support/install.mjs'
import type { Part } from '../part.ts'
import { requestsPart } from '../requests/part.ts'
import { workers } from './host.ts'

const packages = fileURLToPath(new URL('../../../test/runtimes/workers', import.meta.url))

/** @param owner closes whatever was started */
export const workersPart = (owner: AsyncDisposableStack): Part =>
  requestsPart(
    {
      title: 'Cloudflare Workers',
      needs: 'Miniflare and the real workerd (installed on first use)',
      async prepare(log) {
        await install(packages, () => log('npm ci …'))
        return workers()
      },
    },
    owner,
  )
