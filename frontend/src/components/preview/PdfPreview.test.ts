import { aDocument, show } from '@/test/page'
import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import DocumentPreview from './DocumentPreview.vue'
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

/** A page that could not be drawn. */
vi.mock('./PdfPage.vue', () => ({
  default: {
    props: ['pdf', 'number', 'width', 'ratio', 'q'],
    emits: ['visible', 'retry'],
    template: '<button :data-page="number" :data-width="width" @click="$emit(`retry`)" />',
  },
}))

let unmount = () => {}
beforeEach(() => (pdf.tried.length = 0))
afterEach(() => {
  unmount()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

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

describe('the preview of a PDF that is opened anew', () => {
  it('goes on at the page, and as large, as it was', async () => {
    vi.stubGlobal('ResizeObserver', class {
      constructor(readonly tell: (entries: unknown[]) => void) {}
      observe = () => this.tell([{ contentBoxSize: [{ inlineSize: 832, blockSize: 600 }] }])
      disconnect() {}
    })
    vi.spyOn(Element.prototype, 'getBoundingClientRect').mockImplementation(function (this: Element) {
      return { top: 100 + 1000 * (Number(this.getAttribute('data-page') ?? 1) - 1) } as DOMRect
    })
    const document = aDocument('a', { content_type: 'application/pdf' })
    const { wrapper } = show(DocumentPreview, { props: { document, q: '' } })
    unmount = () => wrapper.unmount()
    async function opened() {
      await vi.waitFor(() => expect(wrapper.find('[role="region"]').exists()).toBe(true))
      pdf.ask(1)
      await flushPromises()
      await wrapper.get('input').setValue('secret')
      await wrapper.get('form').trigger('submit')
      await flushPromises()
    }
    const place = () => [wrapper.get('[role="region"]').element.scrollTop, wrapper.get('[data-page]').attributes('data-width')]
    await opened()
    expect(place()).toEqual([0, '800'])
    await wrapper.get('button[aria-label="Larger"]').trigger('click')
    await wrapper.get('[data-page="3"]').trigger('click')
    await opened()
    expect(place()).toEqual([2000, '1000'])
    await wrapper.setProps({ document: { ...document, id: 'b' } })
    await opened()
    expect(place()).toEqual([0, '800'])
  })
})
