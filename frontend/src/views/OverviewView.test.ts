import { i18n } from '@/i18n'
import { router } from '@/router'
import { flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import OverviewView from './OverviewView.vue'

// The client takes `fetch` when it is made: it must be this one by then.
const vault = vi.hoisted(() => {
  const vault = { asked: [] as string[], answer: (what: string): [number, unknown] => [404, { code: 'not_found', detail: what }] }
  globalThis.fetch = async (input) => {
    const { method, url } = input as Request
    const what = `${method} ${new URL(url).pathname}${new URL(url).search}`
    vault.asked.push(what)
    const [status, body] = vault.answer(what)
    return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })
  }
  return vault
})

const at = '2026-01-01T00:00:00Z'
const job = (id: string, documentId: string) => ({
  id, kind: 'process_document', state: 'dead', attempts: 5, document_id: documentId, last_error: 'The AI did not answer.', created_at: at, updated_at: at,
})

describe('the overview', () => {
  let dead = [job('j1', 'd1'), job('j2', 'd2')]

  beforeEach(() => {
    setActivePinia(createPinia())
    dead = [job('j1', 'd1'), job('j2', 'd2')]
    vault.asked = []
    vault.answer = (what) => {
      if (what === 'GET /api/v1/stats') {
        return [200, {
          documents: 12345, bytes: 5_000_000, by_status: { pending: 1, processing: 2, ready: 12000, needs_review: 42, failed: 300 },
          by_topic: [{ id: 't1', name: 'Invoices', color: '#ff0000', document_count: 3 }, { id: 't2', name: 'Letters', color: '#00ff00', document_count: 9 }],
          queue: { depth: 3, oldest_age_seconds: 150.5, dead: dead.length }, trash: { documents: 2, bytes: 1000 },
        }]
      }
      if (what.startsWith('GET /api/v1/jobs?')) return [200, { items: dead, next_cursor: null }]
      if (what === 'GET /api/v1/documents/d1') return [200, { id: 'd1', filename: 'letter.pdf', title: null, topics: [], status: 'failed' }]
      const retried = /^POST \/api\/v1\/jobs\/(\w+)\/retry$/.exec(what)?.[1]
      if (retried) {
        const [found] = dead.filter(({ id }) => id === retried)
        dead = dead.filter(({ id }) => id !== retried)
        return found ? [202, { ...found, state: 'queued' }] : [409, { code: 'job_not_dead', detail: '' }]
      }
      return [404, { code: 'not_found', detail: '' }]
    }
  })

  async function show() {
    const wrapper = mount(OverviewView, { attachTo: document.body, global: { plugins: [i18n, router] } })
    await flushPromises()
    return wrapper
  }

  it('shows the figures in words', async () => {
    const wrapper = await show()
    expect(wrapper.get('[data-figure="documents"]').text()).toContain('12,345')
    expect(wrapper.get('[data-figure="bytes"]').text()).toContain('5 MB')
    expect(wrapper.get('[data-figure="queue"]').text()).toContain('the oldest for 2 minutes')
    expect(wrapper.get('[data-figure="dead"]').text()).toContain('2')
    wrapper.unmount()
  })

  it('leads from each bar to the documents it counts, the largest topic first', async () => {
    const wrapper = await show()
    expect(wrapper.get('[data-bar="needs_review"] a').attributes('href')).toBe('/?status=needs_review')
    const topics = wrapper.findAll('[aria-labelledby="by-topic"] [data-bar]')
    expect(topics.map((bar) => bar.get('a').attributes('href'))).toEqual(['/?topic=t2', '/?topic=t1'])
    wrapper.unmount()
  })

  it('names what was given up, and has one tried again', async () => {
    const wrapper = await show()
    expect(wrapper.get('[data-job="j1"] a').attributes('href')).toBe('/documents/d1')
    expect(wrapper.get('[data-job="j1"]').text()).toContain('letter.pdf')
    expect(wrapper.get('[data-job="j1"]').text()).toContain('The AI did not answer.')
    expect(wrapper.get('[data-job="j2"]').text()).toContain('in the trash, or gone')
    await wrapper.get('[data-job="j1"] button').trigger('click')
    await flushPromises()
    expect(vault.asked).toContain('POST /api/v1/jobs/j1/retry')
    expect(wrapper.findAll('[data-job]')).toHaveLength(1)
    wrapper.unmount()
  })

  it('has all tried again at once', async () => {
    const wrapper = await show()
    await wrapper.get('[aria-labelledby="dead-jobs"] > div button').trigger('click')
    await flushPromises()
    expect(dead).toEqual([])
    expect(wrapper.text()).toContain('Nothing was given up.')
    wrapper.unmount()
  })

  it('says what to do when the figures can not be had', async () => {
    vault.answer = () => [503, { code: 'unavailable', detail: '' }]
    const wrapper = await show()
    expect(wrapper.get('[role="alert"]').text()).toContain('A part of the vault is down right now.')
    wrapper.unmount()
  })
})
