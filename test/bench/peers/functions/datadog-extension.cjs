// Datadog's libraries ask the file system whether its extension is there. Its layer is not; its endpoints are.
const fs = require('node:fs')

const EXTENSION = '/opt/extensions/datadog-agent'
const { existsSync } = fs
const { access } = fs.promises

fs.existsSync = (path) => path === EXTENSION || existsSync(path)
fs.promises.access = async (path, mode) => (path === EXTENSION ? undefined : access(path, mode))
