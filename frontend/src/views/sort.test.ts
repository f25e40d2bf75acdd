import ConfirmHost from '@/components/ui/ConfirmHost.vue'
import { useNotices } from '@/stores/notices'
import { useTopics } from '@/stores/topics'
import { aDocument, aTopic, freshPinia, press, problemBody, show, stubVault, type Asked, type Handler } from '@/test/page'
import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Component } from 'vue'
import ReviewView from './ReviewView.vue'
import TopicsView from './TopicsView.vue'
import TrashView from './TrashView.vue'

enableAutoUnmount(afterEach)

const AI = { id: 't2', name: 'Letters', color: '#dc2626', source: 'ai' as const, confidence: 0.41 }
const TOPICS = [aTopic('t1', 'Invoices', { document_count: 3 }), aTopic('t2', 'Letters')]

async function open(view: Component, handler: Handler) {
  const warned = vi.spyOn(console, 'warn')
  const log: Asked[] = stubVault((asked) => handler(asked) ?? (asked.path === '/api/v1/topics' && asked.method === 'GET' ? { body: { items: TOPICS } } : undefined))
  const pinia = freshPinia()
  await useTopics().load()
  show(ConfirmHost, {}, pinia)
  const { wrapper, router } = show(view, {}, pinia)
  await flushPromises()
  return { wrapper, router, log, warned }
}

function click(label: string) {
  const found = [...document.querySelectorAll('button')].find((one) => (one.getAttribute('aria-label') ?? one.textContent ?? '').trim().startsWith(label))
  if (!found) throw new Error(`no button ${label}`)
  found.click()
  return flushPromises()
}

describe('review', () => {
  it('is done by keys alone', async () => {
    const put = new Map<string, unknown>()
    const all = ['a', 'b'].map((id) => aDocument(id, { status: 'needs_review', topics: [AI] }))
    const { wrapper, warned } = await open(ReviewView, ({ method, path, body }) => {
      if (path === '/api/v1/documents') return { body: { items: all, next_cursor: null } }
      const [, , , , id = '', what] = path.split('/')
      if (what === 'text') return { body: `Text of ${id}. ${'long '.repeat(1000)}` }
      if (method === 'PUT') put.set(id, (body as { topic_ids: string[] }).topic_ids)
      if (path.startsWith('/api/v1/documents/')) return { body: aDocument(id, put.has(id) ? {} : { status: 'needs_review', topics: [AI] }) }
      return undefined
    })
    expect(wrapper.get('article').text()).toContain('Text of a.')
    expect(wrapper.get('[role="region"]').text().length).toBeLessThan(2100)
    expect(wrapper.text()).toContain('2 left')
    press('a')
    await flushPromises()
    expect(put.get('a')).toEqual(['t2'])
    expect(wrapper.get('[role="status"]').text()).toContain('b.txt')
    expect(document.activeElement?.textContent).toBe('b.txt')
    press('1')
    press('2')
    await flushPromises()
    expect(wrapper.findAll('[aria-pressed="true"]').map((one) => one.text())).toEqual([expect.stringContaining('Invoices')])
    press('Enter')
    await flushPromises()
    expect(put.get('b')).toEqual(['t1'])
    expect(wrapper.get('h2').text()).toBe('Everything is reviewed')
    expect(warned).not.toHaveBeenCalled()
  })
})

