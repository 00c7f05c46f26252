/** The requests to a Nest application, and its answers. */

/** The parts of a response that our decorators must not change. */
export interface Answered {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string
}

type Init = Omit<RequestInit, 'headers'> & { readonly headers?: Record<string, string> }

const json = (body: unknown, headers: Record<string, string> = {}): Init => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...headers },
})

/** The path and the options of each request, by what it tries. */
export const requests: Readonly<Record<string, readonly [path: string, init?: Init]>> = {
  'a query that is transformed': ['/orders?page=2&more=1', { headers: { 'x-shop': 'books' } }],
  'a query that is not valid': ['/orders?page=zero'],
  'no query': ['/orders'],
  'a guarded route, let in': ['/orders/21', { headers: { 'x-role': 'reader', 'x-user': 'ada' } }],
  'a guarded route, without a role': ['/orders/21'],
  'a guarded route, with another role': ['/orders/21', { headers: { 'x-role': 'writer' } }],
  'a parameter that a pipe refuses': ['/orders/one', { headers: { 'x-role': 'reader' } }],
  'a guarded body, let in': ['/orders', json({ title: 'a book', count: 3 }, { 'x-role': 'writer' })],
  'a guarded body, without a role': ['/orders', json({ title: 'a book', count: 3 })],
  'a body that is not valid': ['/orders', json({ title: 'a', count: 10, extra: true }, { 'x-role': 'writer' })],
  'a redirect': ['/orders/1/receipt'],
  'a redirect that the handler decides': ['/orders/7/receipt'],
  'a response of the handler’s own': ['/orders/7/raw'],
  'an exception with a filter': ['/orders/tea/pot'],
  'an exception without a filter': ['/orders/tea/cup'],
  'a version that is an observable': ['/orders/all/status', { headers: { 'x-version': '2' } }],
  'another version': ['/orders/all/status', { headers: { 'x-version': '1' } }],
  'server-sent events': ['/orders/all/events', { headers: { accept: 'text/event-stream' } }],
  'a route that there is not': ['/orders/21/nothing'],
}

const VARYING = new Set(['date', 'connection', 'keep-alive', 'transfer-encoding'])

export async function answer(port: number, [path, init]: readonly [path: string, init?: Init]): Promise<Answered> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init })
  const headers = Object.fromEntries([...response.headers].filter(([name]) => !VARYING.has(name)))
  return { status: response.status, headers, body: await response.text() }
}

/** Sends all requests, one after the other. */
export async function answerAll(port: number): Promise<Record<string, Answered>> {
  const answers: Record<string, Answered> = {}
  for (const [what, request] of Object.entries(requests)) answers[what] = await answer(port, request)
  return answers
}
