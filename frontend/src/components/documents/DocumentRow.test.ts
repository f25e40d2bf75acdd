import { aDocument, freshPinia, show } from '@/test/page'
import type { Document } from '@/api/types'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import DocumentRow from './DocumentRow.vue'

let unmount = () => {}
beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  unmount()
  vi.useRealTimers()
})

function open(more: Partial<Document> = {}, passing = false) {
  const { wrapper } = show(DocumentRow, { props: { document: aDocument('a', more), wide: true, selected: false, query: {}, passing } }, freshPinia())
  unmount = () => wrapper.unmount()
  return wrapper
}

/** The row stays where it is for as long. */
async function stay(ms: number) {
  vi.advanceTimersByTime(ms)
  await nextTick()
}

const FAILED = { status: 'failed' as const, error: { code: 'password', message: 'Protected.' } }

describe('a row of the list', () => {
  it('has a picture of the first page, which holds up nothing', async () => {
    const wrapper = open({ has_thumbnail: true, updated_at: '2026-03-04T05:06:07Z' })
    await stay(300)
    expect(wrapper.get('img').attributes()).toMatchObject({
      src: '/api/v1/documents/a/thumbnail?v=2026-03-04T05%3A06%3A07Z', alt: '', loading: 'lazy', decoding: 'async', width: '40', height: '48',
    })
  })

  it('asks for the picture anew when the document was read again', async () => {
    const wrapper = open({ has_thumbnail: true })
    await stay(300)
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
    await stay(300)
    expect(broken.get('img').element.parentElement!.className).toBe(box.className)
    await broken.get('img').trigger('error')
    await nextTick()
    expect(broken.find('img').exists()).toBe(false)
    expect(broken.find('svg.lucide-file-spreadsheet').exists()).toBe(true)
  })

  it('shows its name alone while rows rush by, and all of it from then on', async () => {
    const wrapper = open({ filename: 'a lease.pdf' }, true)
    expect(wrapper.get('a').text()).toBe('a lease.pdf')
    expect(wrapper.find('[data-status]').exists()).toBe(false)
    await wrapper.setProps({ passing: false })
    expect(wrapper.find('[data-status]').exists()).toBe(true)
    await wrapper.setProps({ passing: true })
    expect(wrapper.find('[data-status]').exists()).toBe(true)
  })

  it('asks for no picture where it is only passed', async () => {
    const wrapper = open({ has_thumbnail: true })
    await stay(200)
    expect(wrapper.find('img').exists()).toBe(false)
    expect(wrapper.find('svg.lucide-file-text').exists()).toBe(false)
    unmount()
    unmount = () => {}
    expect(vi.getTimerCount()).toBe(0)
  })

  it('waits for its picture no longer than it is there', async () => {
    const wrapper = open({ has_thumbnail: true })
    await stay(300)
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
