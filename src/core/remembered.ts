/** A function that is called once for each of its arguments, and remembers what it came to for as long as they are there. */
export function remembered<K extends object, A extends unknown[], V>(make: (key: K, ...more: A) => V): (key: K, ...more: A) => V {
  const known = new WeakMap<K, V>()
  return (key, ...more) => {
    let value = known.get(key)
    if (value === undefined) known.set(key, (value = make(key, ...more)))
    return value
  }
}
