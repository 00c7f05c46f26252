/** The cases whose source is the same for both kinds of decorators. */
import './context.js'
import './defaults.js'
import './flushed.js'
import './iterators.js'
import './metadata.js'
import './order.js'
import './refusals.js'
import './traced.js'
