/** What came of a piece of work done many times. */
export interface Outcome<T> {
  done: T[]
  failed: { item: T; thrown: unknown }[]
}

/** Does `work` for each item, at most `width` at a time; one that fails stops none of the others. */
export async function inParallel<T>(
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
  { width = 4, step = () => {} }: { width?: number; step?: (finished: number) => void } = {},
): Promise<Outcome<T>> {
  const outcome: Outcome<T> = { done: [], failed: [] }
  const waiting = items.values()

  async function runner() {
    // All runners take from the same iterator.
    for (const item of waiting) {
      try {
        await work(item)
        outcome.done.push(item)
      } catch (thrown) {
        outcome.failed.push({ item, thrown })
      }
      step(outcome.done.length + outcome.failed.length)
    }
  }

  await Promise.all(Array.from({ length: Math.min(width, items.length) }, runner))
  return outcome
}
