import { aDocument, aTopic, freshPinia, show, stubVault, type Asked } from '@/test/page'
import { flushPromises } from '@vue/test-utils'
import { beforeEach, describe, expect, it } from 'vitest'
import DocumentReasons from './DocumentReasons.vue'
import TopicSuggestions from './TopicSuggestions.vue'

let log: Asked[]
let answers: Record<string, unknown>

beforeEach(() => {
  answers = {}
  log = stubVault(({ method, path }) => ({ body: answers[`${method} ${path}`] ?? { items: [], next_cursor: null } }))
})

const history = (detail: unknown) => ({ items: [{ at: '2026-01-01T00:00:00Z', actor: 'worker', action: 'document.processed', detail }], next_cursor: null })

describe('what the AI would make', () => {
  it('is made and taken by one click', async () => {
    const document = aDocument('a', { status: 'needs_review' })
    answers['GET /api/v1/documents/a/history'] = history({ suggestions: [{ name: 'Boats', description: 'Papers of boats.' }] })
    answers['POST /api/v1/topics'] = aTopic('new', 'Boats')
    answers['PUT /api/v1/documents/a/topics'] = aDocument('a', { topics_by_user: true })
    const { wrapper } = show(TopicSuggestions, { props: { document } }, freshPinia())
    await flushPromises()
    await wrapper.get('button').trigger('click')
    await flushPromises()
    const done = log.filter(({ method }) => method !== 'GET').map(({ method, path, body }) => [method, path, body])
    expect(done).toEqual([
      ['POST', '/api/v1/topics', { name: 'Boats', description: 'Papers of boats.' }],
      ['PUT', '/api/v1/documents/a/topics', { topic_ids: ['new'] }],
    ])
  })

  it('is not shown where it would make nothing, or a person has chosen', async () => {
    for (const [detail, more] of [[{}, {}], [{ suggestions: [{ name: 'Boats', description: '' }] }, { topics_by_user: true }]] as const) {
      answers['GET /api/v1/documents/a/history'] = history(detail)
      const { wrapper } = show(TopicSuggestions, { props: { document: aDocument('a', more) } }, freshPinia())
      await flushPromises()
      expect(wrapper.find('button').exists()).toBe(false)
    }
  })
})

describe('why a document has its topics', () => {
  it('is told by the words that speak for them, once it is asked', async () => {
    const words = [{ word: 'invoice', weight: 2.5 }, { word: 'boat', weight: -1 }]
    answers['GET /api/v1/documents/a/explanation'] = { topics: [{ id: 't', name: 'Invoice', confidence: 0.91, words }], none: 0.04 }
    const { wrapper } = show(DocumentReasons, { props: { document: aDocument('a') } }, freshPinia())
    expect(log).toEqual([])
    await wrapper.get('button').trigger('click')
    await flushPromises()
    expect(wrapper.text()).toContain('Invoice: 91 % sure')
    expect(wrapper.text()).toContain('invoice')
    expect(wrapper.text()).not.toContain('boat')
    expect(wrapper.text()).toContain('4 %')
  })
})
