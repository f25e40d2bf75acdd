import { Problem } from '@/api/problem'
import { askedFor, narrows, type Criteria } from '@/lib/criteria'
import { soon } from '@/lib/soon'
import { defineStore } from 'pinia'
import { computed, shallowReactive, shallowRef } from 'vue'
import { useDocuments } from './documents'
import { useLive } from './live'

/** Rows of the first page, which somebody waits for, and of each that follows: as many as the vault gives. */
const HEAD = 100
const PAGE = 200
/** A list that is not longer is fetched anew as a whole; of a longer one as much as somebody has gone down. */
const ANEW_AT_LEAST = 1000
/** So many lists are kept, with where one was in them. */
const KEPT = 8
/** New documents come in bursts: the head is fetched at most so often. */
const HEAD_AGAIN_MS = 1000
/** The whole list costs more. */
const ANEW_AGAIN_MS = 2000

/** A list as far as it was fetched. */
export interface List {
  readonly key: string
  readonly criteria: Criteria
  ids: readonly string[]
  /** The passages that answer the search. */
  highlights: ReadonlyMap<string, string>
  cursor: string | null
  /** Whether `ids` answers these criteria; until then the rows of the list before stand there. */
  settled: boolean
  loading: boolean
  problem: Problem | undefined
  /** How far down the page somebody was, and which row was the last to be seen. */
  scroll: number
  seen: number
  running: AbortController | undefined
}

