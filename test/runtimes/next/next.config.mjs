export default {
  distDir: '.cache/build',
  // Without it Next takes the repository, which has a lockfile too, for the application's workspace.
  turbopack: { root: import.meta.dirname },
  outputFileTracingRoot: import.meta.dirname,
}
