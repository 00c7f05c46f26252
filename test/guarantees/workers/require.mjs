// Code that is written for Node requires Node's modules. CommonJS finds this `require` where wrangler puts one.
import { createRequire } from 'node:module'

export const require = createRequire('/')
globalThis.require = require
