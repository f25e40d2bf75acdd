import { aDocument, show } from '@/test/page'
import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import DocumentPreview from './DocumentPreview.vue'
// The test itself need not wait for what is fetched when it is needed.
import './PdfPreview.vue'

/** What becomes of each time a PDF is opened, one after the other. */
const pdf = vi.hoisted(() => ({ next: [] as (() => Promise<unknown>)[], opened: 0, destroyed: 0 }))
vi.mock('@/lib/pdf', () => ({
  PasswordResponses: {},
  openPdf: () => ({ promise: pdf.next[pdf.opened++]?.(), destroy: async () => void pdf.destroyed++ }),
}))

enableAutoUnmount(afterEach)
beforeEach(() => (pdf.opened = pdf.destroyed = 0))

async function open(...next: (() => Promise<unknown>)[]) {
  pdf.next = next
  const { wrapper } = show(DocumentPreview, { props: { document: aDocument('a', { content_type: 'application/pdf' }), q: '' } })
  await vi.waitFor(async () => {
    await flushPromises()
    expect(pdf.opened).toBe(1)
  })
  await flushPromises()
  return wrapper
}

const page = { getViewport: () => ({ width: 2, height: 3 }) }

describe('the preview of a PDF', () => {
  it('is opened anew where it could not be, once somebody says so', async () => {
    const wrapper = await open(
      async () => { throw new Error('Unexpected server response (502)') },
      async () => ({ numPages: 3, getPage: async () => page }),
    )
    expect(wrapper.text()).toContain("file can't be shown")
    expect(wrapper.get('button').text()).toBe('Try again')
    await wrapper.get('button').trigger('click')
    await flushPromises()
    expect(wrapper.text()).toContain('Page 1 of 3')
    expect([pdf.opened, pdf.destroyed]).toEqual([2, 1])
  })

  it('shows the other pages where the first is damaged', async () => {
    const getPage = async (number: number) => (number === 1 ? Promise.reject(new Error('damaged')) : page)
    const wrapper = await open(async () => ({ numPages: 3, getPage }))
    expect(wrapper.text()).toContain('Page 1 of 3')
  })
})
