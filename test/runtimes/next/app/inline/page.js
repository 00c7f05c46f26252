import { withTelemetry } from 'flushed/next'

export const dynamic = 'force-dynamic'

export default function Page() {
  // What not to do: the action would be the inner function, and the wrap around it would never be called.
  const action = withTelemetry(async () => {
    'use server'
  })
  return <form action={action} />
}
