import { edge } from './edge/host.ts'
import { fileURLToPath } from 'node:url'
import { traffic, hang } from './requests/measure.ts'
import { created } from './requests/created.ts'
import { startShop } from '../workers/shop.ts'
import { summarize } from './requests/results.ts'
import { renderResults, renderHeader } from './requests/report.ts'
await using owner = new AsyncDisposableStack()
const shop = owner.use(await startShop())
const host = edge(fileURLToPath(new URL('../../test/runtimes/edge/', import.meta.url)))
const setting = { host, shop: shop.url, owner, progress: (l: string) => {} }
console.time('traffic'); const t = await traffic(10, setting); console.timeEnd('traffic')
const [all, hangs] = await Promise.all([t.settled(), hang(3, setting)])
const look = { width: 80, color: false }
console.log([...renderHeader(host, look), ...renderResults(summarize(await created(shop.url), all, hangs), look)].join('\n'))
