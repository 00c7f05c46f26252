import { span, withTelemetry } from 'flushed/next'
import { options } from '../../../lib/telemetry'

export const GET = withTelemetry(async () => {
  const text = new TextEncoder()
  let lines = 0
  const body = new ReadableStream({
    async pull(controller) {
      if (lines === 3) return controller.close()
      await new Promise((resolve) => setTimeout(resolve, 50))
      controller.enqueue(text.encode(`line ${++lines}\n`))
    },
  })
  using _ = span('open stream')
  return new Response(body)
}, options)
