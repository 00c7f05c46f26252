import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'
import { defineConfig } from 'vitest/config'
import { retried } from './support/retried.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Resolves the package, under the names that users import, to its sources. */
const sources = [
  { find: /^flushed$/, replacement: here('../src/index.ts') },
  { find: /^flushed\/otel$/, replacement: here('../src/otel/index.ts') },
  { find: /^flushed\/lambda$/, replacement: here('../src/platforms/lambda/index.ts') },
  { find: /^flushed\/middy$/, replacement: here('../src/platforms/middy/index.ts') },
  { find: /^flushed\/workers$/, replacement: here('../src/platforms/workers/index.ts') },
  { find: /^flushed\/edge$/, replacement: here('../src/platforms/edge/index.ts') },
  { find: /^flushed\/next$/, replacement: here('../src/platforms/next/index.ts') },
  { find: /^flushed\/decorators$/, replacement: here('../src/decorators/index.ts') },
  { find: /^flushed\/node$/, replacement: here('../src/platforms/node/index.ts') },
  { find: /^flushed\/express$/, replacement: here('../src/platforms/express/index.ts') },
  { find: /^flushed\/fastify$/, replacement: here('../src/platforms/fastify/index.ts') },
  { find: /^flushed\/hono$/, replacement: here('../src/platforms/hono/index.ts') },
  { find: /^flushed\/testing$/, replacement: here('../src/testing/index.ts') },
]

const middy = { find: /^@middy\//, replacement: here('runtimes/middy/node_modules/@middy/') }

const edge = [
  { find: /^@edge-runtime\/vm$/, replacement: here('runtimes/edge/node_modules/@edge-runtime/vm/dist/index.js') },
  { find: /^h3$/, replacement: here('runtimes/edge/node_modules/h3/dist/_entries/generic.mjs') },
]

/** The frameworks of Node servers. */
const servers = ['express', 'express4', 'fastify', '@fastify/express'].map((name) => ({
  find: new RegExp(`^${name}$`),
  replacement: here(`runtimes/servers/node_modules/${name}`),
}))
const fastCheck = { find: /^fast-check$/, replacement: here('runtimes/properties/node_modules/fast-check/lib/fast-check.js') }

const sdk2 = (path: string) => here(`runtimes/sdk2/${path}`)

const decorated = 'test/decorators/**/*.test.ts'
const legacyOnly = 'test/decorators/legacy/*.test.ts'

/** Compiles tests with decorators: Vite itself compiles only the legacy kind, and leaves standard decorators as they are. */
const decorators = (experimentalDecorators: boolean) => ({
  name: 'decorators',
  enforce: 'pre' as const,
  transform: (code: string, id: string) =>
    /test\/decorators\/.*\.test\.ts$/.test(id)
      ? transform(code, { loader: 'ts', target: 'es2022', sourcemap: true, sourcefile: id, tsconfigRaw: { compilerOptions: { experimentalDecorators } } })
      : undefined,
})

const backToBack = 'test/**/back-to-back.test.ts'

/** The tests that measure a response in milliseconds, on the real runtime clients. */
const clocked = [
  'test/guarantees/{G2-delivered,G3-bounded,G4-transparent}/{extension,lambda}.test.ts',
  'test/guarantees/G2-delivered/never-settles.test.ts',
  'test/platforms/lambda/{connections,signals,streaming-client,extension/styles}.test.ts',
  'test/decorators/lambda.test.ts',
  'test/examples/functions.test.ts',
]

/** The aliases that most tests need. */
const resolve = { alias: [...sources, middy, ...edge, fastCheck, ...servers, { find: '#sdk', replacement: here('support/sdk3.ts') }] }

export default defineConfig({
  root: here('..'),
  test: {
    testTimeout: 40_000,
    // Most tests wait for a slow collector in another process, so more of them than there are cores can run at once.
    maxWorkers: 3,
    // Tests run real processes and measure real milliseconds, so a busy machine may hold up any of them. A test is tried again at most
    // twice. The reporter names the tests that passed only then.
    retry: process.env['CI'] ? 2 : 0,
    reporters: ['default', retried],
    projects: [
      {
        // Runs all tests of a file at once, and no other project beside them.
        extends: true,
        resolve: { alias: sources },
        test: { name: 'back to back', include: [backToBack], maxConcurrency: 20, fileParallelism: false },
      },
      {
        extends: true,
        resolve,
        plugins: [decorators(false)],
        test: { name: 'sdk 3.x', include: ['test/**/*.test.ts'], exclude: [backToBack, ...clocked, legacyOnly, '**/node_modules/**'] },
      },
      {
        // Runs one file at a time, and no other project beside it.
        extends: true,
        resolve,
        plugins: [decorators(false)],
        test: { name: 'one at a time', include: clocked, fileParallelism: false },
      },
      {
        // Runs the tests of decorators once more, with the decorators of `experimentalDecorators`.
        extends: true,
        resolve: { alias: [...sources, { find: '#sdk', replacement: here('support/sdk3.ts') }] },
        plugins: [decorators(true)],
        test: { name: 'legacy decorators', include: [decorated], exclude: ['test/decorators/{standard,workers,lambda}.test.ts'] },
      },
      {
        // Runs the tests that depend on OpenTelemetry's SDK once more, with version 2.x and its API package.
        extends: true,
        resolve: {
          alias: [
            ...sources,
            { find: '#sdk', replacement: sdk2('sdk.mjs') },
            { find: /^@opentelemetry\/api$/, replacement: sdk2('node_modules/@opentelemetry/api/build/src/index.js') },
          ],
        },
        test: { name: 'sdk 2.x', include: ['test/guarantees/*/lifecycle*.test.ts', 'test/otel/**/*.test.ts'] },
      },
    ],
  },
})
