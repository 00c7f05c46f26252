/** Reports go to the log, for the tests to read. */
export const options = { onFlush: (report) => console.log(`report ${JSON.stringify(report)}`) }
