import { Problem } from '@/api/problem'
import type { Document } from '@/api/types'
import { soon } from '@/lib/soon'
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { useDocuments } from './documents'
import { useLive } from './live'
import { useStats } from './stats'

const PAGE = 50
/** More are fetched when so few are left. */
const FEW = 10
/** Topics change in bursts: the queue, which shows their names, is fetched anew at most so often. */
const TOPICS_AGAIN_MS = 2000

/** The documents that the AI was not sure of, one after the other: the oldest first, those that were skipped last. */
export const useReview = defineStore('review', () => {
  const documents = useDocuments()
  const stats = useStats()

  /** Not seen yet. */
  const waiting = ref<string[]>([])
  const skipped = ref<string[]>([])
  /** What a person decided here, the last at the end: undo goes back through them. */
  const decided = ref<string[]>([])
  const currentId = ref<string>()
  const loaded = ref(false)
  const deciding = ref(false)
  const problem = ref<Problem>()
  const cursor = ref<string>()
  let active = false

  const current = computed(() => (currentId.value === undefined ? undefined : documents.get(currentId.value)))
  const queued = computed(() => waiting.value.length + skipped.value.length + (currentId.value === undefined ? 0 : 1))
  /** How many there are; the vault's own figure where not all were fetched. */
  const left = computed(() => Math.max(queued.value, cursor.value === undefined ? 0 : (stats.stats?.by_status.needs_review ?? 0)))

  async function fetchPage(after?: string): Promise<string[]> {
    const page = await documents.page({ status: ['needs_review'], sort: 'created_at', limit: PAGE, cursor: after })
    cursor.value = page.cursor
    // It may have been decided while this was asked.
    return page.items.filter(({ status, deleted_at }) => status === 'needs_review' && !deleted_at).map(({ id }) => id)
  }

  /** Fetches the queue anew; the one that is shown stays where it is, as long as it waits for a decision. */
  async function load(): Promise<void> {
    try {
      const ids = await fetchPage()
      // What is beyond the first page is looked at when its turn comes.
      if (cursor.value === undefined) skipped.value = skipped.value.filter((id) => ids.includes(id))
      if (currentId.value !== undefined && !ids.includes(currentId.value)) {
        if (cursor.value === undefined) currentId.value = undefined
        // It may stand further down, or wait no longer.
        else void look(currentId.value)
      }
      waiting.value = ids.filter((id) => id !== currentId.value && !skipped.value.includes(id))
      loaded.value = true
      problem.value = undefined
      if (currentId.value === undefined) await next()
    } catch (thrown) {
      problem.value = Problem.from(thrown)
    }
  }

  async function loadMore(): Promise<void> {
    if (cursor.value === undefined) return
    const after = cursor.value
    // Not twice for the same page.
    cursor.value = undefined
    try {
      for (const id of await fetchPage(after)) enqueue(id)
    } catch (thrown) {
      cursor.value = after
      problem.value = Problem.from(thrown)
    }
  }

  function enqueue(id: string) {
    if (id !== currentId.value && !waiting.value.includes(id) && !skipped.value.includes(id)) waiting.value.push(id)
  }

  function forget(id: string) {
    waiting.value = waiting.value.filter((other) => other !== id)
    skipped.value = skipped.value.filter((other) => other !== id)
  }

  /** Shows the next one. */
  async function next(): Promise<void> {
    if (waiting.value.length === 0 && cursor.value !== undefined) {
      currentId.value = undefined
      await loadMore()
      // An event was quicker.
      if (currentId.value !== undefined) return
    } else if (waiting.value.length <= FEW) void loadMore()
    const id = waiting.value[0] ?? skipped.value[0]
    currentId.value = id
    if (id === undefined) return
    forget(id)
    void look(id)
  }

  /** Makes sure that the document that is shown is known, and waits for a decision still. */
  async function look(id: string): Promise<void> {
    try {
      const { status, deleted_at } = await documents.fetch(id)
      if ((status !== 'needs_review' || deleted_at) && currentId.value === id) await next()
    } catch (thrown) {
      const told = Problem.from(thrown)
      if (told.code !== 'not_found') problem.value = told
      else if (currentId.value === id) await next()
    }
  }

  /** Puts the document that is shown under these topics, and shows the next. */
  async function decide(topicIds: readonly string[]): Promise<Document | undefined> {
    const id = current.value?.id
    if (id === undefined || deciding.value) return undefined
    deciding.value = true
    try {
      const document = await documents.setTopics(id, topicIds)
      decided.value.push(id)
      forget(id)
      if (currentId.value === id) await next()
      return document
    } finally {
      deciding.value = false
    }
  }

  /** To the end of the queue. */
  async function skip(): Promise<void> {
    const id = currentId.value
    if (id === undefined || deciding.value) return
    skipped.value.push(id)
    await next()
  }

  /** Takes the last decision back, and shows its document again. */
  async function undo(): Promise<Document | undefined> {
    const id = decided.value.at(-1)
    if (id === undefined || deciding.value) return undefined
    deciding.value = true
    try {
      const document = await documents.undoTopics(id)
      decided.value.pop()
      if (document.status !== 'needs_review') return document
      const shown = currentId.value
      forget(id)
      currentId.value = id
      if (shown !== undefined && shown !== id) waiting.value.unshift(shown)
      return document
    } catch (thrown) {
      // It will never work: the decision before it is the last one then.
      if (!Problem.from(thrown).passing) decided.value.pop()
      throw thrown
    } finally {
      deciding.value = false
    }
  }

  function gone(id: string) {
    forget(id)
    // What is decided here moves on by itself.
    if (id === currentId.value && !deciding.value) void next()
  }

  useLive().subscribe({
    sync() {
      if (active) void load()
    },
    document({ id, status, deleted_at }) {
      if (!active) return
      if (status === 'needs_review' && !deleted_at) enqueue(id)
      else return gone(id)
      if (loaded.value && currentId.value === undefined && !deciding.value) void next()
    },
    purged(id) {
      if (active) gone(id)
    },
    topics: soon(() => active && load(), TOPICS_AGAIN_MS),
  })

  /** While somebody looks at the queue. */
  function start() {
    active = true
    void load()
    void stats.load()
  }

  function end() {
    active = false
  }

  return { current, currentId, left, decided, loaded, deciding, problem, load, decide, skip, undo, start, end }
})
