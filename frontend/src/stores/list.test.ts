import type { Document } from '@/api/types'
import { criteriaOf } from '@/lib/criteria'
import { createPinia, setActivePinia } from 'pinia'
import { aDocument, stubEvents, type FakeEventSource } from '@/test/page'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { useDocuments } from './documents'
import { useList } from './list'
import { useLive } from './live'

function document(id: string): Document {
  return aDocument(id)
}

/** What the vault tells of a document. */
const event = (id: string, more: Partial<Document> = {}) => ({ id, status: 'ready', topics: [], deleted_at: null, ...more })
/** The newest stands at the top, and has the greatest id. */
const row = (at: number) => `row ${5000 - at}`
const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => row(from + at))

/** Questions that wait for their answer, in the order they were asked. */
let asked: { url: URL; method: string; answer: (status: number, body?: unknown) => void }[]
const all = criteriaOf({})
const answered = () => new Promise((resolve) => setTimeout(resolve))
const page = (ids: string[], next_cursor: string | null = null) => ({ items: ids.map(document), next_cursor })

async function answer(at: number, body: unknown, status = 200) {
  asked[at]?.answer(status, body)
  await answered()
}

/** The vault's events, as they begin to be heard of. */
function listening() {
  const opened = stubEvents()
  useList()
  useLive().start()
  return opened as [FakeEventSource]
}

beforeEach(() => {
  setActivePinia(createPinia())
  asked = []
  vi.stubGlobal('fetch', (request: Request) =>
    new Promise<Response>((resolve, reject) => {
      request.signal.addEventListener('abort', () => reject(new DOMException('', 'AbortError')))
      asked.push({
        url: new URL(request.url), method: request.method,
        answer: (status, body) => resolve(new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })),
      })
    }),
  )
})

afterEach(() => vi.useRealTimers())

