/** The suite for legacy decorators. */
import '../shared.js'
import './fields.js'
import './metadata.js'
import './parameters.js'

export { run } from '../runner.js'
