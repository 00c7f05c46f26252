import 'flushed/lambda/register'
export * from './extension.mjs'
