import { api, ask } from '@/api/client'
import { Problem } from '@/api/problem'
import type { ClassificationRun, Selection } from '@/api/types'
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'

/** How many are shown: the newest. */
const SHOWN = 5

/** It has not ended yet. */
export const isUnderWay = ({ state }: ClassificationRun) => state === 'queued' || state === 'running'

/** Many documents sorted anew by the AI, and that taken back. */
export const useRuns = defineStore('runs', () => {
  const newest = ref<ClassificationRun[]>([])
  const loaded = ref(false)
  const problem = ref<Problem>()
  const underWay = computed(() => newest.value.some(isUnderWay))

  async function load(): Promise<void> {
    try {
      newest.value = (await ask(api.GET('/api/v1/classification-runs', { params: { query: { limit: SHOWN } } }))).items
      loaded.value = true
      problem.value = undefined
    } catch (thrown) {
      problem.value = Problem.from(thrown)
    }
  }

  async function start(body: Selection): Promise<void> {
    await ask(api.POST('/api/v1/classification-runs', { body }))
    await load()
  }

  /** Ends one; what it has done stays. */
  async function cancel(id: string): Promise<void> {
    await ask(api.POST('/api/v1/classification-runs/{id}/cancel', { params: { path: { id } } }))
    await load()
  }

  /** Puts everything back as it was before one. */
  async function undo(id: string): Promise<void> {
    await ask(api.POST('/api/v1/classification-runs/{id}/undo', { params: { path: { id } } }))
    await load()
  }

  return { newest, loaded, problem, underWay, load, start, cancel, undo }
})
