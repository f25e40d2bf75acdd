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