describe('the list', () => {
  it('asks what the address says', () => {
    void useList().open(criteriaOf({ q: 'rent', status: ['ready', 'failed'] }))
    expect(asked[0]?.url.searchParams.get('q')).toBe('rent')
    expect(asked[0]?.url.searchParams.getAll('status')).toEqual(['ready', 'failed'])
    expect(asked[0]?.url.searchParams.get('sort')).toBe('relevance')
  })

  it('fetches page after page, and shows a row that moved between two once', async () => {
    const list = useList()
    void list.open(all)
    await answer(0, page(['a', 'b'], 'next'))
    expect(list.more).toBe(true)
    void list.loadMore()
    void list.loadMore()
    expect(asked).toHaveLength(2)
    expect(asked[1]?.url.searchParams.get('cursor')).toBe('next')
    await answer(1, page(['b', 'c']))
    expect(list.ids).toEqual(['a', 'b', 'c'])
    expect(list.more).toBe(false)
    expect(list.neighbours('b')).toEqual({ previous: 'a', next: 'c' })
  })

  it('never shows an old answer in place of a newer one', async () => {
    const list = useList()
    void list.open(criteriaOf({ q: 're' }))
    void list.open(criteriaOf({ q: 'rent' }))
    await answer(1, page(['rent']))
    await answer(0, page(['re']))
    expect(list.ids).toEqual(['rent'])
    expect(list.current?.problem).toBeUndefined()
  })

  it('keeps a list as it was left, as far as it was fetched', async () => {
    const list = useList()
    void list.open(all)
    await answer(0, page(['a'], 'next'))
    void list.loadMore()
    await answer(1, page(['b']))
    if (list.current) list.current.scroll = 4711
    void list.open(criteriaOf({ q: 'x' }))
    await answer(2, page(['x']))
    void list.open(all)
    expect(list.ids).toEqual(['a', 'b'])
    expect(list.current?.scroll).toBe(4711)
    // As much as was there is fetched anew: the answer's first page is not yet all of it.
    await answer(3, page(['new'], 'next'))
    await answer(4, page(['a', 'b']))
    expect(list.ids).toEqual(['new', 'a', 'b'])
  })

  it('fetches a very long list anew as far down as somebody is, and leaves the rest for when they come there', async () => {
    const list = useList()
    void list.open(all)
    await answer(0, page(rows(0, 100), 'at 100'))
    for (let at = 100; at < 2100; at += 200) {
      void list.loadMore()
      await answer(asked.length - 1, page(rows(at, at + 200), `at ${at + 200}`))
    }
    expect(list.ids).toHaveLength(2100)
    if (list.current) list.current.seen = 1250
    void list.refresh()
    // The one at the top went meanwhile, and was never told of.
    await answer(asked.length - 1, page(rows(1, 101), 'anew at 101'))
    while (list.current?.loading) {
      const from = Number(asked.at(-1)?.url.searchParams.get('cursor')?.replace('anew at ', ''))
      await answer(asked.length - 1, page(rows(from, from + 200), `anew at ${from + 200}`))
    }
    expect(list.ids[0]).toBe(row(1))
    expect(list.ids.length).toBeGreaterThan(1250)
    expect(list.ids.length).toBeLessThan(2100)
    expect(list.more).toBe(true)
  })

  it('says what went wrong, keeps its rows, and goes on when it is asked again', async () => {
    const list = useList()
    void list.open(all)
    await answer(0, page(['a']))
    void list.refresh()
    await answer(1, { code: 'unavailable', detail: 'down' }, 503)
    expect(list.current?.problem?.code).toBe('unavailable')
    expect(list.ids).toEqual(['a'])
    void list.refresh()
    await answer(2, page(['a', 'b']))
    expect(list.current?.problem).toBeUndefined()
    expect(list.ids).toEqual(['a', 'b'])
  })

  it('takes out what goes into the trash, and puts it back where it stood', async () => {
    const list = useList()
    const documents = useDocuments()
    void list.open(all)
    await answer(0, page(['a', 'b', 'c']))
    void documents.trash('b')
    await answer(1, undefined, 204)
    expect(list.ids).toEqual(['a', 'c'])
    void documents.restore('b')
    await answer(2, document('b'))
    expect(list.ids).toEqual(['a', 'b', 'c'])
  })

  it('follows what is new in a list that is sorted or narrowed too, every two seconds at most', async () => {
    const [events] = listening()
    const list = useList()
    void list.open(criteriaOf({ sort: 'filename' }))
    await answer(0, page([]))
    expect(list.ids).toEqual([])

    vi.useFakeTimers()
    for (const id of ['b', 'a', 'c']) events.say('document', { id, status: 'pending', topics: [], deleted_at: null })
    await vi.advanceTimersByTimeAsync(1900)
    expect(asked).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(200)
    vi.useRealTimers()
    expect(asked).toHaveLength(2)
    await answer(1, page(['a', 'b', 'c']))
    expect(list.ids).toEqual(['a', 'b', 'c'])

    // It shows that one already.
    vi.useFakeTimers()
    events.say('document', { id: 'b', status: 'ready', topics: [], deleted_at: null })
    await vi.advanceTimersByTimeAsync(5000)
    vi.useRealTimers()
    expect(asked).toHaveLength(2)
  })

  it('lets go of what belongs no longer in it where it is narrowed, and keeps to one question in two seconds', async () => {
    const [events] = listening()
    const list = useList()
    void list.open(criteriaOf({ status: 'needs_review' }))
    await answer(0, page(['a', 'b', 'c']))

    vi.useFakeTimers()
    for (const id of ['a', 'c', 'a']) events.say('document', event(id))
    // Shown as it is now, until the vault has said whether it belongs there.
    expect(list.ids).toEqual(['a', 'b', 'c'])
    expect(useDocuments().get('a')?.status).toBe('ready')
    await vi.advanceTimersByTimeAsync(5000)
    vi.useRealTimers()
    expect(asked).toHaveLength(2)
    await answer(1, page(['b']))
    expect(list.ids).toEqual(['b'])
  })

  it('shows again what was taken back where it is narrowed', async () => {
    const [events] = listening()
    const list = useList()
    const documents = useDocuments()
    void list.open(criteriaOf({ status: 'needs_review' }))
    await answer(0, page(['a', 'b']))
    async function told() {
      vi.useFakeTimers()
      events.say('document', event('a'))
      await vi.advanceTimersByTimeAsync(2000)
      vi.useRealTimers()
    }
    void documents.setTopics('a', [])
    await answer(1, document('a'))
    await told()
    await answer(2, page(['b']))
    expect(list.ids).toEqual(['b'])
    void documents.undoTopics('a')
    await answer(3, document('a'))
    await told()
    await answer(4, page(['a', 'b']))
    expect(list.ids).toEqual(['a', 'b'])
  })

  it('leaves no hole where more is new than its head has room for', async () => {
    const [events] = listening()
    const list = useList()
    void list.open(all)
    await answer(0, page(['a', 'b']))
    vi.useFakeTimers()
    events.say('document', event(row(0)))
    await vi.advanceTimersByTimeAsync(1000)
    vi.useRealTimers()
    await answer(1, page(rows(0, 100), 'at 100'))
    expect(list.ids).toEqual(rows(0, 100))
    expect(list.more).toBe(true)
    void list.loadMore()
    expect(asked[2]?.url.searchParams.get('cursor')).toBe('at 100')
    await answer(2, page([...rows(100, 150), 'a', 'b']))
    expect(list.ids).toEqual([...rows(0, 150), 'a', 'b'])
    expect(list.more).toBe(false)
  })

  it('keeps the rows from before where more is new than its head has room for', async () => {
    const [events] = listening()
    const list = useList()
    void list.open(all)
    await answer(0, page(rows(0, 100), 'at 100'))
    void list.loadMore()
    await answer(1, page(rows(100, 300), 'at 300'))
    vi.useFakeTimers()
    events.say('document', event(row(-150)))
    await vi.advanceTimersByTimeAsync(1000)
    vi.useRealTimers()
    await answer(2, page(rows(-150, -50), 'at -50'))
    expect(asked[3]?.url.searchParams.get('cursor')).toBe('at -50')
    // One came in between, and moved the last row to the next page.
    await answer(3, page(rows(-51, 149), 'at 149'))
    expect(list.ids).toEqual(rows(-150, 300))
    void list.loadMore()
    expect(asked[4]?.url.searchParams.get('cursor')).toBe('at 300')
  })

  it('finds what comes back from the trash below its head', async () => {
    const [events] = listening()
    const list = useList()
    const old = row(199.5)
    void list.open(all)
    await answer(0, page(rows(0, 100), 'at 100'))
    void list.loadMore()
    await answer(1, page(rows(100, 300), 'at 300'))
    /** While the clock stands. */
    async function answerLast(body: unknown) {
      asked.at(-1)?.answer(200, body)
      await vi.advanceTimersByTimeAsync(0)
    }
    vi.useFakeTimers()
    events.say('document', event(old))
    await vi.advanceTimersByTimeAsync(1000)
    await answerLast(page(rows(0, 100), 'at 100'))
    expect(list.ids).toHaveLength(300)
    await vi.advanceTimersByTimeAsync(2000)
    await answerLast(page(rows(0, 100), 'at 100'))
    await answerLast(page([...rows(100, 200), old, ...rows(200, 299)], 'at 299'))
    expect(list.ids).toEqual([...rows(0, 200), old, ...rows(200, 299)])
    const before = asked.length
    await vi.advanceTimersByTimeAsync(10_000)
    expect(asked).toHaveLength(before)
  })

  it('asks nothing for what stands below all that was fetched', async () => {
    const [events] = listening()
    const list = useList()
    void list.open(all)
    await answer(0, page(rows(0, 100), 'at 100'))
    vi.useFakeTimers()
    events.say('document', event(row(3000)))
    await vi.advanceTimersByTimeAsync(10_000)
    expect(asked).toHaveLength(1)
    // Nor where it is told of along with a new one.
    for (const at of [3000, -1]) events.say('document', event(row(at)))
    await vi.advanceTimersByTimeAsync(1000)
    asked[1]?.answer(200, page(rows(-1, 99), 'at 99'))
    await vi.advanceTimersByTimeAsync(10_000)
    expect(list.ids).toEqual(rows(-1, 100))
    expect(asked).toHaveLength(2)
  })

  it('shows the names that topics have by now', async () => {
    const [events] = listening()
    const list = useList()
    const topic = { id: 't', name: 'Rent', color: '#2563eb', source: 'user', confidence: null }
    const named = (name: string) => ({ items: [{ ...document('a'), topics: [{ ...topic, name }] }], next_cursor: null })
    void list.open(all)
    await answer(0, named('Rent'))

    vi.useFakeTimers()
    for (let time = 0; time < 5; time++) events.say('topics')
    await vi.advanceTimersByTimeAsync(3000)
    vi.useRealTimers()
    expect(asked).toHaveLength(2)
    await answer(1, named('Leases'))
    expect(useDocuments().get('a')?.topics[0]?.name).toBe('Leases')
  })

  it('knows better than an answer what was told, done here, deleted or removed while it was under way', async () => {
    const [events] = listening()
    const list = useList()
    const documents = useDocuments()
    void list.open(all)
    // Not even known yet.
    events.say('document', { id: 'a', status: 'ready', topics: [], deleted_at: null })
    events.say('document', { id: 'b', status: 'ready', topics: [], deleted_at: '2026-01-02T00:00:00Z' })
    events.say('purged', { id: 'c' })
    void documents.setTopics('d', [])
    await answer(1, { ...document('d'), topics_by_user: true })
    void documents.trash('e')
    await answer(2, undefined, 204)
    const old = page(['a', 'b', 'c', 'd', 'e'])
    await answer(0, { ...old, items: old.items.map((item) => ({ ...item, status: 'processing' })) })

    expect(list.ids).toEqual(['a', 'd'])
    expect(documents.get('a')?.status).toBe('ready')
    expect(documents.get('c')).toBeUndefined()
    expect(documents.get('d')?.topics_by_user).toBe(true)
    // The next answer is the newest.
    void list.refresh()
    await answer(3, { ...old, items: old.items.slice(0, 2).map((item) => ({ ...item, status: 'failed' })) })
    expect(list.ids).toEqual(['a', 'b'])
    expect(documents.get('a')?.status).toBe('failed')
  })
})
