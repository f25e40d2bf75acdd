import { describe, expect, it } from 'vitest'
import { addressOf, askedFor, criteriaOf, FAMILIES, narrows, type Family } from './criteria'

const TOPIC = '018f3c1e-0000-7000-8000-000000000001'

describe('an address', () => {
  it('says all criteria, and the criteria say the address again', () => {
    const query = { q: 'rent', topic: [TOPIC], status: ['ready', 'failed'], type: ['pdf'], from: '2026-01-01', to: '2026-01-31', sort: 'filename' }
    const criteria = criteriaOf(query)
    expect(addressOf(criteria)).toEqual(query)
    expect(narrows(criteria)).toBe(true)
  })

  it('is empty for all documents, newest first', () => {
    const criteria = criteriaOf({})
    expect(criteria.sort).toBe('-created_at')
    expect(addressOf(criteria)).toEqual({})
    expect(narrows(criteria)).toBe(false)
  })

  it('loses what means nothing', () => {
    const criteria = criteriaOf({ topic: 'x', status: ['gone', 'ready'], type: 'exe', from: '2026-13-01', sort: 'relevance' })
    expect(addressOf(criteria)).toEqual({ status: ['ready'] })
    expect(criteria.sort).toBe('-created_at')
  })

  it('sorts by relevance once there are words', () => {
    expect(criteriaOf({ q: 'a' }).sort).toBe('relevance')
  })
})

describe('the question', () => {
  it('names families by their MIME types', () => {
    expect(askedFor(criteriaOf({ type: ['pdf', 'image'] })).content_type).toEqual(['application/pdf', 'image/*'])
  })

  it.each([
    // docs/formats.md
    ['PDF', 'application/pdf'], ['picture', 'image/heif'], ['text', 'text/markdown'], ['HTML', 'text/html'], ['JSON', 'application/json'],
    ['DOCX', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'], ['DOC', 'application/msword'],
    ['XLSX', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'], ['XLS', 'application/vnd.ms-excel'],
    ['PPTX', 'application/vnd.openxmlformats-officedocument.presentationml.presentation'], ['PPT', 'application/vnd.ms-powerpoint'],
    ['ODT', 'application/vnd.oasis.opendocument.text'], ['ODS', 'application/vnd.oasis.opendocument.spreadsheet'],
    ['ODP', 'application/vnd.oasis.opendocument.presentation'], ['RTF', 'application/rtf'], ['EPUB', 'application/epub+zip'],
    ['mail', 'message/rfc822'], ['mail of Outlook', 'application/vnd.ms-outlook'], ['ZIP', 'application/zip'],
    // And what is kept.
    ['7z', 'application/x-7z-compressed'], ['gzip', 'application/gzip'], ['tar', 'application/x-tar'], ['RAR', 'application/vnd.rar'],
    ['sound', 'audio/mpeg'], ['film', 'video/mp4'], ['font', 'font/woff2'], ['program', 'application/x-executable'], ['nobody knows', 'application/octet-stream'],
  ])('finds each kind of file in one family: %s', (_, type) => {
    const names = (family: Family) => askedFor(criteriaOf({ type: family })).content_type ?? []
    const finds = (family: Family) => names(family).some((name) => (name.endsWith('/*') ? type.startsWith(name.slice(0, -1)) : type === name))
    expect(FAMILIES.filter(finds)).toHaveLength(1)
  })

  it('means whole days of the own calendar, the last one too', () => {
    const { created_from, created_to } = askedFor(criteriaOf({ from: '2026-01-31', to: '2026-01-31' }))
    expect(created_from).toBe(new Date(2026, 0, 31).toISOString())
    expect(created_to).toBe(new Date(2026, 1, 1).toISOString())
  })
})
