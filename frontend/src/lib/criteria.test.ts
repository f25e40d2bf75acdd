import { describe, expect, it } from 'vitest'
import { addressOf, askedFor, criteriaOf, narrows } from './criteria'

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

  it('means whole days of the own calendar, the last one too', () => {
    const { created_from, created_to } = askedFor(criteriaOf({ from: '2026-01-31', to: '2026-01-31' }))
    expect(created_from).toBe(new Date(2026, 0, 31).toISOString())
    expect(created_to).toBe(new Date(2026, 1, 1).toISOString())
  })
})
