import { api, ask } from '@/api/client'
import { Problem } from '@/api/problem'
import type { NewTopic, Topic, TopicPatch } from '@/api/types'
import { soon } from '@/lib/soon'
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { useLive } from './live'

const PATH = '/api/v1/topics/{id}' as const
/** Counts change with every document that is sorted: they are fetched again at most so often. */
const COUNTS_AGAIN_MS = 2000

/** The topics: the person's own words for what belongs together. */
export const useTopics = defineStore('topics', () => {
  const all = ref<Topic[]>([])
  const loaded = ref(false)
  const problem = ref<Problem>()
  const byId = computed(() => new Map(all.value.map((topic) => [topic.id, topic])))

  async function load(): Promise<void> {
    try {
      all.value = (await ask(api.GET('/api/v1/topics'))).items
      loaded.value = true
      problem.value = undefined
    } catch (thrown) {
      problem.value = Problem.from(thrown)
    }
  }

  const loadSoon = soon(load, COUNTS_AGAIN_MS)

  async function create(body: NewTopic): Promise<Topic> {
    const topic = await ask(api.POST('/api/v1/topics', { body }))
    await load()
    return topic
  }

  async function change(id: string, body: TopicPatch): Promise<void> {
    await ask(api.PATCH(PATH, { params: { path: { id } }, body }))
    await load()
  }

  async function remove(id: string): Promise<void> {
    await ask(api.DELETE(PATH, { params: { path: { id } } }))
    await load()
  }

  /** Puts all documents of one topic under another; the first is gone then. */
  async function merge(id: string, into: string): Promise<void> {
    await ask(api.POST('/api/v1/topics/{id}/merge', { params: { path: { id } }, body: { into } }))
    await load()
  }

  useLive().subscribe({ sync: () => void load(), topics: () => void load(), document: loadSoon, purged: loadSoon })

  return { all, byId, loaded, problem, load, create, change, remove, merge }
})
