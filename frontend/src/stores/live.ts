import { listen, type EventHandlers } from '@/api/events'
import { defineStore } from 'pinia'
import { ref } from 'vue'

/**
 * The vault's events, handed on to every store that wants to hear of them.
 *
 * A store that shows something fetches it when it is asked to and again at each `sync`, and follows the events in
 * between: so nothing is missed, whatever broke meanwhile.
 */
export const useLive = defineStore('live', () => {
  /** Whether changes arrive as they happen. */
  const connected = ref(false)
  const listeners = new Set<Partial<EventHandlers>>()
  let stop: (() => void) | undefined

  function tell<K extends keyof EventHandlers>(what: K, ...told: Parameters<EventHandlers[K]>) {
    for (const listener of listeners) (listener[what] as ((...told: Parameters<EventHandlers[K]>) => void) | undefined)?.(...told)
  }

  function start() {
    stop ??= listen({
      sync: () => {
        connected.value = true
        tell('sync')
      },
      lost: () => {
        if (!connected.value) return
        connected.value = false
        tell('lost')
      },
      document: (event) => tell('document', event),
      purged: (id) => tell('purged', id),
      topics: () => tell('topics'),
    })
  }

  function end() {
    stop?.()
    stop = undefined
    connected.value = false
  }

  /** Hears of events until the function it returns is called. */
  function subscribe(handlers: Partial<EventHandlers>): () => void {
    listeners.add(handlers)
    return () => listeners.delete(handlers)
  }

  return { connected, start, end, subscribe }
})
