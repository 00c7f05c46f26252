// The instrumentation patches a module while it is loaded, so the handler needs a module of its own. It is CommonJS, because ES
// modules are patched only in a process that was started with a loader.
exports.handler = require('./workload.mjs').handler
