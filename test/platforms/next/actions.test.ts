/** Server actions in a real application, which Next builds with the package as users get it, and starts. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type NextApp, startNext } from '../../support/next.ts'

let app: NextApp
let page: string

beforeAll(async () => {
  app = await startNext()
  page = (await app.request('/form')).text
  // Contexts are carried through code only from the very first request on.
  await submit('cancel', { item: 'books' })
}, 300_000)
afterAll(() => app[Symbol.asyncDispose]())

/** Submits a form as a browser without JavaScript does. */
function submit(form: string, fields: Record<string, string> = {}) {
  const [, action = ''] = new RegExp(`<form id="${form}".*?name="(\\$ACTION_ID_\\w+)"`).exec(page) ?? []
  const body = new FormData()
  for (const [name, value] of Object.entries({ [action]: '', ...fields })) body.set(name, value)
  return app.request('/form', { method: 'POST', body })
}

test('in a real Next, an action that redirects does so; its spans are delivered, and none has an error', async () => {
  app.collector.behave({ delayMs: 1000 })
  const answer = await submit('order', { item: 'books' })
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/form?ordered'])
  expect(app.collector.acknowledged(answer.traceId)).toEqual([])
  const spans = await app.spans(answer, 'order')
  const root = spans.find(({ name }) => name === 'order')
  expect(root).toMatchObject({ kind: 'internal', status: { code: 'unset' }, events: [] })
  expect(spans.find(({ name }) => name === 'INSERT books')?.parentSpanId).toBe(root?.spanId)
  app.collector.behave('ok')
})

test('in a real Next, an action may be called with an argument that React refuses to have read, such as a click event', async () => {
  const [, order = ''] = /<form id="order".*?name="\$ACTION_ID_(\w+)"/.exec(page) ?? []
  expect(order).not.toBe('')
  const answer = await app.request('/form', { method: 'POST', headers: { 'next-action': order, 'content-type': 'text/plain' }, body: '["$T"]' })
  expect((await app.spans(answer, 'order')).find(({ name }) => name === 'order')).toMatchObject({ kind: 'internal', status: { code: 'error' } })
  expect(app.logs()).not.toMatch(/(opening the invocation|reading the result) failed/)
})

test('in a real Next, an inline action may call a wrapped function', async () => {
  const answer = await submit('cancel', { item: 'books' })
  expect(answer.status).toBe(200)
  expect((await app.spans(answer, 'cancel')).find(({ name }) => name === 'cancel')?.status).toEqual({ code: 'unset' })
})

test('in a real Next, an action that throws is answered with 500; Next logs the error, and its span has it', async () => {
  const answer = await submit('fail')
  expect(answer.status).toBe(500)
  expect(app.logs()).toContain('RangeError: out of stock')
  const spans = await app.spans(answer, 'fail')
  expect(spans.find(({ name }) => name === 'fail')).toMatchObject({
    attributes: { 'error.type': 'RangeError' },
    status: { code: 'error', message: 'out of stock' },
  })
})

test('in a real Next, React refuses a wrapped inline action, rather than bypass the wrapper', async () => {
  const answer = await app.request('/inline')
  expect(answer.status).toBe(500)
  expect(app.logs()).toContain('Functions cannot be passed directly to Client Components')
})
