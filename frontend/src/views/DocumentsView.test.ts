import { useLive } from '@/stores/live'
import { useTopics } from '@/stores/topics'
import { aDocument, aTopic, freshPinia, show, stubEvents, stubVault, type FakeEventSource } from '@/test/page'
import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import { RouterView } from 'vue-router'
import DocumentsView from './DocumentsView.vue'

enableAutoUnmount(afterEach)

const dialog = () => document.querySelector('[role="dialog"]')
function button(label: string): HTMLButtonElement {
  const found = [...(dialog() ?? document).querySelectorAll('button')].find((one) => one.textContent?.trim() === label)
  if (!found) throw new Error(`no button ${label}`)
  return found
}

async function click(element: HTMLElement) {
  element.click()
  await flushPromises()
}

/** What waits for a review: two documents, both of them selected. */
async function open() {
  let kept = ['b', 'a']
  const log = stubVault(({ method, path }) => {
    if (path === '/api/v1/documents') return { body: { items: kept.map((id) => aDocument(id)), next_cursor: null } }
    if (path === '/api/v1/topics') return { body: { items: [aTopic('t', 'Rent')] } }
    if (method === 'PUT') return { body: aDocument(path.split('/')[4]!) }
    return undefined
  })
  const opened = stubEvents()
  const pinia = freshPinia()
  useLive().start()
  await useTopics().load()
  const { wrapper, router } = show(RouterView, {}, pinia)
  router.addRoute({ path: '/', name: 'documents', component: DocumentsView, meta: { title: 'common.nav.documents' } })
  await router.push('/?status=needs_review')
  await flushPromises()
  for (const id of kept) await wrapper.get(`input[aria-label="Select ${id}.txt"]`).trigger('click')
  /** The list as it is now. */
  async function become(...ids: string[]) {
    kept = ids
    ;(opened[0] as FakeEventSource).say('sync')
    await flushPromises()
  }
  return { wrapper, router, log, become }
}

describe('the list of documents', () => {
  it('keeps a dialog, and what it is about, where the list loses the rows meanwhile', async () => {
    const { wrapper, log, become } = await open()
    await click(button('Add topics'))
    await become('b')
    await become()
    expect(dialog()?.textContent).toContain('Add topics to 2 documents')
    await click(document.querySelector<HTMLElement>('[role="option"]')!)
    await click(button('Add'))
    expect(dialog()).toBeNull()
    expect(log.filter(({ method }) => method === 'PUT').map(({ path, body }) => [path, body])).toEqual([
      ['/api/v1/documents/b/topics', { topic_ids: ['t'] }],
      ['/api/v1/documents/a/topics', { topic_ids: ['t'] }],
    ])
    expect(wrapper.find('section[aria-label="With the selected documents"]').exists()).toBe(false)
  })

  it('lets go of what was selected in another list', async () => {
    const { wrapper, router } = await open()
    await click(button('Add topics'))
    await router.push('/')
    await flushPromises()
    expect(dialog()).toBeNull()
    expect(wrapper.findAll('input:checked')).toHaveLength(0)
  })
})
