export default {
  distDir: '.cache/build',
  // Without this, Next takes the repository for the application's workspace, because the repository has a lockfile, too.
  turbopack: { root: import.meta.dirname },
  outputFileTracingRoot: import.meta.dirname,
}
