/** Loads a function's module, and prints how long after its start the process had done so. */
await import(process.argv[2])
process.stdout.write(String(performance.now()), () => process.exit())
