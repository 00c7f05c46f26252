// Datadog's libraries look for its extension in the file system. The layer is not here, but a fake has its endpoints.
const fs = require('node:fs')

const EXTENSION = '/opt/extensions/datadog-agent'
const { existsSync } = fs
const { access } = fs.promises

fs.existsSync = (path) => path === EXTENSION || existsSync(path)
fs.promises.access = async (path, mode) => (path === EXTENSION ? undefined : access(path, mode))
