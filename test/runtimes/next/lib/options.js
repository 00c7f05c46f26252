import { telemetry } from './telemetry'

/** What routes are wrapped with. Reports go to the log, for the tests to read. */
export const options = { telemetry, onFlush: (report) => console.log(`report ${JSON.stringify(report)}`) }