describe('trash', () => {
  it('asks before it deletes for good, and tells how much goes', async () => {
    const gone: string[] = []
    const { wrapper, log, warned } = await open(TrashView, ({ method, path }) => {
      if (path === '/api/v1/documents') {
        const items = ['a', 'b'].filter((id) => !gone.includes(id)).map((id) => aDocument(id, { deleted_at: '2026-01-02T00:00:00Z' }))
        return { body: { items, next_cursor: null } }
      }
      if (method !== 'DELETE') return undefined
      gone.push(path.split('/')[4] ?? '')
      return { status: 204 }
    })
    expect(wrapper.findAll('li')).toHaveLength(2)
    await click('Empty the trash')
    expect(document.querySelector('[role="alertdialog"]')?.textContent).toContain('2 documents')
    await click('Cancel')
    expect(log.some(({ method }) => method === 'DELETE')).toBe(false)
    await click('Empty the trash')
    await flushPromises()
    const yes = document.querySelectorAll<HTMLButtonElement>('[role="alertdialog"] button')[1]
    yes?.click()
    await flushPromises()
    expect(gone.sort()).toEqual(['a', 'b'])
    expect(wrapper.text()).toContain('The trash is empty')
    expect(useNotices().notices[0]?.text).toContain('2 documents')
    expect(warned).not.toHaveBeenCalled()
  })

  it('leads to the document that stands in the way of a restore', async () => {
    const { router } = await open(TrashView, ({ path }) => {
      if (path === '/api/v1/documents') return { body: { items: [aDocument('a', { deleted_at: '2026-01-02T00:00:00Z' })], next_cursor: null } }
      if (path.endsWith('/restore')) return { status: 409, body: problemBody('duplicate', 409, { existing_id: 'twin' }) }
      return undefined
    })
    await click('Restore a.txt')
    await useNotices().notices[0]?.action?.run()
    expect(router.currentRoute.value.params.id).toBe('twin')
  })
})

describe('topics', () => {
  it('says in place that a name is taken, and keeps what was entered', async () => {
    const { warned } = await open(TopicsView, ({ method }) => (method === 'POST' ? { status: 409, body: problemBody('duplicate_topic', 409) } : undefined))
    await click('New topic')
    const input = document.querySelector<HTMLInputElement>('[role="dialog"] input[required]')
    if (!input) throw new Error('no field')
    input.value = 'Letters'
    input.dispatchEvent(new Event('input'))
    document.querySelector('[role="dialog"] form')?.dispatchEvent(new Event('submit', { cancelable: true }))
    await flushPromises()
    expect(document.querySelector('[role="dialog"] [role="alert"]')?.textContent).toContain('Another topic has this name')
    expect(input.getAttribute('aria-invalid')).toBe('true')
    expect(input.value).toBe('Letters')
    expect(warned).not.toHaveBeenCalled()
  })

  it('tells before a merge what it does', async () => {
    const { log } = await open(TopicsView, ({ path }) => (path.endsWith('/merge') ? { body: TOPICS[1] } : undefined))
    await click('Merge Invoices')
    const select = document.querySelector<HTMLSelectElement>('[role="dialog"] select')
    if (!select) throw new Error('no choice')
    expect([...select.options].slice(1).map((option) => option.text)).toEqual(['Letters'])
    select.value = 't2'
    select.dispatchEvent(new Event('change'))
    await flushPromises()
    expect(document.querySelector('[role="dialog"]')?.textContent).toContain('3 documents will stand under “Letters”')
    document.querySelector('[role="dialog"] form')?.dispatchEvent(new Event('submit', { cancelable: true }))
    await flushPromises()
    expect(log.find(({ path }) => path === '/api/v1/topics/t1/merge')?.body).toEqual({ into: 't2' })
  })

  it('asks before it deletes one, and says that documents stay', async () => {
    const { wrapper, log } = await open(TopicsView, ({ method }) => (method === 'DELETE' ? { status: 204 } : undefined))
    await wrapper.get('input[type="search"]').setValue('invo')
    expect(wrapper.findAll('[data-topic]')).toHaveLength(1)
    await click('Delete Invoices')
    expect(document.querySelector('[role="alertdialog"]')?.textContent).toContain('3 documents lose this topic')
    document.querySelectorAll<HTMLButtonElement>('[role="alertdialog"] button')[1]?.click()
    await flushPromises()
    expect(log.filter(({ method }) => method === 'DELETE').map(({ path }) => path)).toEqual(['/api/v1/topics/t1'])
  })
})
