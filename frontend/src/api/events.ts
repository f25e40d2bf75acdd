import type { DocumentEvent } from './types'

/** What the vault tells of, as it happens. */
export interface EventHandlers {
  /** From here on nothing is missed; what was before must be fetched. */
  sync(): void
  /** Events may be missing until the next `sync`. */
  lost(): void
  document(event: DocumentEvent): void
  purged(id: string): void
  topics(): void
}

/** A browser connects again by itself after a break, but not after an answer that was an error. */
const AGAIN_AFTER_MS = 3000

/**
 * Listens until the function it returns is called, while the page is to be seen: a browser has six connections to one
 * address, for all its tabs together, and each that listens keeps one of them.
 */
export function listen(handlers: EventHandlers): () => void {
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  function open() {
    const opened = new EventSource('/api/v1/events')
    source = opened
    opened.addEventListener('sync', () => handlers.sync())
    opened.addEventListener('lost', () => handlers.lost())
    opened.addEventListener('topics', () => handlers.topics())
    opened.addEventListener('document', (event: MessageEvent<string>) => handlers.document(JSON.parse(event.data) as DocumentEvent))
    opened.addEventListener('purged', (event: MessageEvent<string>) => handlers.purged((JSON.parse(event.data) as { id: string }).id))
    opened.addEventListener('error', () => {
      handlers.lost()
      if (opened.readyState === EventSource.CLOSED) timer = setTimeout(open, AGAIN_AFTER_MS)
    })
  }

  function close() {
    clearTimeout(timer)
    source?.close()
    source = undefined
  }

  function follow() {
    const seen = document.visibilityState !== 'hidden'
    close()
    if (seen) open()
    else handlers.lost()
  }

  follow()
  document.addEventListener('visibilitychange', follow)
  return () => {
    document.removeEventListener('visibilitychange', follow)
    close()
  }
}
