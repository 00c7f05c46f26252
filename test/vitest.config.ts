import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const src = (path: string) => fileURLToPath(new URL(`../src/${path}`, import.meta.url))

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  resolve: {
    alias: [
      { find: /^flushed$/, replacement: src('index.ts') },
      { find: /^flushed\/otel$/, replacement: src('otel/index.ts') },
      { find: /^flushed\/lambda$/, replacement: src('platforms/lambda/index.ts') },
      { find: /^flushed\/testing$/, replacement: src('testing/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
  },
})
