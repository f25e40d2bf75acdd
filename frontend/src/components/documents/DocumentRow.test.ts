import { aDocument, freshPinia, show } from '@/test/page'
import type { Document } from '@/api/types'
import { afterEach, describe, expect, it } from 'vitest'
import { nextTick } from 'vue'
import DocumentRow from './DocumentRow.vue'

let unmount = () => {}
afterEach(() => unmount())

function open(more: Partial<Document> = {}) {
  const { wrapper } = show(DocumentRow, { props: { document: aDocument('a', more), wide: true, selected: false, query: {} } }, freshPinia())
  unmount = () => wrapper.unmount()
  return wrapper
}

const FAILED = { status: 'failed' as const, error: { code: 'password', message: 'Protected.' } }

describe('a row of the list', () => {
  it('has a picture of the first page, which holds up nothing', () => {
    const picture = open({ has_thumbnail: true, updated_at: '2026-03-04T05:06:07Z' }).get('img')
    expect(picture.attributes()).toMatchObject({
      src: '/api/v1/documents/a/thumbnail?v=2026-03-04T05%3A06%3A07Z', alt: '', loading: 'lazy', decoding: 'async', width: '40', height: '48',
    })
  })

  it('asks for the picture anew when the document was read again', async () => {
    const wrapper = open({ has_thumbnail: true })
    const before = wrapper.get('img').attributes('src')
    await wrapper.setProps({ document: aDocument('a', { has_thumbnail: true, updated_at: '2026-03-04T05:06:07Z' }) })
    expect(wrapper.get('img').attributes('src')).not.toBe(before)
  })

  it('has the kind of file in the same box where there is no picture, or none came', async () => {
    const wrapper = open({ content_type: 'text/csv' })
    expect(wrapper.find('img').exists()).toBe(false)
    const box = wrapper.get('svg.lucide-file-spreadsheet').element.parentElement!
    unmount()

    const broken = open({ has_thumbnail: true, content_type: 'text/csv' })
    expect(broken.get('img').element.parentElement!.className).toBe(box.className)
    await broken.get('img').trigger('error')
    await nextTick()
    expect(broken.find('img').exists()).toBe(false)
    expect(broken.find('svg.lucide-file-spreadsheet').exists()).toBe(true)
  })

  it('waits for its picture no longer than it is there', () => {
    const wrapper = open({ has_thumbnail: true })
    const picture = wrapper.get('img').element
    unmount()
    unmount = () => {}
    expect(picture.hasAttribute('src')).toBe(false)
  })

  it('says why it was not read, and what can be done', () => {
    expect(open({ ...FAILED, content_type: 'application/pdf' }).text()).toContain('enter the password to have it read')
    unmount()
    expect(open({ ...FAILED, content_type: 'application/zip' }).text()).toContain('Put in a copy without a password')
    unmount()
    expect(open({ ...FAILED, error: { code: 'of_tomorrow', message: 'What the vault says.' } }).text()).toContain('What the vault says.')
    unmount()
    expect(open({ ...FAILED, status: 'processing' }).text()).not.toContain('password')
  })
})
