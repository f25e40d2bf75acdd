import type { Problem } from '@/api/problem'
import { useI18n } from 'vue-i18n'

/** Turns a problem into a sentence that says what to do, in the person's language. */
export function useProblemText(): (problem: Problem) => string {
  const { t, te } = useI18n()
  return ({ code, detail, requestId }) => {
    const key = `problem.${code}`
    // A code that this page does not know comes with a sentence of the server's.
    if (!te(key, 'en')) return detail || t('problem.internal', { request: requestId ?? '–' })
    return t(key, { request: requestId ?? '–' })
  }
}
