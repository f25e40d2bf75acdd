import { aDocument, freshPinia, problemBody, stubEvents, stubVault, type Asked, type FakeEventSource } from '@/test/page'
import type { Document } from '@/api/types'
import { flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { useLive } from './live'
import { useTrash } from './trash'

let trashed: Map<string, Document>
let events: FakeEventSource
let log: Asked[]

const DELETED = { deleted_at: '2026-01-02T00:00:00Z' }

async function begin(...ids: string[]) {
  trashed = new Map(ids.map((id) => [id, aDocument(id, DELETED)]))
  log = stubVault(({ method, path, query }) => {
    if (path === '/api/v1/documents') {
      const limit = Number(query.get('limit'))
      const from = Number(query.get('cursor') ?? 0)
      const all = query.get('deleted') === 'true' ? [...trashed.values()] : []
      return { body: { items: all.slice(from, from + limit), next_cursor: from + limit < all.length ? String(from + limit) : null } }
    }
    const [, id = '', action] = /^\/api\/v1\/documents\/([^/]+)(\/.*)?$/.exec(path) ?? []
    if (!trashed.has(id)) return undefined
    if (action === '/restore') {
      if (id === 'twin') return { status: 409, body: problemBody('duplicate', 409, { existing_id: 'other' }) }
      trashed.delete(id)
      return { body: aDocument(id) }
    }
    if (method === 'DELETE' && query.get('permanently') === 'true') {
      trashed.delete(id)
      return { status: 204 }
    }
    return undefined
  })
  const opened = stubEvents()
  freshPinia()
  const trash = useTrash()
  useLive().start()
  events = opened[0] as FakeEventSource
  trash.start()
  await flushPromises()
  return trash
}

afterEach(() => vi.useRealTimers())

describe('trash', () => {
  it('restores what it can, and says why the rest stays', async () => {
    const trash = await begin('a', 'twin', 'b')
    const problems = await trash.restore(['a', 'twin'])
    expect([...problems].map(([id, { code, existingId }]) => [id, code, existingId])).toEqual([['twin', 'duplicate', 'other']])
    expect(trash.items.map(({ id }) => id)).toEqual(['twin', 'b'])
  })

  it('empties itself of all pages', async () => {
    const ids = Array.from({ length: 450 }, (_, index) => `d${index}`)
    const trash = await begin(...ids)
    expect([trash.items.length, trash.hasMore]).toEqual([100, true])
    const all = await trash.everything()
    expect(all).toEqual(ids)
    expect((await trash.purge(all)).size).toBe(0)
    expect(trashed.size).toBe(0)
    expect([trash.items.length, trash.hasMore]).toEqual([0, false])
  })

  it('takes for done what somebody else did', async () => {
    const trash = await begin('a')
    trashed.clear()
    expect((await trash.purge(['a'])).size).toBe(0)
    expect(trash.items).toEqual([])
  })

  it('follows the events', async () => {
    const trash = await begin('a', 'b', 'c')
    events.say('purged', { id: 'a' })
    events.say('document', { id: 'b', status: 'ready', topics: [], error: null, deleted_at: null })
    expect(trash.items.map(({ id }) => id)).toEqual(['c'])

    vi.useFakeTimers()
    trashed = new Map([['n', aDocument('n', DELETED)], ['c', aDocument('c', DELETED)]])
    const before = log.length
    for (let time = 0; time < 5; time++) events.say('document', { id: 'n', status: 'ready', topics: [], error: null, ...DELETED })
    await vi.advanceTimersByTimeAsync(1000)
    vi.useRealTimers()
    await flushPromises()
    expect(trash.items.map(({ id }) => id)).toEqual(['n', 'c'])
    expect(log.length - before).toBe(1)
  })

  it('asks about nothing that was taken out while it counted', async () => {
    const trash = await begin('a', 'b', 'c')
    const counted = trash.everything()
    events.say('document', { id: 'b', status: 'ready', topics: [], error: null, deleted_at: null })
    events.say('purged', { id: 'c' })
    expect(await counted).toEqual(['a'])
    expect(trash.items.map(({ id }) => id)).toEqual(['a'])
  })

  it('shows the pages after the first when it is asked to', async () => {
    const trash = await begin(...Array.from({ length: 150 }, (_, index) => `d${index}`))
    await trash.loadMore()
    expect([trash.items.length, trash.hasMore]).toEqual([150, false])
  })
})
