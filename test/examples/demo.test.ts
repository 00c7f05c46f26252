/** Specifies how the demo draws its measurements. */
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { renderTable } from '../../examples/demo/table.ts'
import { renderWaterfall } from '../../examples/demo/waterfall.ts'

const bar = (name: string, depth: number, startMs: number, endMs: number, unfinished = false) => ({
  name,
  depth,
  startMs,
  endMs,
  acknowledged: true,
  unfinished,
})

const trace = {
  bars: [bar('POST /orders', 0, 0, 40), bar('charge', 1, 10, 30), bar('left', 1, 20, 40, true)],
  exports: [{ startMs: 41, endMs: 81 }],
  responseMs: 82,
  freezeMs: 90,
}

test('a waterfall shows acknowledgement, response and freeze, in this order, and marks open spans', () => {
  const lines = renderWaterfall(trace, { width: 90, color: false })
  const [left, exported, response] = lines.slice(-4, -1)
  expect(left).toMatch(/left +▒+ left open, ended by flushed/)
  expect(exported).toMatch(/export +┄+✓ +┃ +40\.0 ms/)
  expect(response).toMatch(/response +● +┃$/)
  const freeze = lines.slice(1, -1).map((line) => line.indexOf('┃'))
  expect(new Set(freeze).size).toBe(1)
  expect(lines.at(-1)).toContain('✓ acknowledged 81.0 ms  ● response 82.0 ms  ┃ freeze 90.0 ms')
})

test('spans not acknowledged at the freeze are hollow, and no export is drawn', () => {
  const lost = { ...trace, bars: trace.bars.map((each) => ({ ...each, acknowledged: false })), exports: [] }
  const text = renderWaterfall(lost, { width: 72, color: false }).join('\n')
  expect(text).toContain('░')
  expect(text).not.toMatch(/[█▌✓]/)
})

test('without a freeze, a waterfall draws no freeze line, and draws exports in the order in which they end', () => {
  const { freezeMs: _, ...running } = trace
  // The second one in this list ended first.
  const exports = [{ startMs: 300, endMs: 390 }, ...trace.exports]
  const lines = renderWaterfall({ ...running, exports }, { width: 90, color: false })
  const [first, second, response] = lines.slice(-4, -1)
  expect(first).toMatch(/export +┄+✓ +40\.0 ms$/)
  expect(second).toMatch(/export +┄+✓ +90\.0 ms$/)
  expect(second?.indexOf('✓')).toBeGreaterThan(first?.indexOf('✓') ?? Infinity)
  expect(response).toMatch(/response +●$/)
  expect(lines.join('\n')).not.toContain('┃')
  expect(lines.at(-1)).toContain('✓ acknowledged 81.0 ms  ● response 82.0 ms  ✓ acknowledged 390.0 ms')
})

test.each([64, 72, 80, 100])('no line is wider than %i columns, and colour does not change the text', (width) => {
  const plain = renderWaterfall(trace, { width, color: false })
  for (const line of plain) expect(line.length).toBeLessThanOrEqual(width)
  expect(renderWaterfall(trace, { width, color: true }).map((line) => stripVTControlCharacters(line).trimEnd())).toEqual(plain)
})

test('table columns are as wide as their content, and numbers are right-aligned', () => {
  const table = { heads: [[''], ['spans', 'created']], rows: [[{ text: 'naive' }, { text: '90' }], [{ text: 'flushed' }, { text: '8' }]] }
  expect(renderTable(table, { width: 80, color: false })).toEqual([
    '             spans',
    '           created',
    '  ────────────────',
    '  naive         90',
    '  flushed        8',
  ])
})
