import { aDocument, show } from '@/test/page'
import type { Document } from '@/api/types'
import { afterEach, describe, expect, it } from 'vitest'
import DocumentDetails from './DocumentDetails.vue'

let unmount = () => {}
afterEach(() => unmount())

function details(more: Partial<Document>): Record<string, string> {
  const { wrapper } = show(DocumentDetails, { props: { document: aDocument('a', more) } })
  unmount()
  unmount = () => wrapper.unmount()
  return Object.fromEntries(wrapper.findAll('[data-detail]').map((row) => [row.attributes('data-detail'), row.text()]))
}

describe('the details of a document', () => {
  it('say where its text comes from, and that there is more', () => {
    expect(details({ text_source: 'embedded' }).textSource).toBe('Stands in the file')
    expect(details({ text_source: 'ocr' }).textSource).toBe('Read off its pictures')
    expect(details({ text_source: 'mixed' }).textSource).toBe('Stands in the file in part, read off pictures in part')
    expect(details({ text_source: 'none' }).textSource).toBe('There is none')
    expect(details({ text_source: 'ocr', text_truncated: true }).textSource).toBe('Read off its pictures · there is more in the file')
    expect(details({ text_source: null })).not.toHaveProperty('textSource')
  })

  it('have what the file says of itself', () => {
    const known = details({ author: 'Ada Lovelace', file_created_at: '1843-09-01T12:00:00Z', file_modified_at: '2025-01-02T12:00:00Z' })
    expect(known).toMatchObject({ author: 'Ada Lovelace', fileCreated: expect.stringContaining('1843') as string, fileModified: expect.stringContaining('2025') as string })
    expect(Object.keys(details({}))).not.toEqual(expect.arrayContaining(['author']))
  })

  it('have what it was declared as where that was wrong', () => {
    const type = { content_type: 'text/plain' }
    expect(details({ ...type, declared_type: 'application/pdf' }).declaredType).toBe('application/pdf')
    expect(details({ ...type, declared_type: 'Text/Plain; charset=utf-8' })).not.toHaveProperty('declaredType')
    expect(details({ ...type, declared_type: null })).not.toHaveProperty('declaredType')
  })
})
