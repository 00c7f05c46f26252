import 'flushed/lambda/register/shutdown-only'
export * from './extension.mjs'
