import { workers } from './workers/host.ts'
import { Deployment } from './requests/deployment.ts'
import { startShop } from '../workers/shop.ts'
await using owner = new AsyncDisposableStack()
const shop = owner.use(await startShop())
const host = await workers()
const d = await Deployment.start('bare', host, shop.url, owner, 'ok')
for (let i = 0; i < 12; i++) { const r = await d.request(); process.stdout.write(r.responseMs.toFixed(0) + ' ') }
console.log()
for (let i = 0; i < 12; i++) { const t = performance.now(); await (await fetch(shop.url + '/prices/x')).text(); process.stdout.write((performance.now() - t).toFixed(0) + ' ') }
const f = await Deployment.start('flushed', host, shop.url, owner, 'ok')
for (let i = 0; i < 5; i++) { const r = await f.request(); console.log(r.responseMs.toFixed(0)); await f.collector.waitFor(c => c.spans.length >= 10 * (i+1)) }
for (const s of f.collector.spans.slice(-10)) console.log(s.name, Number(s.endTimeUnixNano - s.startTimeUnixNano) / 1e6)
