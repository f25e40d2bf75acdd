import { api, ask } from '@/api/client'
import { Problem } from '@/api/problem'
import type { Stats } from '@/api/types'
import { soon } from '@/lib/soon'
import { defineStore } from 'pinia'
import { ref } from 'vue'
import { useLive } from './live'

export { STATUSES } from '@/api/types'

/** Changes come in bursts: the figures are fetched again at most so often. */
const AGAIN_MS = 2000

/** The figures of the whole vault. */
export const useStats = defineStore('stats', () => {
  const stats = ref<Stats>()
  const problem = ref<Problem>()

  async function load(): Promise<void> {
    try {
      stats.value = await ask(api.GET('/api/v1/stats'))
      problem.value = undefined
    } catch (thrown) {
      problem.value = Problem.from(thrown)
    }
  }

  const loadSoon = soon(load, AGAIN_MS)

  useLive().subscribe({ sync: () => void load(), document: loadSoon, purged: loadSoon, topics: loadSoon })

  return { stats, problem, load }
})
