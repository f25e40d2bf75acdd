import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { useAbout } from './about'
import { useDocuments } from './documents'
import { AT_ONCE, TRIES, useUploads } from './uploads'

/** The browser's own request, answered by hand. */
class Request extends EventTarget {
  static made: Request[] = []
  readonly upload = new EventTarget()
  status = 0
  responseText = ''
  form?: FormData
  private headers: Record<string, string> = {}
  private ended = false

  constructor() {
    super()
    Request.made.push(this)
  }

  open() {}
  setRequestHeader() {}
  getResponseHeader(name: string) {
    return this.headers[name] ?? null
  }

  send(form: FormData) {
    this.form = form
  }

  abort() {
    this.end('abort')
  }

  progress(loaded: number) {
    this.upload.dispatchEvent(new ProgressEvent('progress', { loaded }))
  }

  answer(status: number, body: unknown, headers: Record<string, string> = {}) {
    this.status = status
    this.responseText = JSON.stringify(body)
    this.headers = headers
    return this.end('load')
  }

  async end(how: 'load' | 'error' | 'abort') {
    if (this.ended) return
    this.ended = true
    this.dispatchEvent(new ProgressEvent(how))
    this.dispatchEvent(new ProgressEvent('loadend'))
    await vi.advanceTimersByTimeAsync(0)
  }
}

const file = (name: string, text = 'some text') => new File([text], name, { type: 'text/plain' })
const files = (count: number) => Array.from({ length: count }, (_, at) => file(`${at}.txt`))
const document = (id: string) => ({
  id, filename: 'a.txt', title: null, content_type: 'text/plain', size_bytes: 9, sha256: '0'.repeat(64), status: 'pending', error: null,
  language: null, page_count: null, topics: [], topics_by_user: false, deleted_at: null, created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z',
})
const problem = (status: number, code: string, more = {}) => ({
  type: `urn:docuvault:problem:${code}`, title: code, status, detail: code, code, request_id: '018f0000-0000-7000-8000-000000000000', ...more,
})

