import { telemetry } from './telemetry'

/** The options of every wrap. Reports go to the log, where the tests read them. */
export const options = { telemetry, onFlush: (report) => console.log(`report ${JSON.stringify(report)}`) }
