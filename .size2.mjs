import { build } from 'esbuild'; import { gzipSync } from 'node:zlib'
const size = async (contents, show) => { const r = await build({ stdin: { contents, resolveDir: process.cwd(), loader: 'ts' }, bundle: true, minify: true, format: 'esm', target: 'es2022', write: false, metafile: true, external: ['@opentelemetry/api','node:*'], logLevel: 'error', legalComments: 'none' , tsconfigRaw:'{}'})
  if (show) for (const [f, { bytesInOutput }] of Object.entries(Object.values(r.metafile.outputs)[0].inputs).sort((a, b) => b[1].bytesInOutput - a[1].bytesInOutput).filter(([f])=>/decor|web|platf/.test(f))) console.log('   ', bytesInOutput, f)
  return [r.outputFiles[0].contents.length, gzipSync(r.outputFiles[0].contents, {level:9}).length] }
const a = await size(`export { withTelemetry } from './src/index.ts'`), b = await size(`export { withTelemetry } from './src/index.ts'; export {Flushed,Traced,Telemetry} from './src/decorators/index.ts'`, true)
console.log(a, b, b[1]-a[1])
