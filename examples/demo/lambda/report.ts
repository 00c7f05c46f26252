/**
 * What the demo prints about the Lambda function. Results in, lines out.
 *
 * @module
 */
import { added, share } from '../cells.ts'
import { padEnd, style, whole, wrap } from '../style.ts'
import type { Look } from '../style.ts'
import { renderTable } from '../table.ts'
import type { Cell } from '../table.ts'
import type { Trace } from '../trace.ts'
import { renderWaterfall, scaleOf } from '../waterfall.ts'
import { answerMs, batchSize, ours, titles } from './functions.ts'
import type { PeerId } from './functions.ts'
import type { PeerResult, Results } from './results.ts'

/** What the functions run on. */
export interface Runtime {
  readonly real: boolean
  readonly version: string
  readonly reason?: string
}

/** What ran here. */
export function renderHeader({ real, version, reason }: Runtime, nodeVersion: string, look: Look): string[] {
  const { bad, dim } = style(look)
  const facts = [
    `${version}${real ? ' (the real runtime client)' : ''} on Node ${nodeVersion}; function: examples/lambda/orders;`,
    'freeze = SIGSTOP at the moment Lambda freezes',
  ]
  const what = wrap(facts.join(' '), look).map(dim)
  if (real) return what
  const loud = ['NOT THE REAL RUNTIME CLIENT: these are the numbers of a small substitute.', ...(reason ? [reason] : [])]
  return [...loud.flatMap((text) => wrap(text, look, '! ')).map(bad), ...what]
}

/** All results. */
export function renderResults(results: Results, look: Look): string[] {
  const { title } = style(look)
  const sections = [
    [`Acknowledged when the sandbox froze, ${results.requests} requests each`, comparison(results, look)],
    ['The trap of forceFlush(): an export that has started already', trap(results, look)],
    ...pictures(results, look),
  ] as const
  return sections.flatMap(([heading, body]) => ['', title(heading), '', ...body])
}

function comparison(results: Results, look: Look): string[] {
  const { dim } = style(look)
  const { peers, perRequest, bareMs } = results
  const heads = [
    [''],
    ['spans', 'created'],
    ['acknowledged', 'at freeze'],
    ['arrived', 'at all'],
    ['added at', `${answerMs} ms`],
    ['added on', 'a hang'],
  ]
  const open = perRequest.started - perRequest.ended
  const note =
    `${perRequest.started} spans a request, ${open} of them left open by mistake. Added: to the ${bareMs.toFixed(0)} ms of the ` +
    `same function without telemetry (median, warm), by a collector that answers in ${answerMs} ms, and by one that hangs.`
  const fates = peers.flatMap((peer) => [
    ...wrap(fate(peer), look, `  ${padEnd(titles[peer.id], 24)}`),
    ...(peer.hang.log === undefined ? [] : wrap(`Its log then: ${peer.hang.log}`, look, ' '.repeat(26)).map(dim)),
  ])
  return [...renderTable({ heads, rows: peers.map(cells) }, look), '', ...wrap(note, look).map(dim), '', ...fates]
}

function cells({ id, created, acknowledged, delivered, addedMs, hang }: PeerResult): Cell[] {
  return [
    { text: titles[id] },
    { text: whole(created) },
    share(acknowledged, created),
    { text: whole(delivered), tone: delivered >= created ? 'good' : 'warn' },
    { text: added(addedMs) },
    hang.error === undefined ? { text: added(hang.addedMs) } : { text: `✗ ${added(hang.addedMs)}`, tone: 'bad' },
  ]
}

/** What became of everything that was not acknowledged in time. */
function fate(peer: PeerResult): string {
  const { id, created, acknowledged, delivered, hang } = peer
  const late = delivered - acknowledged
  const lost = created - delivered
  const sentences = [
    id === 'after-response' && held(peer),
    late > 0 && `${late} spans arrived late, since further requests woke the sandbox up.`,
    lost > 0 && `${lost} ${lost === 1 ? 'span' : 'spans'} never arrived.`,
    hang.error !== undefined && `On the hang the request itself failed: "${hang.error}", and no 201.`,
    id !== 'naive' && afterHang(hang),
  ]
  return sentences.filter((sentence) => sentence !== false).join(' ')
}

/** What flushing after the response costs: it is not free. */
const held = ({ frozenMs, hang }: PeerResult): string =>
  `The sandbox was held, and is billed, until the flush was over: ${whole(frozenMs)} ms from the request at ${answerMs} ms, ` +
  `${whole(hang.frozenMs)} ms on the hang.`

const afterHang = ({ created, delivered }: PeerResult['hang']): string =>
  delivered === 0
    ? `The ${created} spans of the hang are lost.`
    : `${delivered} of ${created} spans of the hang were kept, and delivered with the next flush.`

function trap({ batches }: Results, look: Look): string[] {
  const text =
    `One big order. Its last span fills the batch (${batchSize}), so that its export starts at once, and forceFlush() finds ` +
    'nothing left to wait for. A timer that fires just before the end does the same to smaller ones.'
  const rows = batches.map(({ id, created, acknowledged }): Cell[] => [
    { text: titles[id] },
    { text: whole(created) },
    { text: whole(acknowledged), tone: acknowledged >= created ? 'good' : 'bad' },
  ])
  const heads = [[''], ['spans', 'created'], ['acknowledged', 'at freeze']]
  return [...wrap(text, look), '', ...renderTable({ heads, rows }, look)]
}

function headingOf(id: PeerId, { exports: [sent], responseMs }: Trace): string {
  if (id === 'naive') return 'The same, naive: answered, then frozen with everything still inside'
  const what = id === 'flushed' ? 'One request with flushed' : 'The same, registered'
  if (sent === undefined) return `${what}: not acknowledged before the freeze`
  const order = sent.endMs > responseMs ? 'answered, then acknowledged' : 'acknowledged, then answered'
  return `${what}: ${order}, then frozen`
}

function pictures({ peers, perRequest }: Results, look: Look): [heading: string, body: string[]][] {
  const { bad, dim, good, warn } = style(look)
  const drawn = ([...ours, 'naive'] as const).flatMap((id) => {
    const trace = peers.find((peer) => peer.id === id)?.trace
    return trace === undefined ? [] : [{ id, trace }]
  })
  const scaleMs = scaleOf(drawn.map(({ trace }) => trace))
  const legend = `  ${good('█')} acknowledged  ${warn('▒')} left open, and acknowledged  ${bad('░')} not acknowledged`
  return drawn.map(({ id, trace }, index) => {
    const missing = perRequest.started - trace.bars.length
    const note = missing > 0 ? [dim(`  Not in the picture: ${missing} span that was left open. Nothing ever sends those.`)] : []
    const last = index === drawn.length - 1 ? ['', legend] : []
    return [headingOf(id, trace), [...renderWaterfall(trace, { ...look, scaleMs }), ...note, ...last]]
  })
}
