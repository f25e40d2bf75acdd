import { criteriaOf } from '@/lib/criteria'
import { useList } from '@/stores/list'
import { useLive } from '@/stores/live'
import { aDocument, freshPinia, press, show, stubEvents, stubVault, type FakeEventSource } from '@/test/page'
import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import DocumentView from './DocumentView.vue'

enableAutoUnmount(afterEach)
afterEach(() => vi.useRealTimers())

const topic = (name: string) => ({ id: 't1', name, color: '#2563eb', source: 'user' as const, confidence: null })

async function open() {
  let name = 'Rent'
  const log = stubVault(({ path }) => {
    if (path === '/api/v1/documents/a') return { body: aDocument('a', { content_type: 'application/zip', topics: [topic(name)] }) }
    if (path === '/api/v1/documents/a/text') return { body: 'A text.' }
    return undefined
  })
  const opened = stubEvents()
  const pinia = freshPinia()
  useLive().start()
  const { wrapper, router } = show(DocumentView, {}, pinia)
  await router.push('/documents/a')
  await flushPromises()
  /** Topics change at the vault, more than once. */
  async function rename(to: string) {
    name = to
    vi.useFakeTimers()
    for (let time = 0; time < 3; time++) (opened[0] as FakeEventSource).say('topics')
    await vi.advanceTimersByTimeAsync(3000)
    vi.useRealTimers()
    await flushPromises()
  }
  const asked = () => log.filter(({ path }) => path === '/api/v1/documents/a' || path.endsWith('/undefined')).length
  return { wrapper, router, rename, asked }
}

describe('a document', () => {
  it('shows the names that its topics have by now', async () => {
    const { wrapper, rename, asked } = await open()
    expect(wrapper.text()).toContain('Rent')
    const before = asked()
    await rename('Leases')
    expect(wrapper.text()).toContain('Leases')
    expect(asked() - before).toBe(1)
  })

  it('is not asked for any more once it was left', async () => {
    const { router, rename, asked } = await open()
    const before = asked()
    await router.push('/')
    await rename('Leases')
    expect(asked()).toBe(before)
  })

  it('is a step in its list still when that has let go of it', async () => {
    const kept = ['a', 'b', 'c']
    stubVault(({ path }) => {
      if (path === '/api/v1/documents') return { body: { items: kept.map((id) => aDocument(id)), next_cursor: null } }
      const [, id] = /^\/api\/v1\/documents\/(\w)$/.exec(path) ?? []
      return id === undefined ? undefined : { body: aDocument(id) }
    })
    const pinia = freshPinia()
    const list = useList()
    await list.open(criteriaOf({ status: 'needs_review' }))
    const { router } = show(DocumentView, {}, pinia)
    await router.push('/documents/b')
    await flushPromises()
    // Decided about: it is ready now.
    kept.splice(1, 1)
    await list.refresh()
    await flushPromises()
    expect(list.ids).toEqual(['a', 'c'])
    press(']')
    await flushPromises()
    expect(router.currentRoute.value.params.id).toBe('c')
    press('[')
    await flushPromises()
    expect(router.currentRoute.value.params.id).toBe('a')
  })
})
