/** The README's chart: four panels of bars, for both light and dark pages. */

const [WIDTH, PANEL, GAP, PADDING] = [880, 424, 32, 0]
const [ROW, HEADER, LABEL, VALUE] = [21, 52, 164, 62]

const STYLE = `
  text { font: 12px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #57606a }
  .title { font-weight: 600; font-size: 13px; fill: #1f2328 }
  .own { font-weight: 600; fill: #1f2328 }
  .value { text-anchor: start; font-variant-numeric: tabular-nums }
  .label { text-anchor: end }
  .track { fill: #8c959f; opacity: .14 }
  .bar { fill: #8c959f; opacity: .75 }
  .bar.own { fill: #0f8a6d; opacity: 1 }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 }
    .title, .own { fill: #f0f6fc }
    .bar.own { fill: #2dbd96 }
  }`

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/**
 * @typedef {object} Bar
 * @property {string} label
 * @property {number} value
 * @property {string} text the text beside the bar
 * @property {boolean} own
 *
 * @typedef {{ title: string, subtitle: string, bars: Bar[], log?: boolean }} Panel
 */

/** The length of a bar, as a share of the whole. A logarithmic scale starts below the smallest value. */
function scale({ bars, log }) {
  const values = bars.map(({ value }) => Math.max(0, value))
  const most = Math.max(...values)
  if (!log) return (value) => Math.max(0, value) / most
  const least = Math.min(...values) / 2
  return (value) => Math.log(value / least) / Math.log((most * 1.5) / least)
}

function panel(of, x, y) {
  const [start, room] = [LABEL + 10, PANEL - LABEL - 10 - VALUE]
  const share = scale(of)
  const rows = of.bars.map(({ label, value, text, own }, i) => {
    const top = HEADER + i * ROW
    const width = Math.max(2, share(value) * room)
    const kind = own ? ' own' : ''
    // On a logarithmic scale, the length of a bar has no meaning, but a position has.
    const mark = of.log
      ? `<circle class="bar${kind}" cx="${(start + width).toFixed(1)}" cy="${top + 7}" r="5"/>`
      : `<rect class="bar${kind}" x="${start}" y="${top}" width="${width.toFixed(1)}" height="14" rx="3"/>`
    return [
      `<text class="label${kind}" x="${LABEL}" y="${top + 11}">${escape(label)}</text>`,
      `<rect class="track" x="${start}" y="${top}" width="${room}" height="14" rx="3"/>`,
      mark,
      `<text class="value${kind}" x="${start + room + 8}" y="${top + 11}">${escape(text)}</text>`,
    ].join('\n')
  })
  return [
    `<g transform="translate(${x} ${y})">`,
    `<text class="title" x="0" y="14">${escape(of.title)}</text>`,
    `<text x="0" y="32">${escape(of.subtitle)}</text>`,
    ...rows,
    '</g>',
  ].join('\n')
}

/**
 * @param {Panel[]} panels two in a row
 * @param {string} description the alternative text
 * @returns {string} SVG
 */
export function chart(panels, description) {
  const lines = []
  let y = PADDING
  for (let i = 0; i < panels.length; i += 2) {
    const pair = panels.slice(i, i + 2)
    lines.push(...pair.map((of, column) => panel(of, column * (PANEL + GAP), y)))
    y += HEADER + Math.max(...pair.map(({ bars }) => bars.length)) * ROW + GAP
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y - GAP + PADDING}" role="img" aria-label="${escape(description)}">`,
    `<style>${STYLE}\n</style>`,
    ...lines,
    '</svg>\n',
  ].join('\n')
}
