/** How many requests travel at once: quick, and no burden on the vault. */
const AT_ONCE = 4

/** Does something for each of `items`, a few at a time; answers what was thrown, by item. What fails stops nothing else. */
export async function forEachParallel<T>(items: readonly T[], action: (item: T) => Promise<unknown>): Promise<Map<T, unknown>> {
  const thrown = new Map<T, unknown>()
  const rest = [...items]
  async function work() {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) {
      try {
        await action(item)
      } catch (problem) {
        thrown.set(item, problem)
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return thrown
}
