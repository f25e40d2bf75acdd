import { api, ask } from '@/api/client'
import { Problem } from '@/api/problem'
import type { Job } from '@/api/types'
import { defineStore } from 'pinia'
import { ref } from 'vue'
import { useDocuments } from './documents'

/** How many are shown; `retryAll` takes those behind them as well. */
const PAGE = 50
const ALL_PAGE = 200

/** Work that was given up: somebody must look at it, and can have it tried again. */
export const useJobs = defineStore('jobs', () => {
  const documents = useDocuments()
  const dead = ref<Job[]>([])
  /** There are more than `dead` holds. */
  const more = ref(false)
  const loaded = ref(false)
  const problem = ref<Problem>()
  /** Documents that were asked for and are not there: not asked for again. */
  const missing = new Set<string>()

  async function page(limit: number, cursor?: string) {
    return ask(api.GET('/api/v1/jobs', { params: { query: { state: 'dead', limit, cursor } } }))
  }

  async function load(): Promise<void> {
    try {
      const { items, next_cursor } = await page(PAGE)
      dead.value = items
      more.value = Boolean(next_cursor)
      loaded.value = true
      problem.value = undefined
      await name(items)
    } catch (thrown) {
      problem.value = Problem.from(thrown)
    }
  }

  /** A job knows its document's id only; one that is in the trash stays without a name. */
  async function name(jobs: readonly Job[]): Promise<void> {
    const unknown = jobs.flatMap(({ document_id: id }) => (id && !documents.get(id) && !missing.has(id) ? [id] : []))
    await Promise.all(unknown.map((id) => documents.fetch(id).catch((thrown) => Problem.from(thrown).code === 'not_found' && missing.add(id))))
  }

  /** Puts one back into the queue. */
  async function retry(id: string): Promise<void> {
    try {
      await ask(api.POST('/api/v1/jobs/{id}/retry', { params: { path: { id } } }))
    } catch (thrown) {
      // Somebody else was faster: it is under way.
      if (Problem.from(thrown).code !== 'job_not_dead') throw thrown
    }
    dead.value = dead.value.filter((job) => job.id !== id)
  }

  /** Puts all back; says how many. */
  async function retryAll(): Promise<number> {
    const ids: string[] = []
    let cursor: string | undefined
    do {
      const { items, next_cursor } = await page(ALL_PAGE, cursor)
      ids.push(...items.map((job) => job.id))
      cursor = next_cursor ?? undefined
    } while (cursor !== undefined)
    try {
      for (const id of ids) await retry(id)
    } finally {
      await load()
    }
    return ids.length
  }

  return { dead, more, loaded, problem, load, retry, retryAll }
})
