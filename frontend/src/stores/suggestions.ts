import { api, ask } from '@/api/client'
import { Problem } from '@/api/problem'
import type { TopicSuggestions } from '@/api/types'
import { forEachParallel } from '@/lib/parallel'
import { soon } from '@/lib/soon'
import { defineStore } from 'pinia'
import { ref } from 'vue'
import { useDocuments } from './documents'
import { useLive } from './live'

/** They cost the vault some work, and are no hurry. */
const AGAIN_MS = 2000

/** What could be tidied up among the topics: fetched while somebody looks at it, and not with every document. */
export const useSuggestions = defineStore('suggestions', () => {
  const documents = useDocuments()
  const found = ref<TopicSuggestions>()
  const problem = ref<Problem>()
  let active = false

  async function load(): Promise<void> {
    try {
      found.value = await ask(api.GET('/api/v1/topics/suggestions'))
      problem.value = undefined
    } catch (thrown) {
      problem.value = Problem.from(thrown)
    }
  }

  /**
   * Puts documents under a topic as well; one that a person has sorted meanwhile is left alone. Answers for which it was
   * done, and what was thrown for the others.
   */
  async function putUnder(ids: readonly string[], topicId: string): Promise<{ done: string[]; failed: Map<string, unknown> }> {
    const done: string[] = []
    const failed = await forEachParallel(ids, async (id) => {
      const { status, topics, topics_by_user: byUser } = await documents.fetch(id)
      if (status !== 'needs_review' || byUser) return
      await documents.setTopics(id, [...new Set([...topics.map((topic) => topic.id), topicId])])
      done.push(id)
    })
    return { done, failed }
  }

  const loadSoon = soon(() => active && load(), AGAIN_MS)

  useLive().subscribe({ sync: () => active && void load(), topics: loadSoon })

  /** While somebody looks. */
  function start() {
    active = true
    void load()
  }

  function end() {
    active = false
  }

  return { found, problem, load, putUnder, start, end }
})
