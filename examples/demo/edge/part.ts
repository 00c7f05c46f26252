/** The edge part. */
import { fileURLToPath } from 'node:url'
import { install } from '../../../test/support/install.mjs'
import type { Part } from '../part.ts'
import { requestsPart } from '../requests/part.ts'
import { edge } from './host.ts'

const packages = fileURLToPath(new URL('../../../test/runtimes/edge/', import.meta.url))

/** @param owner closes whatever was started */
export const edgePart = (owner: AsyncDisposableStack): Part =>
  requestsPart(
    {
      title: 'Edge functions',
      needs: 'the virtual machine of edge functions (installed on first use)',
      async prepare(log) {
        await install(packages, () => log('npm ci …'))
        return edge(packages)
      },
    },
    owner,
  )
