import { aDocument, freshPinia, stubEvents, stubVault, type Asked, type FakeEventSource } from '@/test/page'
import type { Document, DocumentEvent } from '@/api/types'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { useDocuments } from './documents'
import { useLive } from './live'

const LOCKED = aDocument('a', { content_type: 'application/pdf', status: 'failed', error: { code: 'password', message: 'Protected.' }, text_source: 'none' })

let events: FakeEventSource
let log: Asked[]
/** Happens at the vault before it answers. */
let meanwhile: () => void

function told(more: Partial<Document> = {}): DocumentEvent {
  const { id, status, topics, content_type, text_truncated, has_thumbnail, text_source, error, filename, title, topics_by_user, language, page_count, deleted_at } = { ...LOCKED, ...more }
  return { id, status, topics, content_type, text_truncated, has_thumbnail, text_source, error, filename, title, topics_by_user, language, page_count, deleted_at }
}

beforeEach(() => {
  meanwhile = () => undefined
  log = stubVault(({ path }) => {
    meanwhile()
    if (path === '/api/v1/documents/a/unlock') return { status: 202, body: { ...LOCKED, status: 'pending' } }
    return path === '/api/v1/documents/a' ? { body: { ...LOCKED, status: 'pending', author: 'Ada' } } : undefined
  })
  const opened = stubEvents()
  freshPinia()
  useDocuments()
  useLive().start()
  events = opened[0] as FakeEventSource
})

describe('documents', () => {
  it('hand a password on once, and keep it nowhere', async () => {
    const documents = useDocuments()
    documents.put(LOCKED)
    expect((await documents.unlock('a', 'open sesame')).status).toBe('pending')
    expect(log).toMatchObject([{ method: 'POST', path: '/api/v1/documents/a/unlock', body: { password: 'open sesame' } }])
    expect(JSON.stringify([...documents.byId])).not.toContain('sesame')
    expect(documents.get('a')?.status).toBe('pending')
  })

  it('know better than an answer what was told while it was under way', async () => {
    const documents = useDocuments()
    documents.put(LOCKED)
    meanwhile = () => events.say('document', told({ status: 'ready', error: null, text_source: 'embedded' }))
    await documents.unlock('a', 'secret')
    expect(documents.get('a')).toMatchObject({ status: 'ready', error: null, text_source: 'embedded' })

    meanwhile = () => events.say('document', told({ status: 'needs_review', error: null }))
    await documents.fetch('a')
    expect(documents.get('a')).toMatchObject({ status: 'needs_review', author: 'Ada' })

    meanwhile = () => undefined
    await documents.fetch('a')
    expect(documents.get('a')?.status).toBe('pending')
  })

  it('are not there any more where they went for good while they were asked for', async () => {
    meanwhile = () => events.say('purged', { id: 'a' })
    await expect(useDocuments().fetch('a')).rejects.toMatchObject({ code: 'not_found' })
    expect(useDocuments().get('a')).toBeUndefined()
  })

  it('have a picture at another address as soon as it may be another one', () => {
    vi.useFakeTimers({ now: new Date('2026-02-01T00:00:00Z') })
    const documents = useDocuments()
    const plain = documents.put(aDocument('a'))
    expect(documents.pictureUrl(plain)).toBeUndefined()
    events.say('document', told({ has_thumbnail: true, status: 'ready' }))
    const first = documents.pictureUrl(documents.get('a')!)
    expect(first).toBe('/api/v1/documents/a/thumbnail?v=2026-02-01T00%3A00%3A00.000Z')
    vi.advanceTimersByTime(1000)
    events.say('document', told({ has_thumbnail: true, status: 'ready' }))
    expect(documents.pictureUrl(documents.get('a')!)).not.toBe(first)
    vi.useRealTimers()
  })
})
