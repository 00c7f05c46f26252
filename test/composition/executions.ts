/** A fake of the service that stores the state of durable executions. The real SDK talks to it. It knows steps and waits only. */
import { listen, patientServer, readBody, stop } from '../../src/testing/http.ts'

/** What the SDK reports about an operation. */
interface Update {
  readonly Id: string
  readonly Type: string
  readonly Action: 'START' | 'SUCCEED' | 'FAIL'
  readonly Payload?: string
}

const STATUS = { START: 'STARTED', SUCCEED: 'SUCCEEDED', FAIL: 'FAILED' }

export interface Execution extends AsyncDisposable {
  readonly arn: string
  /** Environment variables that point the AWS SDK at this fake in place of Lambda. */
  readonly env: Record<string, string>
  /** The event of the next invocation, with every wait of the execution over. */
  next(): object
}

/** Starts an execution. @param input the input of its handler */
export async function startExecution(input: unknown): Promise<Execution> {
  const arn = 'arn:aws:lambda:us-east-1:123456789012:function:orders:1/durable-execution/order-1/7'
  const now = () => Math.floor(Date.now() / 1000)
  const operations = new Map<string, object>([
    ['input', { Id: 'input', Type: 'EXECUTION', Status: 'STARTED', StartTimestamp: now(), ExecutionDetails: { InputPayload: JSON.stringify(input) } }],
  ])
  let tokens = 0

  function apply({ Action, Payload, ...update }: Update): object {
    const details = update.Type === 'STEP' ? { StepDetails: { Attempt: 1, Result: Payload } } : { WaitDetails: { ScheduledEndTimestamp: now() + 60 } }
    const operation = { StartTimestamp: now(), ...operations.get(update.Id), ...update, ...details, Status: STATUS[Action] }
    operations.set(update.Id, operation)
    return operation
  }

  const server = patientServer((request, response) => {
    void readBody(request).then((body) => {
      const { Updates = [] } = JSON.parse(String(body)) as { Updates?: Update[] }
      const answer = { CheckpointToken: `token ${++tokens}`, NewExecutionState: { Operations: Updates.map(apply) } }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
    }, () => request.destroy())
  })
  const port = await listen(server, 0)
  return {
    arn,
    env: { AWS_ENDPOINT_URL_LAMBDA: `http://127.0.0.1:${port}`, AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'us-east-1' },
    next() {
      for (const [id, operation] of operations) {
        if ('WaitDetails' in operation) operations.set(id, { ...operation, Status: 'SUCCEEDED' })
      }
      return { DurableExecutionArn: arn, CheckpointToken: `token ${++tokens}`, InitialExecutionState: { Operations: [...operations.values()] } }
    },
    [Symbol.asyncDispose]: () => stop(server),
  }
}
