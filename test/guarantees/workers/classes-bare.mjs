export { Checkout, Jobs, Legacy, Orders, Room, Silent, caller as default } from './classes.mjs'
