import type { PDFDocumentProxy } from '@/lib/pdf'
import { show } from '@/test/page'
import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import PdfPage from './PdfPage.vue'

vi.mock('@/lib/pdf', () => ({
  TextLayer: class {
    textDivs = []
    render = async () => undefined
    cancel() {}
  },
}))

/** Tells what comes near the screen and goes from there. */
class Observer {
  static readonly all: Observer[] = []
  constructor(readonly tell: (entries: unknown[]) => void) {
    Observer.all.push(this)
  }
  observe() {}
  disconnect() {}
}

enableAutoUnmount(afterEach)
beforeEach(() => {
  Observer.all.length = 0
  vi.stubGlobal('IntersectionObserver', Observer)
})

/** A page of a PDF as pdf.js gives it, each drawing of which goes on until a test ends it. */
async function open() {
  const log: string[] = []
  let end: { drawn(): void; failed(thrown: Error): void } | undefined
  const page = {
    getViewport: ({ scale }: { scale: number }) => ({ width: 200 * scale, height: 300 * scale }),
    streamTextContent: () => undefined,
    render() {
      log.push('draw')
      const promise = new Promise<void>((resolve, reject) => (end = { drawn: resolve, failed: reject }))
      const cancel = () => {
        log.push('cancel')
        end?.failed(Object.assign(new Error('cancelled'), { name: 'RenderingCancelledException' }))
      }
      return { promise, cancel }
    },
    cleanup: () => log.push('cleanup'),
  }
  const pdf = { getPage: async () => page } as unknown as PDFDocumentProxy
  const { wrapper } = show(PdfPage, { props: { pdf, number: 1, width: 400, ratio: 1.4, q: '' } })
  await flushPromises()
  async function near(is: boolean) {
    for (const { tell } of Observer.all) tell([{ isIntersecting: is, intersectionRect: { height: 0 } }])
    await flushPromises()
  }
  async function ends(how: 'drawn' | 'failed') {
    if (how === 'drawn') end?.drawn()
    else end?.failed(new Error('damaged'))
    await flushPromises()
  }
  return { wrapper, log, near, ends, canvas: () => wrapper.get('canvas').element }
}

describe('a page of a PDF', () => {
  it('gives its memory back when nobody is near it, the decoded pictures too, and is drawn again', async () => {
    const { log, near, ends, canvas } = await open()
    await near(true)
    await ends('drawn')
    expect(canvas().width).toBe(400)
    log.length = 0
    await near(false)
    expect(canvas().width).toBe(0)
    expect(log.at(-1)).toBe('cleanup')
    await near(true)
    expect(log.at(-1)).toBe('draw')
    expect(canvas().width).toBe(400)
  })

  it('ends its drawing before it gives the memory back: pdf.js frees nothing that is drawn with', async () => {
    const { log, near } = await open()
    await near(true)
    await near(false)
    expect(log).toEqual(['draw', 'cancel', 'cleanup'])
  })

  it('is an empty sheet that says so where it can not be drawn, and offers to open the PDF anew', async () => {
    const { wrapper, near, ends, canvas } = await open()
    await near(true)
    await ends('failed')
    expect(canvas().width).toBe(0)
    expect(wrapper.text()).toContain("page can't be shown")
    await wrapper.get('button').trigger('click')
    expect(wrapper.emitted('retry')).toHaveLength(1)
    // Some pass by themselves.
    await near(false)
    await near(true)
    await ends('drawn')
    expect(wrapper.text()).toBe('')
  })

  it('says nothing of a drawing that was ended because the page went away, or is wanted larger', async () => {
    const { wrapper, log, near, ends, canvas } = await open()
    await near(true)
    await wrapper.setProps({ width: 800 })
    await flushPromises()
    await ends('drawn')
    await near(false)
    await near(true)
    await near(false)
    expect(log.filter((did) => did === 'draw')).toHaveLength(3)
    expect(wrapper.text()).toBe('')
    expect(canvas().width).toBe(0)
  })
})
