/** A fake collector that acknowledges everything. It runs in a process of its own, so that its work counts for no contestant. */
import { createServer } from 'node:http'

const server = createServer((request, response) => {
  request.resume().once('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'))
})
// An idle connection must stay open while another contestant has its turn.
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => process.send?.(server.address().port))
process.on('disconnect', () => process.exit())
