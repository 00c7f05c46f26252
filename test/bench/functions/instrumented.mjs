/** The function itself: it is patched from outside. */
export { orders as handler } from './orders.mjs'
