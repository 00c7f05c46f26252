// Registered by both copies of the package: CommonJS and ESM.
require('flushed/lambda/register')
require('flushed/lambda/register/shutdown-only')
const registered = import('flushed/lambda/register')
exports.handler = async (event, context) => {
  await registered
  return (await import('./extension.mjs')).handler(event, context)
}