/** The list of documents that somebody looks at, and those they looked at before. */
export const useList = defineStore('list', () => {
  const documents = useDocuments()
  const lists = new Map<string, List>()
  const current = shallowRef<List>()
  /** What went meanwhile: into the trash, or for good. What comes back from there stands where it stood. */
  const gone = shallowReactive(new Set<string>())

  /** The rows of the current list. */
  const ids = computed<readonly string[]>(() => {
    const all = current.value?.ids ?? []
    return gone.size > 0 ? all.filter((id) => !gone.has(id)) : all
  })
  const more = computed(() => current.value?.settled === true && current.value.cursor !== null)

  /** Shows the list of these criteria: at once where it is kept, and fetched anew in any case. */
  function open(criteria: Criteria): Promise<void> {
    const key = JSON.stringify(criteria)
    const before = current.value
    if (before && before.key !== key) stop(before)
    const list = lists.get(key) ?? begun(key, criteria, before)
    // The one that is looked at is the last to be forgotten.
    lists.delete(key)
    lists.set(key, list)
    for (const old of [...lists.keys()].slice(0, -KEPT)) lists.delete(old)
    current.value = list
    return refresh()
  }

  function begun(key: string, criteria: Criteria, before: List | undefined): List {
    return shallowReactive({
      key, criteria, ids: before?.ids ?? [], highlights: before?.highlights ?? new Map<string, string>(), cursor: null,
      settled: false, loading: false, problem: undefined, scroll: 0, seen: 0, running: undefined,
    })
  }

  function stop(list: List) {
    list.running?.abort()
    list.running = undefined
    list.loading = false
  }

  async function page(list: List, limit: number, cursor: string | null, signal: AbortSignal) {
    const query = { ...askedFor(list.criteria), limit, ...(cursor !== null && { cursor }) }
    const { items, highlights, cursor: next } = await documents.page(query, signal)
    signal.throwIfAborted()
    for (const { id, deleted_at } of items) {
      // It may have gone into the trash while this was asked.
      if (!deleted_at) gone.delete(id)
    }
    return { ids: items.map(({ id }) => id), highlights, cursor: next ?? null }
  }

  /** Runs one question of a list; a newer one ends it, and what it would have answered is dropped. */
  async function run(list: List, question: (signal: AbortSignal) => Promise<void>): Promise<void> {
    stop(list)
    const running = new AbortController()
    list.running = running
    list.loading = true
    try {
      await question(running.signal)
      list.problem = undefined
    } catch (thrown) {
      if (!running.signal.aborted) list.problem = Problem.from(thrown)
    } finally {
      if (list.running === running) {
        list.running = undefined
        list.loading = false
      }
    }
  }

  /** The list from its head on as far as it was, or until there is `enough` of it. */
  async function top(list: List, signal: AbortSignal, enough: (ids: readonly string[]) => boolean = () => false) {
    const wanted = list.settled ? Math.min(list.ids.length, Math.max(ANEW_AT_LEAST, list.seen + PAGE)) : 0
    const head = await page(list, HEAD, null, signal)
    while (head.cursor !== null && head.ids.length < wanted && !enough(head.ids)) {
      const next = await page(list, PAGE, head.cursor, signal)
      head.ids.push(...next.ids)
      head.highlights.push(...next.highlights)
      head.cursor = next.cursor
    }
    return { ...head, ids: [...new Set(head.ids)] }
  }

  /**
   * Fetches the current list anew, as far as it was. What is far below of what is seen is left to be fetched when
   * somebody comes there.
   */
  async function refresh(): Promise<void> {
    const list = current.value
    if (!list) return
    await run(list, async (signal) => {
      const head = await top(list, signal)
      list.ids = head.ids
      list.highlights = new Map(head.highlights)
      list.cursor = head.cursor
      list.settled = true
    })
  }

  /** The next page of the current list, if there is one. */
  async function loadMore(): Promise<void> {
    const list = current.value
    if (!list || !list.settled || list.loading || list.cursor === null) return
    await run(list, async (signal) => {
      const next = await page(list, PAGE, list.cursor, signal)
      // A row that moved between two pages comes twice.
      list.ids = [...new Set([...list.ids, ...next.ids])]
      list.highlights = new Map([...list.highlights, ...next.highlights])
      list.cursor = next.cursor
    })
  }

  /** What stands before and after a document in the current list. */
  function neighbours(id: string): { previous?: string; next?: string } {
    const at = ids.value.indexOf(id)
    return at < 0 ? {} : { previous: ids.value[at - 1], next: ids.value[at + 1] }
  }

  /** Whether a new document belongs at the head of the current list without a question. */
  function isPlain(): boolean {
    const list = current.value
    return list !== undefined && list.criteria.sort === '-created_at' && !narrows(list.criteria)
  }

  /** Whether a document can stand in as much of a plain list as was fetched: ids sort as the time does at which they were given. */
  function reaches({ ids, cursor }: List, id: string): boolean {
    return cursor === null || id > (ids.at(-1) ?? '')
  }

  const refreshSoon: () => void = soon(() => (current.value?.loading ? refreshSoon() : void refresh()), ANEW_AGAIN_MS)

  /** What the vault told of since the head was fetched, and the list did not have. */
  const told = new Set<string>()

  const headSoon: () => void = soon(() => {
    const list = current.value
    if (!list || !isPlain()) return told.clear()
    if (list.loading) return headSoon()
    // Documents are told of again while they are worked through: the older ones are fetched when somebody comes there.
    const news = [...told].filter((id) => reaches(list, id))
    told.clear()
    if (news.length === 0) return
    void run(list, async (signal) => {
      const before = new Set(list.settled ? list.ids : [])
      const meet = (ids: readonly string[]) => ids.some((id) => before.has(id))
      const head = await top(list, signal, meet)
      // So many may be new that others lie between these and the rows from before: those are fetched when somebody comes there.
      const meets = head.cursor === null || meet(head.ids)
      const now = new Set(meets ? [...head.ids, ...before] : head.ids)
      list.ids = [...now]
      if (now.size === head.ids.length) list.cursor = head.cursor
      list.settled = true
      // One that came back from the trash may stand further down.
      if (now.size > head.ids.length && news.some((id) => !now.has(id) && reaches(list, id))) refreshSoon()
    })
  }, HEAD_AGAIN_MS)

  // Not only when the vault tells of it: that needs Redis, the trash does not.
  documents.$onAction(({ name, args, after }) => {
    const [id] = args as [string]
    if (name === 'trash' || name === 'purge') after(() => void gone.add(id))
    if (name === 'restore') after(() => void gone.delete(id))
  })

  useLive().subscribe({
    sync: () => void refresh(),
    document({ id, deleted_at }) {
      if (deleted_at) gone.add(id)
      else {
        gone.delete(id)
        const list = current.value
        // Known to the page is not enough: what was put in here is, before the list has heard of it. And a list that is
        // narrowed may be no place for it any more.
        if (list?.ids.includes(id) && !narrows(list.criteria)) return
        if (isPlain()) {
          told.add(id)
          headSoon()
        }
        // Where it belongs in this list, if it does, the vault knows.
        else refreshSoon()
      }
    },
    purged: (id) => void gone.add(id),
    // Their names stand in the rows.
    topics: refreshSoon,
  })

  return { current, ids, more, open, refresh, loadMore, neighbours }
})
