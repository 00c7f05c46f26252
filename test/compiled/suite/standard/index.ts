/** The suite for standard decorators. */
import '../shared.js'
import './accessors.js'
import './fields.js'
import './metadata.js'
import './private.js'

export { run } from '../runner.js'
