import { mount } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { defineComponent, type Ref } from 'vue'
import { useRush } from './rush'

const LIMIT = 1000
let rushing: Readonly<Ref<boolean>>
let unmount = () => {}

beforeEach(() => {
  vi.useFakeTimers()
  window.scrollY = 0
  const wrapper = mount(defineComponent({ setup: () => void (rushing = useRush(() => LIMIT)), template: '<p />' }))
  unmount = () => wrapper.unmount()
})
afterEach(() => {
  unmount()
  vi.useRealTimers()
})

/** The browser tells of a scroll as of this moment. */
function scroll(by: number, ms: number) {
  vi.advanceTimersByTime(ms)
  window.scrollY += by
  const event = new Event('scroll')
  Object.defineProperty(event, 'timeStamp', { value: performance.now() })
  window.dispatchEvent(event)
}

it('is a rush above the limit, up or down', () => {
  scroll(15, 16)
  expect(rushing.value).toBe(false)
  scroll(-20, 16)
  expect(rushing.value).toBe(true)
})

it('is over soon after the last fast step', async () => {
  scroll(40, 16)
  scroll(40, 100)
  expect(rushing.value).toBe(true)
  await vi.advanceTimersByTimeAsync(200)
  expect(rushing.value).toBe(false)
})

it('a jump is one too, however long nothing moved before it; a step is none', () => {
  scroll(90, 60_000)
  expect(rushing.value).toBe(false)
  scroll(5000, 60_000)
  expect(rushing.value).toBe(true)
})
