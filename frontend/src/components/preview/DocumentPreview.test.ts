import { aDocument, show } from '@/test/page'
import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import DocumentPreview from './DocumentPreview.vue'

enableAutoUnmount(afterEach)

const gone = () => {
  throw new TypeError('Failed to fetch dynamically imported module')
}
vi.mock('./PdfPreview.vue', () => gone())
vi.mock('./TextPreview.vue', () => gone())

describe('the preview of a document', () => {
  it.each(['application/pdf', 'text/plain'])('says that it could not be fetched, and offers to load the page anew: %s', async (type) => {
    vi.spyOn(console, 'error').mockReturnValue()
    vi.spyOn(console, 'warn').mockReturnValue()
    const reload = vi.spyOn(location, 'reload').mockReturnValue()
    const { wrapper } = show(DocumentPreview, { props: { document: aDocument('a', { content_type: type }), q: '' } })
    await vi.waitFor(async () => {
      await flushPromises()
      expect(wrapper.text()).toContain('could not be loaded')
    })
    await wrapper.get('button').trigger('click')
    expect(reload).toHaveBeenCalledOnce()
    reload.mockRestore()
  })
})
