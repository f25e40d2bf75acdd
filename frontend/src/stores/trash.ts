import { Problem } from '@/api/problem'
import type { Document } from '@/api/types'
import { forEachParallel } from '@/lib/parallel'
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { useDocuments } from './documents'
import { useLive } from './live'

const PAGE = 100
/** As many as the interface gives at once. */
const WHOLE_PAGE = 200
/** Changes come in bursts: the list is fetched again at most so often. */
const AGAIN_MS = 500

/** What was deleted and is not gone yet, the last deleted first. */
export const useTrash = defineStore('trash', () => {
  const documents = useDocuments()
  const ids = ref<string[]>([])
  const loaded = ref(false)
  const loadingMore = ref(false)
  const problem = ref<Problem>()
  const cursor = ref<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let active = false

  const items = computed(() => ids.value.map((id) => documents.get(id)).filter((document): document is Document => Boolean(document?.deleted_at)))
  const hasMore = computed(() => cursor.value !== undefined)

  async function page(limit: number, after?: string): Promise<{ found: string[]; next?: string }> {
    const { items, cursor: next } = await documents.page({ deleted: true, sort: '-deleted_at', limit, cursor: after })
    // It may have been taken out while this was asked.
    return { found: items.filter(({ deleted_at }) => deleted_at).map(({ id }) => id), next }
  }

  async function load(): Promise<void> {
    try {
      const { found, next } = await page(PAGE)
      ids.value = found
      cursor.value = next
      loaded.value = true
      problem.value = undefined
    } catch (thrown) {
      problem.value = Problem.from(thrown)
    }
  }

  async function loadMore(): Promise<void> {
    if (cursor.value === undefined || loadingMore.value) return
    loadingMore.value = true
    try {
      const { found, next } = await page(PAGE, cursor.value)
      ids.value = [...ids.value, ...found.filter((id) => !ids.value.includes(id))]
      cursor.value = next
      problem.value = undefined
    } catch (thrown) {
      problem.value = Problem.from(thrown)
    } finally {
      loadingMore.value = false
    }
  }

  /** Puts what was deleted since at the head; what was fetched further down stays. */
  async function loadHead(): Promise<void> {
    try {
      const { found } = await page(PAGE)
      ids.value = [...found, ...ids.value.filter((id) => !found.includes(id))]
    } catch (thrown) {
      problem.value = Problem.from(thrown)
    }
  }

  /** All there are: what a person is asked about is exactly what goes. */
  async function everything(): Promise<string[]> {
    const all: string[] = []
    let after: string | undefined
    do {
      const { found, next } = await page(WHOLE_PAGE, after)
      all.push(...found)
      after = next
    } while (after !== undefined)
    return all
  }

  function drop(id: string) {
    ids.value = ids.value.filter((other) => other !== id)
  }

  /** Does it for each; what is not there any more needs nothing done. */
  async function forAll(of: readonly string[], action: (id: string) => Promise<unknown>): Promise<Map<string, Problem>> {
    const thrown = await forEachParallel(of, async (id) => {
      try {
        await action(id)
      } catch (failed) {
        if (Problem.from(failed).code !== 'not_found') throw failed
      }
      drop(id)
    })
    // What is shown is through, and there is more.
    if (ids.value.length === 0 && cursor.value !== undefined) await load()
    return new Map([...thrown].map(([id, failed]) => [id, Problem.from(failed)]))
  }

  /** Back into the vault; answers why some are not. */
  const restore = (of: readonly string[]) => forAll(of, documents.restore)
  /** For good; answers why some are still there. */
  const purge = (of: readonly string[]) => forAll(of, documents.purge)

  useLive().subscribe({
    sync() {
      if (active) void load()
    },
    document({ id, deleted_at }) {
      if (!active) return
      if (!deleted_at) drop(id)
      else if (!ids.value.includes(id)) {
        timer ??= setTimeout(() => {
          timer = undefined
          if (active) void loadHead()
        }, AGAIN_MS)
      }
    },
    purged: drop,
  })

  /** While somebody looks at it. */
  function start() {
    active = true
    void load()
  }

  function end() {
    active = false
  }

  return { ids, items, loaded, loadingMore, hasMore, problem, load, loadMore, everything, restore, purge, start, end }
})
