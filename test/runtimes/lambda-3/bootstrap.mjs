// The client's own entry takes the handler from the command line. On Lambda, the handler is in the environment.
import { run } from 'aws-lambda-ric'

await run(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER)
