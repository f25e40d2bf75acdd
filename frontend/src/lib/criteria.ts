import type { DocumentStatus, ListQuery } from '@/api/types'
import type { LocationQuery, LocationQueryRaw } from 'vue-router'

export const STATUSES = ['pending', 'processing', 'ready', 'needs_review', 'failed'] as const satisfies readonly DocumentStatus[]

/** Kinds of files as people think of them, each as the MIME types that the interface is asked for. */
const TYPES = {
  pdf: ['application/pdf'],
  image: ['image/*'],
  text: ['text/*'],
  other: [
    'application/octet-stream', 'application/zip', 'application/json', 'application/xml', 'application/rtf', 'application/msword',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'application/vnd.oasis.opendocument.text',
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'application/vnd.oasis.opendocument.spreadsheet',
    'audio/*', 'video/*', 'message/*',
  ],
} as const
export type Family = keyof typeof TYPES
export const FAMILIES = Object.keys(TYPES) as Family[]

export const SORTS = ['-created_at', 'created_at', 'filename', '-filename', '-size', 'size'] as const
export const RELEVANCE = 'relevance'
export type Sort = (typeof SORTS)[number] | typeof RELEVANCE

/** What somebody looks for: all of it stands in the address, so that it can be kept, sent and gone back to. */
export interface Criteria {
  q: string
  topics: string[]
  statuses: DocumentStatus[]
  types: Family[]
  /** Days of the person's own calendar, `2026-01-31`; `to` is still part of it. */
  from: string
  to: string
  sort: Sort
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const DAY = /^\d{4}-\d{2}-\d{2}$/

function words(value: LocationQuery[string] | undefined): string[] {
  const all = (Array.isArray(value) ? value : [value]).filter((word): word is string => typeof word === 'string' && word !== '')
  return [...new Set(all)]
}

function day(value: LocationQuery[string] | undefined): string {
  const [text = ''] = words(value)
  return DAY.test(text) && !Number.isNaN(Date.parse(text)) ? text : ''
}

/** How a list is sorted where nobody said how. */
export function usualSort(q: string): Sort {
  return q ? RELEVANCE : '-created_at'
}

/** Reads an address; what it says that means nothing is left out. */
export function criteriaOf(query: LocationQuery): Criteria {
  const q = (words(query.q)[0] ?? '').trim()
  const sorts: readonly Sort[] = q ? [...SORTS, RELEVANCE] : SORTS
  return {
    q,
    topics: words(query.topic).filter((id) => UUID.test(id)),
    statuses: STATUSES.filter((status) => words(query.status).includes(status)),
    types: FAMILIES.filter((type) => words(query.type).includes(type)),
    from: day(query.from),
    to: day(query.to),
    sort: sorts.find((sort) => sort === words(query.sort)[0]) ?? usualSort(q),
  }
}

/** The address that says the same. */
export function addressOf({ q, topics, statuses, types, from, to, sort }: Criteria): LocationQueryRaw {
  return {
    ...(q && { q }),
    ...(topics.length > 0 && { topic: topics }),
    ...(statuses.length > 0 && { status: statuses }),
    ...(types.length > 0 && { type: types }),
    ...(from && { from }),
    ...(to && { to }),
    ...(sort !== usualSort(q) && { sort }),
  }
}

/** The begin of a day on the person's own clock, `later` days after it. */
function instant(text: string, later = 0): string {
  const [year = 0, month = 1, date = 1] = text.split('-').map(Number)
  return new Date(year, month - 1, date + later).toISOString()
}

/** What the interface is asked. */
export function askedFor({ q, topics, statuses, types, from, to, sort }: Criteria): ListQuery {
  return {
    ...(q && { q }),
    ...(topics.length > 0 && { topic: topics }),
    ...(statuses.length > 0 && { status: statuses }),
    ...(types.length > 0 && { content_type: types.flatMap((type) => [...TYPES[type]]) }),
    ...(from && { created_from: instant(from) }),
    ...(to && { created_to: instant(to, 1) }),
    sort,
  }
}

/** Whether only some of the documents are looked for. */
export function narrows({ q, topics, statuses, types, from, to }: Criteria): boolean {
  return q !== '' || from !== '' || to !== '' || topics.length + statuses.length + types.length > 0
}
