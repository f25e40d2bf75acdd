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

/** Listens until the function it returns is called. */
export function listen(handlers: EventHandlers): () => void {
  let source: EventSource
  let timer: ReturnType<typeof setTimeout> | undefined

  function open() {
    source = new EventSource('/api/v1/events')
    source.addEventListener('sync', () => handlers.sync())
    source.addEventListener('lost', () => handlers.lost())
    source.addEventListener('topics', () => handlers.topics())
    source.addEventListener('document', (event: MessageEvent<string>) => handlers.document(JSON.parse(event.data) as DocumentEvent))
    source.addEventListener('purged', (event: MessageEvent<string>) => handlers.purged((JSON.parse(event.data) as { id: string }).id))
    source.addEventListener('error', () => {
      handlers.lost()
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(open, AGAIN_AFTER_MS)
    })
  }

  open()
  return () => {
    clearTimeout(timer)
    source.close()
  }
}
