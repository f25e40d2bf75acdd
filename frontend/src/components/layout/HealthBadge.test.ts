import { i18n } from '@/i18n'
import { useHealth } from '@/stores/health'
import { useLive } from '@/stores/live'
import { mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import HealthBadge from './HealthBadge.vue'

// The client takes `fetch` when it is made: it must be this one by then.
const vault = vi.hoisted(() => {
  const vault = { answer: (): Response => new Response() }
  globalThis.fetch = async () => vault.answer()
  return vault
})

function health(down: string[]) {
  const checks = Object.fromEntries(
    ['object_storage', 'postgres', 'redis'].map((part) => [part, { status: down.includes(part) ? 'unavailable' : 'ok', latency_ms: 1.234 }]),
  )
  const status = down.length > 0 ? 503 : 200
  vault.answer = () =>
    new Response(JSON.stringify({ status: status === 200 ? 'ok' : 'unavailable', version: '0.1.0', checks }), {
      status,
      headers: { 'content-type': 'application/json' },
    })
}

async function open() {
  const wrapper = mount(HealthBadge, { attachTo: document.body, global: { plugins: [i18n] } })
  await useHealth().look()
  await nextTick()
  await wrapper.get('[data-health]').trigger('click')
  await nextTick()
  return { wrapper, said: () => wrapper.get('[role="status"]').text(), details: () => document.querySelector('[role="dialog"]')!.textContent }
}

describe('HealthBadge', () => {
  beforeEach(() => {
    document.body.innerHTML = ''
    setActivePinia(createPinia())
  })

  it('says that all is well, and how fast each part answers', async () => {
    health([])
    const { wrapper, said, details } = await open()
    expect(said()).toBe('All well')
    expect(details()).toContain('answers in 1.2 ms')
    expect(wrapper.get('[data-health]').attributes('data-health')).toBe('well')
    wrapper.unmount()
  })

  it('names the part that is down, and what works without it', async () => {
    health(['redis'])
    const { wrapper, said, details } = await open()
    expect(said()).toBe('Down: Queue (Redis)')
    expect(wrapper.get('[data-health]').attributes('aria-label')).toContain('Down: Queue (Redis)')
    expect(details()).toContain('reading new ones waits')
    expect(document.querySelector('[data-part="redis"]')!.textContent).toContain('does not answer')
    expect(document.querySelector('[data-part="postgres"]')!.getAttribute('data-ok')).toBe('true')
    wrapper.unmount()
  })

  it('says that the vault itself is away', async () => {
    vault.answer = () => {
      throw new TypeError('no connection')
    }
    const { wrapper, said } = await open()
    expect(said()).toBe("The vault can't be reached")
    wrapper.unmount()
  })

  it('tells whether changes arrive as they happen', async () => {
    health([])
    const { wrapper } = await open()
    expect(document.querySelector('[data-live]')!.textContent).toContain('Live updates are off')
    useLive().connected = true
    await nextTick()
    expect(document.querySelector('[data-live]')!.textContent).toContain('Live updates are on')
    wrapper.unmount()
  })
})
