import { show } from '@/test/page'
import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import PdfPreview from './PdfPreview.vue'

/** What pdf.js does with a protected file: it asks, until it is told the right password. */
const pdf = vi.hoisted(() => ({ tried: [] as string[], ask: (() => {}) as (reason: number) => void }))
vi.mock('@/lib/pdf', () => ({
  PasswordResponses: { NEED_PASSWORD: 1, INCORRECT_PASSWORD: 2 },
  openPdf: () => {
    let resolve: (opened: unknown) => void
    const promise = new Promise((opened) => (resolve = opened))
    const task = { promise, destroy: async () => undefined, onPassword: (() => {}) as (update: (word: string) => void, reason: number) => void }
    const update = (word: string) => {
      pdf.tried.push(word)
      if (word === 'secret') resolve({ numPages: 3, getPage: async () => ({ getViewport: () => ({ width: 2, height: 3 }) }) })
      else void Promise.resolve().then(() => pdf.ask(2))
    }
    pdf.ask = (reason) => task.onPassword(update, reason)
    return task
  },
}))

let unmount = () => {}
beforeEach(() => (pdf.tried.length = 0))
afterEach(() => unmount())

async function open(locked: boolean) {
  const { wrapper } = show(PdfPreview, { props: { url: '/a', q: '', locked } })
  unmount = () => wrapper.unmount()
  pdf.ask(1)
  await flushPromises()
  return wrapper
}

describe('the preview of a protected PDF', () => {
  it('asks for the password, until it is the right one', async () => {
    const wrapper = await open(false)
    expect(wrapper.text()).toContain('does not leave your browser')
    for (const word of ['wrong', 'wrong too']) {
      await wrapper.get('input').setValue(word)
      await wrapper.get('form').trigger('submit')
      await flushPromises()
      expect(wrapper.get('[role="status"]').text()).toContain('did not open with this password')
      expect(wrapper.get('input').element.value).toBe('')
    }
    await wrapper.get('input').setValue('secret')
    await wrapper.get('form').trigger('submit')
    await flushPromises()
    expect(wrapper.find('form').exists()).toBe(false)
    expect(wrapper.text()).toContain('Page 1 of 3')
    expect(pdf.tried).toEqual(['wrong', 'wrong too', 'secret'])
  })

  it('is opened along with the document', async () => {
    const wrapper = await open(true)
    expect(wrapper.find('form').exists()).toBe(false)
    expect(wrapper.text()).toContain('Enter the password above')
    wrapper.vm.unlock('wrong')
    await flushPromises()
    expect(wrapper.text()).toContain('Enter the password above')
    wrapper.vm.unlock('secret')
    await flushPromises()
    expect(wrapper.text()).toContain('Page 1 of 3')
  })
})
