import { expect, it } from 'vitest'
import { inParallel } from './parallel'

it('does at most four at a time, and tells which failed', async () => {
  let now = 0
  let most = 0
  const steps: number[] = []
  const { done, failed } = await inParallel(
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
    async (item) => {
      most = Math.max(most, ++now)
      await Promise.resolve()
      now--
      if (item === 3) throw new Error('three')
    },
    { step: (finished) => steps.push(finished) },
  )
  expect(most).toBe(4)
  expect([...done].sort()).toEqual([1, 2, 4, 5, 6, 7, 8, 9])
  expect(failed.map(({ item }) => item)).toEqual([3])
  expect(steps.at(-1)).toBe(9)
})
