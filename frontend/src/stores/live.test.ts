import { freshPinia, stubEvents } from '@/test/page'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { useLive } from './live'

afterEach(() => vi.useRealTimers())

describe('live', () => {
  it('hands events on until nobody listens', () => {
    const opened = stubEvents()
    freshPinia()
    const live = useLive()
    const heard: unknown[] = []
    const stop = live.subscribe({ sync: () => heard.push('sync'), lost: () => heard.push('lost'), purged: (id) => heard.push(id), topics: () => heard.push('topics') })
    live.start()
    live.start()
    expect(opened.map(({ url }) => url)).toEqual(['/api/v1/events'])
    opened[0]?.say('lost')
    expect(live.connected).toBe(false)
    opened[0]?.say('sync')
    expect(live.connected).toBe(true)
    opened[0]?.say('purged', { id: 'a' })
    opened[0]?.say('topics')
    opened[0]?.say('lost')
    opened[0]?.say('lost')
    expect(live.connected).toBe(false)
    stop()
    opened[0]?.say('topics')
    expect(heard).toEqual(['sync', 'a', 'topics', 'lost'])
    live.end()
  })

  it('leaves the connection to other tabs while nobody looks at this one', () => {
    const opened = stubEvents()
    const look = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
    const turn = (state: DocumentVisibilityState) => {
      look.mockReturnValue(state)
      document.dispatchEvent(new Event('visibilitychange'))
    }
    freshPinia()
    const live = useLive()
    live.start()
    expect(opened, 'a tab that was opened in the background').toHaveLength(0)
    turn('visible')
    opened[0]?.say('sync')
    expect(live.connected).toBe(true)
    turn('hidden')
    expect([opened[0]?.readyState, live.connected]).toEqual([EventSource.CLOSED, false])
    turn('visible')
    expect(opened).toHaveLength(2)
    live.end()
    turn('hidden')
    turn('visible')
    expect(opened).toHaveLength(2)
    look.mockRestore()
  })

  it('opens anew after an answer that was an error', () => {
    vi.useFakeTimers()
    const opened = stubEvents()
    freshPinia()
    const live = useLive()
    live.start()
    opened[0]?.say('sync')
    opened[0]?.close()
    opened[0]?.dispatchEvent(new Event('error'))
    expect(live.connected).toBe(false)
    vi.advanceTimersByTime(10_000)
    expect(opened).toHaveLength(2)
    live.end()
    opened[1]?.dispatchEvent(new Event('open'))
    vi.advanceTimersByTime(60_000)
    expect(opened).toHaveLength(2)
  })
})
