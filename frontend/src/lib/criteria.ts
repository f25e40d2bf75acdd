import type { DocumentStatus, ListQuery } from '@/api/types'
import type { LocationQuery, LocationQueryRaw } from 'vue-router'

export const STATUSES = ['pending', 'processing', 'ready', 'needs_review', 'failed'] as const satisfies readonly DocumentStatus[]

const OPEN_XML = 'application/vnd.openxmlformats-officedocument'
const OPEN_DOCUMENT = 'application/vnd.oasis.opendocument'

/** The vault can be asked for types and for whole families of them, not for all but some: so what is left is named. */
const OFFICE = [
  'application/msword', 'application/rtf', 'application/vnd.ms-excel', 'application/vnd.ms-powerpoint', 'application/vnd.visio',
  `${OPEN_XML}.wordprocessingml.document`, `${OPEN_XML}.wordprocessingml.template`, `${OPEN_XML}.spreadsheetml.sheet`,
  `${OPEN_XML}.spreadsheetml.template`, `${OPEN_XML}.presentationml.presentation`, `${OPEN_XML}.presentationml.slideshow`,
  'application/vnd.ms-word.document.macroenabled.12', 'application/vnd.ms-excel.sheet.macroenabled.12',
  'application/vnd.ms-powerpoint.presentation.macroenabled.12', 'application/x-ole-storage',
  `${OPEN_DOCUMENT}.text`, `${OPEN_DOCUMENT}.spreadsheet`, `${OPEN_DOCUMENT}.presentation`, `${OPEN_DOCUMENT}.graphics`,
  'application/vnd.apple.pages', 'application/vnd.apple.numbers', 'application/vnd.apple.keynote',
]
const BOOKS_AND_MAIL = [
  'application/epub+zip', 'application/x-mobipocket-ebook', 'application/vnd.ms-outlook', 'application/mbox', 'application/pkcs7-mime',
  'application/pkcs7-signature', 'application/pgp-encrypted', 'application/pgp-signature', 'message/*',
]
const ARCHIVES = [
  'application/zip', 'application/x-zip-compressed', 'application/gzip', 'application/x-gzip', 'application/x-tar', 'application/x-7z-compressed',
  'application/vnd.rar', 'application/x-rar-compressed', 'application/x-bzip2', 'application/x-xz', 'application/zstd',
  'application/vnd.ms-cab-compressed', 'application/java-archive', 'application/x-iso9660-image',
]
const DATA_AND_PROGRAMS = [
  'application/octet-stream', 'application/json', 'application/xml', 'application/xhtml+xml', 'application/yaml', 'application/x-yaml',
  'application/toml', 'application/sql', 'application/x-sql', 'application/javascript', 'application/x-javascript', 'application/x-sh',
  'application/x-httpd-php', 'application/x-latex', 'application/x-tex', 'application/x-subrip', 'application/postscript',
  'application/gpx+xml', 'application/vnd.google-earth.kml+xml', 'application/dicom', 'application/vnd.sqlite3', 'application/x-x509-ca-cert',
  'application/vnd.microsoft.portable-executable', 'application/x-msdownload', 'application/x-executable', 'application/x-mach-binary',
  'application/java', 'application/wasm', 'application/vnd.debian.binary-package', 'application/x-rpm', 'application/vnd.android.package-archive',
]
const SOUND_FILMS_AND_SHAPES = [
  'audio/*', 'video/*', 'font/*', 'model/*', 'application/font-sfnt', 'application/font-woff', 'application/ogg', 'application/x-shockwave-flash',
]

/** Kinds of files as people think of them, each as the MIME types that the interface is asked for. */
const TYPES = {
  pdf: ['application/pdf'],
  image: ['image/*'],
  text: ['text/*'],
  other: [...OFFICE, ...BOOKS_AND_MAIL, ...ARCHIVES, ...DATA_AND_PROGRAMS, ...SOUND_FILMS_AND_SHAPES],
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
