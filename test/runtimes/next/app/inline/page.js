import { withTelemetry } from 'flushed/next'

export const dynamic = 'force-dynamic'

export default function Page() {
  // Wrong on purpose: the inner function would become the action, and the wrap around it would never be called.
  const action = withTelemetry(async () => {
    'use server'
  })
  return <form action={action} />
}
