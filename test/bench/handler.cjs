// The instrumentation patches a module as it is loaded, and needs one of its own for that: CommonJS, since ES modules
// are patched only in a process started with a loader.
exports.handler = require('./workload.mjs').handler
