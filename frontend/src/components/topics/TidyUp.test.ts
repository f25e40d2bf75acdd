import ConfirmHost from '@/components/ui/ConfirmHost.vue'
import { useNotices } from '@/stores/notices'
import { useTopics } from '@/stores/topics'
import { aDocument, aTopic, freshPinia, show, stubVault, type Handler } from '@/test/page'
import TopicsView from '@/views/TopicsView.vue'
import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'

enableAutoUnmount(afterEach)

const CLUSTER = {
  name: 'Hive, Queen', words: ['hive', 'queen', 'brood'], count: 4,
  documents: ['a', 'b', 'c', 'd'].map((id) => ({ id, filename: `${id}.txt`, title: id === 'b' ? 'Swarm' : null })),
}

async function open(handler: Handler = () => undefined) {
  const warned = vi.spyOn(console, 'warn')
  const many = Array.from({ length: 7 }, (_, n) => aTopic(`u${n}`, `Unused ${n}`))
  const vault = {
    topics: [aTopic('t1', 'Invoice', { document_count: 3 }), aTopic('t2', 'Invoices', { document_count: 1 }), ...many],
    clusters: [CLUSTER],
  }
  const log = stubVault((asked) => {
    const own = handler(asked)
    if (own) return own
    const { method, path } = asked
    if (path === '/api/v1/topics/suggestions') {
      const named = (id: string) => ({ id, name: vault.topics.find((topic) => topic.id === id)?.name ?? '' })
      return { body: { near_duplicates: [{ topics: [named('t1'), named('t2')], by: 'name', similarity: 0.7 }], unused: many, clusters: vault.clusters } }
    }
    const id = path.split('/')[4] ?? ''
    if (path === '/api/v1/topics' && method === 'GET') return { body: { items: vault.topics } }
    if (path === '/api/v1/topics') {
      const made = aTopic('new', (asked.body as { name: string }).name)
      vault.topics.push(made)
      return { status: 201, body: made }
    }
    if (path.endsWith('/merge') || method === 'DELETE') {
      vault.topics = vault.topics.filter((topic) => topic.id !== id)
      return method === 'DELETE' ? { status: 204 } : { body: vault.topics[0] }
    }
    if (path.startsWith('/api/v1/documents/')) {
      if (method === 'PUT') vault.clusters = []
      return { body: aDocument(id, { status: method === 'PUT' ? 'ready' : 'needs_review' }) }
    }
    return undefined
  })
  const pinia = freshPinia()
  await useTopics().load()
  show(ConfirmHost, {}, pinia)
  const { wrapper } = show(TopicsView, {}, pinia)
  await flushPromises()
  return { wrapper, log, warned }
}

function button(label: string) {
  const all = [...document.querySelectorAll('button')]
  const found = all.filter((one) => (one.getAttribute('aria-label') ?? one.textContent ?? '').trim() === label).at(-1)
  if (!found) throw new Error(`no button ${label}`)
  return found
}

async function click(label: string) {
  button(label).focus()
  button(label).click()
  await flushPromises()
}

describe('tidying up', () => {
  it('shows what was found, each with its button, and a few of many', async () => {
    const { wrapper, warned } = await open()
    expect(wrapper.get('[data-tidy="near"]').text()).toContain('Invoice and Invoices')
    expect(wrapper.get('[data-tidy="near"]').text()).toContain('70 % alike')
    const cluster = wrapper.get('[data-tidy="clusters"]')
    expect(cluster.text()).toContain('4 documents for review: Hive, Queen')
    expect(cluster.findAll('a').map((link) => [link.text(), link.attributes('href')])).toEqual([
      ['a.txt', '/documents/a'], ['Swarm', '/documents/b'], ['c.txt', '/documents/c'],
    ])
    expect(wrapper.findAll('[data-tidy="unused"] li')).toHaveLength(5)
    await click('Show all suggestions')
    expect(wrapper.findAll('[data-tidy="unused"] li')).toHaveLength(7)
    expect(button('Show fewer').getAttribute('aria-expanded')).toBe('true')
    expect(warned).not.toHaveBeenCalled()
  })

  it('merges the one with fewer documents into the other', async () => {
    const { wrapper, log } = await open()
    await click('Merge Invoices into Invoice')
    expect(document.querySelector('select')?.value).toBe('t1')
    await click('Merge')
    const merged = log.find(({ path }) => path.endsWith('/merge'))
    expect([merged?.path, merged?.body]).toEqual(['/api/v1/topics/t2/merge', { into: 't1' }])
    expect(wrapper.find('[data-tidy="near"]').exists()).toBe(false)
  })

  it('deletes what nobody uses, after asking', async () => {
    const { wrapper, log } = await open()
    button('Delete Unused 0').focus()
    const rows = () => wrapper.get('[data-tidy="unused"]').text()
    expect(rows()).toContain('Unused 0')
    wrapper.get('[data-tidy="unused"]').get('[aria-label="Delete Unused 0"]').element.dispatchEvent(new MouseEvent('click', { bubbles: true }))
    await flushPromises()
    await click('Delete')
    expect(log.some(({ method, path }) => method === 'DELETE' && path === '/api/v1/topics/u0')).toBe(true)
    expect(rows()).not.toContain('Unused 0')
  })

  it('makes a topic under a name that can be changed, and puts the documents there', async () => {
    const { wrapper, log } = await open()
    await click('Make the topic Hive, Queen for them')
    const name = document.querySelector<HTMLInputElement>('[role="dialog"] input')
    expect(name?.value).toBe('Hive, Queen')
    if (name) {
      name.value = 'Bees'
      name.dispatchEvent(new Event('input'))
    }
    await flushPromises()
    await click('Make the topic')
    await flushPromises()
    expect(log.find(({ method, path }) => method === 'POST' && path === '/api/v1/topics')?.body).toMatchObject({ name: 'Bees' })
    const puts = log.filter(({ method }) => method === 'PUT')
    expect(puts.map(({ path, body }) => [path.split('/')[4], body])).toEqual(['a', 'b', 'c', 'd'].map((id) => [id, { topic_ids: ['new'] }]))
    expect(useNotices().notices.map(({ text }) => text)).toContain('4 documents stand under “Bees” now.')
    expect(wrapper.find('[data-tidy="clusters"]').exists()).toBe(false)
  })

  it('says what went wrong with the documents', async () => {
    await open(({ method, path }) => (method === 'GET' && path === '/api/v1/documents/b' ? { status: 404 } : undefined))
    await click('Make the topic Hive, Queen for them')
    await click('Make the topic')
    await flushPromises()
    const texts = useNotices().notices.map(({ text }) => text)
    expect(texts).toContain('3 documents stand under “Hive, Queen” now.')
    expect(texts).toHaveLength(2)
  })

  it('is not there where there is nothing to tidy up', async () => {
    const { wrapper } = await open(({ path }) => (path === '/api/v1/topics/suggestions' ? { body: { near_duplicates: [], unused: [], clusters: [] } } : undefined))
    expect(wrapper.text()).not.toContain('Tidy up')
  })
})
