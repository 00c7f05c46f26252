/** Makes a function that calls `make` once for each `key`, and remembers the result for as long as the key exists. */
export function remembered<K extends object, A extends unknown[], V>(make: (key: K, ...more: A) => V): (key: K, ...more: A) => V {
  const known = new WeakMap<K, V>()
  return (key, ...more) => {
    let value = known.get(key)
    if (value === undefined) known.set(key, (value = make(key, ...more)))
    return value
  }
}
