import { aDocument, freshPinia, problemBody, stubEvents, stubVault } from '@/test/page'
import { flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { useLive } from './live'
import { useSuggestions } from './suggestions'

afterEach(() => vi.useRealTimers())

const NONE = { near_duplicates: [], unused: [], clusters: [] }

describe('suggestions', () => {
  it('are fetched while somebody looks, and again when topics change', async () => {
    vi.useFakeTimers()
    const opened = stubEvents()
    const log = stubVault(() => ({ body: NONE }))
    freshPinia()
    const suggestions = useSuggestions()
    useLive().start()
    opened[0]?.say('sync')
    opened[0]?.say('topics')
    await vi.advanceTimersByTimeAsync(5000)
    expect(log).toHaveLength(0)
    suggestions.start()
    await flushPromises()
    expect(suggestions.found).toEqual(NONE)
    opened[0]?.say('topics')
    opened[0]?.say('topics')
    await vi.advanceTimersByTimeAsync(5000)
    expect(log.map(({ path }) => path)).toEqual(['/api/v1/topics/suggestions', '/api/v1/topics/suggestions'])
    suggestions.end()
    opened[0]?.say('topics')
    await vi.advanceTimersByTimeAsync(5000)
    expect(log).toHaveLength(2)
  })

  it('keep what was found when a later answer fails', async () => {
    let broken = false
    stubVault(() => (broken ? { status: 503, body: problemBody('unavailable', 503) } : { body: NONE }))
    freshPinia()
    const suggestions = useSuggestions()
    await suggestions.load()
    broken = true
    await suggestions.load()
    expect([suggestions.problem?.code, suggestions.found]).toEqual(['unavailable', NONE])
    broken = false
    await suggestions.load()
    expect(suggestions.problem).toBeUndefined()
  })

  it('put documents under a topic as well, and leave alone what a person has sorted meanwhile', async () => {
    const ai = { id: 't1', name: 'Letters', color: '#2563eb', source: 'ai' as const, confidence: 0.4 }
    const all = new Map([
      ['a', aDocument('a', { status: 'needs_review' })],
      ['b', aDocument('b', { status: 'needs_review', topics: [ai] })],
      ['c', aDocument('c', { status: 'ready', topics_by_user: true })],
    ])
    const puts: unknown[] = []
    stubVault(({ method, path, body }) => {
      const id = path.split('/')[4] ?? ''
      if (!all.has(id)) return undefined
      if (method === 'PUT') puts.push([id, body])
      return { body: all.get(id) }
    })
    freshPinia()
    const { done, failed } = await useSuggestions().putUnder(['a', 'b', 'c', 'gone'], 't9')
    expect(puts).toEqual([['a', { topic_ids: ['t9'] }], ['b', { topic_ids: ['t1', 't9'] }]])
    expect([done, [...failed.keys()]]).toEqual([['a', 'b'], ['gone']])
  })
})
