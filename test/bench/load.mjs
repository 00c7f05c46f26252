/** Loads a function's module, and says how long after its start the process was done with that. */
await import(process.argv[2])
process.stdout.write(String(performance.now()), () => process.exit())
