/**
 * What the demo prints about a platform that answers requests. Results in, lines out.
 *
 * @module
 */
import { added, share } from '../cells.ts'
import { type Look, padEnd, style, whole, wrap } from '../style.ts'
import { type Cell, renderTable } from '../table.ts'
import { renderWaterfall } from '../waterfall.ts'
import type { Host } from './host.ts'
import type { PeerResult, Results } from './results.ts'
import { answerMs, titles } from './variants.ts'

/** What ran here. */
export const renderHeader = ({ version, sources, end }: Host, look: Look): string[] =>
  wrap(`${version}; functions: ${sources}; ${end}`, look).map(style(look).dim)

/** All results. */
export function renderResults(results: Results, look: Look): string[] {
  const { title } = style(look)
  const sections = [
    [`Acknowledged at the isolate’s end, ${results.requests} requests each`, comparison(results, look)],
    ...picture(results, look),
  ] as const
  return sections.flatMap(([heading, body]) => ['', title(heading), '', ...body])
}

function comparison({ peers, perRequest, bareMs }: Results, look: Look): string[] {
  const { dim } = style(look)
  const heads = [
    [''],
    ['spans', 'created'],
    ['acknowledged', 'at the end'],
    ['added at', `${answerMs} ms`],
    ['added on', 'a hang'],
    ['after', 'the hang'],
  ]
  const open = perRequest.started - perRequest.ended
  const note =
    `${perRequest.started} spans a request: ${open} of them left open by mistake, and one of an audit in \`waitUntil\`, after the response. ` +
    `Added: to the ${bareMs.toFixed(0)} ms of the same function without telemetry (median, warm), by a collector that answers in ` +
    `${answerMs} ms, and by one that hangs. After the hang: acknowledged, of what further requests to the same isolate created.`
  const fates = peers.flatMap((peer) => [
    ...wrap(fate(peer), look, `  ${padEnd(titles[peer.id], 24)}`),
    ...(peer.hang.log === undefined ? [] : wrap(`Its log then: ${peer.hang.log}`, look, ' '.repeat(26)).map(dim)),
  ])
  return [...renderTable({ heads, rows: peers.map(cells) }, look), '', ...wrap(note, look).map(dim), '', ...fates]
}

const cells = ({ id, created, acknowledged, addedMs, hang }: PeerResult): Cell[] => [
  { text: titles[id] },
  { text: whole(created) },
  share(acknowledged, created),
  { text: added(addedMs) },
  { text: added(hang.addedMs) },
  { text: `${hang.delivered} of ${hang.created}`, tone: hang.delivered >= hang.created ? 'good' : 'bad' },
]

/** What became of everything else. */
function fate({ created, acknowledged, hang }: PeerResult): string {
  const lost = created - acknowledged
  const sentences = [
    lost > 0 && `${whole(lost)} spans were not acknowledged.`,
    hang.kept > 0
      ? `${hang.kept} of ${hang.created} spans of the hang itself were kept, and delivered with a later flush.`
      : `The ${hang.created} spans of the hang itself are lost.`,
  ]
  return sentences.filter((sentence) => sentence !== false).join(' ')
}

function picture({ peers }: Results, look: Look): [heading: string, body: string[]][] {
  const trace = peers.find(({ id }) => id === 'flushed')?.trace
  if (trace === undefined) return []
  const { good, warn, bad } = style(look)
  const legend = `  ${good('█')} acknowledged  ${warn('▒')} left open, and acknowledged  ${bad('░')} not acknowledged`
  return [['One request with flushed: answered, then acknowledged, and so is its audit', [...renderWaterfall(trace, look), '', legend]]]
}
