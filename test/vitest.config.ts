import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The package as its users import it, resolved to its sources. */
const sources = [
  { find: /^flushed$/, replacement: here('../src/index.ts') },
  { find: /^flushed\/otel$/, replacement: here('../src/otel/index.ts') },
  { find: /^flushed\/lambda$/, replacement: here('../src/platforms/lambda/index.ts') },
  { find: /^flushed\/middy$/, replacement: here('../src/platforms/middy/index.ts') },
  { find: /^flushed\/testing$/, replacement: here('../src/testing/index.ts') },
]

const middy = { find: /^@middy\//, replacement: here('runtimes/middy/node_modules/@middy/') }

const sdk2 = (path: string) => here(`runtimes/sdk2/${path}`)

export default defineConfig({
  root: here('..'),
  test: {
    testTimeout: 20_000,
    projects: [
      {
        extends: true,
        resolve: { alias: [...sources, middy, { find: '#sdk', replacement: here('support/sdk3.ts') }] },
        test: { name: 'sdk 3.x', include: ['test/**/*.test.ts'] },
      },
      {
        // What concerns OpenTelemetry's SDK, once more with version 2.x and the API package that goes with it.
        extends: true,
        resolve: {
          alias: [
            ...sources,
            { find: '#sdk', replacement: sdk2('sdk.mjs') },
            { find: /^@opentelemetry\/api$/, replacement: sdk2('node_modules/@opentelemetry/api/build/src/index.js') },
          ],
        },
        test: { name: 'sdk 2.x', include: ['test/guarantees/*/lifecycle.test.ts', 'test/otel/**/*.test.ts'] },
      },
    ],
  },
})