describe('uploads', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    setActivePinia(createPinia())
    Request.made = []
    vi.stubGlobal('XMLHttpRequest', Request)
  })
  afterEach(() => vi.useRealTimers())

  it('sends a few at a time, and all of them', async () => {
    const uploads = useUploads()
    uploads.add(files(10))
    expect(Request.made).toHaveLength(AT_ONCE)
    expect(uploads.counts).toMatchObject({ sending: AT_ONCE, waiting: 10 - AT_ONCE })
    for (let at = 0; at < 10; at++) {
      await Request.made[at]!.answer(201, document(`d${at}`))
      expect(uploads.counts.sending).toBeLessThanOrEqual(AT_ONCE)
    }
    expect(uploads.counts).toMatchObject({ kept: 10, sending: 0, waiting: 0 })
    expect(uploads.running).toBe(false)
    expect(useDocuments().get('d7')?.status).toBe('pending')
  })

  it('names the file without its folder, as the last part of the form', () => {
    const inFolder = file('letter.txt')
    Object.defineProperty(inFolder, 'webkitRelativePath', { value: 'private/2026/letter.txt' })
    useUploads().add([inFolder])
    const parts = [...Request.made[0]!.form!.entries()]
    expect(parts.at(-1)![0]).toBe('file')
    expect((parts.at(-1)![1] as File).name).toBe('letter.txt')
  })

  it('tells how far each is, and all together', () => {
    const uploads = useUploads()
    uploads.add([file('a', 'x'.repeat(100)), file('b', 'x'.repeat(300))])
    Request.made[0]!.progress(60)
    // What the form adds is not counted: there is no more to send than the file has.
    Request.made[1]!.progress(450)
    expect(uploads.all.map((upload) => upload.sent)).toEqual([60, 300])
    expect(uploads.bytes).toEqual({ sent: 360, all: 400 })
  })

  it('links one that is there already to the document that has its bytes, and keeps both when asked to', async () => {
    const uploads = useUploads()
    uploads.add([file('again.txt')])
    await Request.made[0]!.answer(409, problem(409, 'duplicate', { existing_id: 'old' }))
    const upload = uploads.all[0]!
    expect(upload).toMatchObject({ state: 'duplicate', documentId: 'old' })
    uploads.retry(upload, true)
    expect([...Request.made[1]!.form!.keys()]).toEqual(['on_duplicate', 'file'])
    await Request.made[1]!.answer(201, document('new'))
    expect(upload).toMatchObject({ state: 'kept', documentId: 'new' })
  })

  it('refuses what is empty or too large before anything is sent', () => {
    useAbout().about = { version: '1', max_upload_bytes: 5, trash_days: 30, ai_provider: 'none', ai_min_confidence: 0.5 }
    const uploads = useUploads()
    uploads.add([file('empty', ''), file('large', '123456'), file('fits', '12345')])
    expect(uploads.all.map(({ state, problem }) => [state, problem?.code])).toEqual([
      ['failed', 'empty_file'],
      ['failed', 'too_large'],
      ['sending', undefined],
    ])
    expect(Request.made).toHaveLength(1)
    expect(uploads.all.map(uploads.canRetry)).toEqual([false, false, false])
  })

  it('comes again when the vault said to, and sends nothing else until then', async () => {
    const uploads = useUploads()
    uploads.add(files(AT_ONCE + 1))
    await Request.made[0]!.answer(503, problem(503, 'busy'), { 'Retry-After': '7' })
    expect(uploads.all[0]!.state).toBe('waiting')
    await vi.advanceTimersByTimeAsync(6999)
    expect(Request.made).toHaveLength(AT_ONCE)
    await vi.advanceTimersByTimeAsync(1)
    expect(Request.made).toHaveLength(AT_ONCE + 1)
    await Request.made[AT_ONCE]!.answer(201, document('d'))
    expect(uploads.all[0]!.state).toBe('kept')
  })

  it.each([429, 502, 504])('comes again when a proxy before the vault says %i', async (status) => {
    const uploads = useUploads()
    uploads.add([file('a.txt')])
    await Request.made[0]!.answer(status, '<html>')
    expect(uploads.all[0]!.state).toBe('waiting')
    await vi.advanceTimersByTimeAsync(1000)
    await Request.made[1]!.answer(201, document('d'))
    expect(uploads.all[0]!.state).toBe('kept')
  })

  it.each([502, 504])('leaves it to the person whether to keep it twice where it may have been kept already: %i', async (status) => {
    const uploads = useUploads()
    uploads.add([file('again.txt')])
    await Request.made[0]!.answer(409, problem(409, 'duplicate', { existing_id: 'old' }))
    const upload = uploads.all[0]!
    uploads.retry(upload, true)
    await Request.made[1]!.answer(status, '<html>')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(Request.made).toHaveLength(2)
    expect(upload.state).toBe('failed')
    expect(uploads.canRetry(upload)).toBe(true)
  })

  it('waits no longer than a minute, whatever a proxy says', async () => {
    const uploads = useUploads()
    uploads.add([file('a.txt')])
    await Request.made[0]!.answer(503, '<html>', { 'Retry-After': '3600' })
    await vi.advanceTimersByTimeAsync(59_999)
    expect(Request.made).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(Request.made).toHaveLength(2)
  })

  it('leaves it to the person when a few tries did not help', async () => {
    const uploads = useUploads()
    uploads.add([file('a.txt')])
    for (let tried = 1; tried <= TRIES; tried++) {
      expect(Request.made).toHaveLength(tried)
      await Request.made[tried - 1]!.end('error')
      await vi.advanceTimersByTimeAsync(60_000)
    }
    expect(Request.made).toHaveLength(TRIES)
    expect(uploads.all[0]).toMatchObject({ state: 'failed', problem: { code: 'unreachable' } })
    uploads.retryFailed()
    await Request.made[TRIES]!.answer(201, document('d'))
    expect(uploads.all[0]).toMatchObject({ state: 'kept', problem: undefined })
  })

  it('does not try again what would fail again', async () => {
    const uploads = useUploads()
    uploads.add([file('a.txt')])
    await Request.made[0]!.answer(400, problem(400, 'invalid_filename'))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(Request.made).toHaveLength(1)
    expect(uploads.all[0]).toMatchObject({ state: 'failed', problem: { code: 'invalid_filename' } })
  })

  it('breaks off one that is cancelled, and gives its place to the next', async () => {
    const uploads = useUploads()
    uploads.add(files(AT_ONCE + 2))
    uploads.cancel(uploads.all[AT_ONCE]!)
    uploads.cancel(uploads.all[0]!)
    await vi.advanceTimersByTimeAsync(0)
    expect(uploads.all.map((upload) => upload.state)).toEqual(['cancelled', 'sending', 'sending', 'sending', 'cancelled', 'sending'])
    uploads.cancelAll()
    await vi.advanceTimersByTimeAsync(0)
    expect(uploads.running).toBe(false)
    expect(Request.made).toHaveLength(AT_ONCE + 1)
    uploads.retry(uploads.all[0]!)
    expect(uploads.all[0]!.state).toBe('sending')
  })

  it('forgets those that are through, and only those', async () => {
    const uploads = useUploads()
    uploads.add(files(3))
    await Request.made[1]!.answer(201, document('d'))
    uploads.clear()
    expect(uploads.all.map((upload) => upload.file.name)).toEqual(['0.txt', '2.txt'])
    expect(uploads.counts).toMatchObject({ kept: 0, sending: 2 })
    expect(uploads.bytes.all).toBe(18)
  })
})
