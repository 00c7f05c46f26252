export { Checkout, Legacy, Orders, Room, Silent, caller as default } from './classes.mjs'
