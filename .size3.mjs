import { build } from 'esbuild'
const r = await build({ stdin: { contents: `export {Flushed,Traced,Telemetry} from './src/decorators/index.ts'`, resolveDir: process.cwd(), loader: 'ts' }, bundle: true, minify: true, format: 'esm', target: 'es2022', write: false, external: ['@opentelemetry/api','../core/*'], logLevel: 'error', tsconfigRaw:'{}'})
console.log(r.outputFiles[0].text)
