import { aDocument, freshPinia, problemBody, stubEvents, stubVault, type FakeEventSource } from '@/test/page'
import type { Document } from '@/api/types'
import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { useLive } from './live'
import { useReview } from './review'

let vault: Map<string, Document>
let events: FakeEventSource
let puts: unknown[]

const AI = { id: 't1', name: 'Invoices', color: '#2563eb', source: 'ai' as const, confidence: 0.5 }

/** A vault that keeps documents, and takes choices back. */
function serve(...ids: string[]) {
  vault = new Map(ids.map((id) => [id, aDocument(id, { status: 'needs_review', topics: [AI] })]))
  puts = []
  stubVault(({ method, path, query, body }) => {
    if (path === '/api/v1/documents') {
      const limit = Number(query.get('limit'))
      const all = [...vault.values()]
      const after = all.slice(all.findIndex(({ id }) => id === query.get('cursor')) + 1)
      const items = after.filter(({ status, deleted_at }) => query.getAll('status').includes(status) && !deleted_at)
      const more = items.length > limit
      return { body: { items: items.slice(0, limit), next_cursor: more ? items[limit - 1]?.id : null } }
    }
    const [, id = '', action] = /^\/api\/v1\/documents\/([^/]+)(\/.*)?$/.exec(path) ?? []
    const known = vault.get(id)
    if (!known) return undefined
    if (action === '/topics' && method === 'PUT') {
      puts.push([id, (body as { topic_ids: string[] }).topic_ids])
      vault.set(id, { ...known, status: 'ready', topics: [] })
    } else if (action === '/topics/undo') {
      if (known.status !== 'ready') return { status: 409, body: problemBody('nothing_to_undo', 409) }
      vault.set(id, { ...known, status: 'needs_review', topics: [AI] })
    }
    return { body: vault.get(id) }
  })
}

async function begin(...ids: string[]) {
  serve(...ids)
  const opened = stubEvents()
  freshPinia()
  const review = useReview()
  useLive().start()
  events = opened[0] as FakeEventSource
  review.start()
  await flushPromises()
  return review
}

describe('review', () => {
  beforeEach(() => localStorage.clear())
  afterEach(() => vi.useRealTimers())

  it('goes through the queue, what was skipped last', async () => {
    const review = await begin('a', 'b', 'c')
    expect([review.currentId, review.left]).toEqual(['a', 3])
    await review.skip()
    expect([review.currentId, review.left]).toEqual(['b', 3])
    await review.decide(['t1'])
    await review.decide([])
    expect([review.currentId, review.left]).toEqual(['a', 1])
    await review.decide(['t2'])
    expect([review.currentId, review.left]).toEqual([undefined, 0])
    expect(puts).toEqual([['b', ['t1']], ['c', []], ['a', ['t2']]])
  })

  it('takes decisions back one by one, the last first, and shows their documents again', async () => {
    const review = await begin('a', 'b', 'c')
    await review.decide(['t1'])
    await review.decide(['t1'])
    expect(review.currentId).toBe('c')
    await review.undo()
    expect(review.current).toMatchObject({ id: 'b', status: 'needs_review', topics: [AI] })
    await review.undo()
    expect(review.currentId).toBe('a')
    expect(review.left).toBe(3)
    expect(await review.undo()).toBeUndefined()
    await review.decide([])
    expect(review.currentId).toBe('b')
  })

  it('forgets a decision that can not be taken back', async () => {
    const review = await begin('a', 'b')
    await review.decide([])
    vault.set('a', aDocument('a', { status: 'needs_review' }))
    await expect(review.undo()).rejects.toMatchObject({ code: 'nothing_to_undo' })
    expect(review.decided).toEqual([])
    expect(review.currentId).toBe('b')
  })

  it('keeps a decision that can be taken back later: a proxy says that the vault is away', async () => {
    const review = await begin('a', 'b')
    await review.decide([])
    const there = fetch
    vi.stubGlobal('fetch', async () => new Response('<html>', { status: 502 }))
    await expect(review.undo()).rejects.toMatchObject({ status: 502 })
    vi.stubGlobal('fetch', there)
    expect(await review.undo()).toMatchObject({ id: 'a', status: 'needs_review' })
  })

  it('lets go of what others decided, and hears of what is new', async () => {
    const review = await begin('a', 'b')
    events.say('document', { id: 'b', status: 'ready', topics: [], error: null, deleted_at: null })
    expect(review.left).toBe(1)
    events.say('purged', { id: 'a' })
    expect(review.currentId).toBeUndefined()
    vault.set('d', aDocument('d', { status: 'needs_review' }))
    events.say('document', { id: 'd', status: 'needs_review', topics: [], error: null, deleted_at: null })
    await flushPromises()
    expect(review.current?.id).toBe('d')
    events.say('document', { id: 'd', status: 'needs_review', topics: [], error: null, deleted_at: '2026-01-02T00:00:00Z' })
    expect(review.currentId).toBeUndefined()
  })

  it('fetches anew after a break, and keeps what is shown where it is', async () => {
    const review = await begin('a', 'b', 'c')
    await review.skip()
    vault.delete('c')
    vault.set('e', aDocument('e', { status: 'needs_review' }))
    events.say('sync')
    await flushPromises()
    expect([review.currentId, review.left]).toEqual(['b', 3])
    await review.decide([])
    expect(review.currentId).toBe('e')
    await review.decide([])
    expect(review.currentId).toBe('a')
  })

  it('shows nothing that was decided or deleted elsewhere during a break, however many there are', async () => {
    const review = await begin(...Array.from({ length: 120 }, (_, index) => `d${index}`))
    async function afterBreak(change: () => void) {
      change()
      events.say('sync')
      await flushPromises()
      return review.currentId
    }
    expect(await afterBreak(() => vault.set('d0', aDocument('d0', { status: 'ready' })))).toBe('d1')
    expect(await afterBreak(() => vault.set('d1', aDocument('d1', { status: 'needs_review', deleted_at: '2026-01-02T00:00:00Z' })))).toBe('d2')
    expect(await afterBreak(() => vault.delete('d2'))).toBe('d3')
    // One that waits still, though far down by now, stays where it is.
    const shown = vault.get('d3')!
    expect(await afterBreak(() => vault.delete('d3') && vault.set('d3', shown))).toBe('d3')
  })

  it('shows the names that topics have by now', async () => {
    const review = await begin('a', 'b')
    vault.set('a', aDocument('a', { status: 'needs_review', topics: [{ ...AI, name: 'Bills' }] }))
    vi.useFakeTimers()
    events.say('topics')
    await vi.advanceTimersByTimeAsync(3000)
    vi.useRealTimers()
    await flushPromises()
    expect(review.current).toMatchObject({ id: 'a', topics: [{ name: 'Bills' }] })
  })

  it('leaves out what was decided elsewhere while the queue was asked for', async () => {
    const review = await begin('a', 'b', 'c')
    void review.load()
    events.say('document', { id: 'b', status: 'ready', topics: [], error: null, deleted_at: null })
    await flushPromises()
    expect([review.currentId, review.left]).toEqual(['a', 2])
    await review.skip()
    expect(review.currentId).toBe('c')
  })

  it('loads more before it runs out', async () => {
    const review = await begin(...Array.from({ length: 120 }, (_, index) => `d${index}`))
    const seen = new Set<string>()
    while (review.currentId !== undefined) {
      seen.add(review.currentId)
      await review.decide([])
      await flushPromises()
      if (seen.size > 200) break
    }
    expect(seen.size).toBe(120)
  })
})
