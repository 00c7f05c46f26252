// What is written for Node requires its modules: CommonJS finds a `require` where wrangler puts one.
import { createRequire } from 'node:module'

export const require = createRequire('/')
globalThis.require = require
