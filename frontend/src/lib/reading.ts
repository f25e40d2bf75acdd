import type { Document } from '@/api/types'
import { useI18n } from 'vue-i18n'

/** It is not read to its end yet; what stands there is from before. */
export function isUnderWay({ status }: Document): boolean {
  return status === 'pending' || status === 'processing'
}

/** The MIME type alone, without what may follow it. */
export function plainType(type: string): string {
  return type.split(';')[0]?.trim().toLowerCase() ?? ''
}

/** It waits for its password: of what can be protected, the vault opens PDFs alone. */
export function isLocked({ error, content_type }: Document): boolean {
  return error?.code === 'password' && plainType(content_type) === 'application/pdf'
}

/** Says why a document could not be read, and what to do about it; nothing where all is well. */
export function useReadingError(): (document: Document) => string {
  const { t, te } = useI18n()
  return (document) => {
    const { error } = document
    if (!error || isUnderWay(document)) return ''
    const key = `documents.error.${error.code === 'password' && !isLocked(document) ? 'password_for_good' : error.code}`
    // A code that this page does not know comes with a sentence of the server's.
    return te(key, 'en') ? t(key) : error.message
  }
}
