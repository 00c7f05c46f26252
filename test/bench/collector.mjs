/** A collector that acknowledges whatever it is sent. In a process of its own: its work must not count as anybody's. */
import { createServer } from 'node:http'

const server = createServer((request, response) => {
  request.resume().once('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'))
})
// A connection that is idle while another contestant has its turn must not be closed under it.
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => process.send?.(server.address().port))
process.on('disconnect', () => process.exit())
