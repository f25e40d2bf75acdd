import { useTopics } from '@/stores/topics'
import { aTopic, freshPinia, show, stubVault } from '@/test/page'
import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import TopicDialog from './TopicDialog.vue'

enableAutoUnmount(afterEach)

/** A vault that keeps one topic, which others change too. */
async function open() {
  const vault = { topic: aTopic('t1', 'Rent', { description: 'The flat', color: '#2563EB' }) }
  const log = stubVault(({ method, path, body }) => {
    if (path === '/api/v1/topics' && method === 'GET') return { body: { items: [vault.topic] } }
    if (path === '/api/v1/topics') return { status: 201, body: { ...vault.topic, ...(body as object) } }
    vault.topic = { ...vault.topic, ...(body as object) }
    return { body: vault.topic }
  })
  const pinia = freshPinia()
  await useTopics().load()
  const { wrapper } = show(TopicDialog, { props: { open: true, topic: useTopics().all[0] } }, pinia)
  await flushPromises()
  async function enter(field: 'input' | 'textarea', text: string) {
    const element = document.querySelector<HTMLInputElement | HTMLTextAreaElement>(`[role="dialog"] ${field}`)!
    element.value = text
    element.dispatchEvent(new Event('input'))
    await flushPromises()
  }
  async function save() {
    document.querySelector('[role="dialog"] form')!.dispatchEvent(new Event('submit', { cancelable: true }))
    await flushPromises()
  }
  const asked = () => log.filter(({ method }) => method !== 'GET').map(({ method, body }) => [method, body])
  return { wrapper, vault, enter, save, asked }
}

describe('the form for a topic', () => {
  it('leaves alone what nobody changed in it, whatever somebody else did meanwhile', async () => {
    const { wrapper, vault, enter, save, asked } = await open()
    vault.topic = { ...vault.topic, name: 'Rent and heating', color: '#b91c1c' }
    await enter('textarea', 'The flat, and the garage ')
    await save()
    expect(asked()).toEqual([['PATCH', { description: 'The flat, and the garage' }]])
    expect(useTopics().all).toMatchObject([{ name: 'Rent and heating', description: 'The flat, and the garage', color: '#b91c1c' }])
    expect(wrapper.emitted('update:open')).toEqual([[false]])
  })

  it('gives another name and colour, and takes the description away', async () => {
    const { enter, save, asked } = await open()
    await enter('input', ' Lease')
    await enter('textarea', '')
    document.querySelector<HTMLButtonElement>('[role="dialog"] fieldset button[aria-pressed="false"]')!.click()
    await flushPromises()
    await save()
    expect(asked()).toEqual([['PATCH', { name: 'Lease', description: '', color: expect.stringMatching(/^#[0-9a-f]{6}$/) }]])
  })

  it('closes without a word to the vault where nothing was changed', async () => {
    const { wrapper, save, asked } = await open()
    await save()
    expect(asked()).toEqual([])
    expect(wrapper.emitted('update:open')).toEqual([[false]])
  })

  it('makes a topic of all that stands in it', async () => {
    const { wrapper, enter, save, asked } = await open()
    await wrapper.setProps({ open: false })
    await wrapper.setProps({ topic: undefined, open: true, proposed: 'Garden' })
    await flushPromises()
    await enter('textarea', 'Seeds')
    await save()
    expect(asked()).toEqual([['POST', { name: 'Garden', description: 'Seeds', color: expect.stringMatching(/^#/) }]])
  })
})
