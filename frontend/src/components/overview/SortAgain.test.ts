import { i18n } from '@/i18n'
import { flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import SortAgain from './SortAgain.vue'

// The client takes `fetch` when it is made: it must be this one by then.
const vault = vi.hoisted(() => {
  const vault = { asked: [] as string[], runs: [] as unknown[] }
  globalThis.fetch = async (input) => {
    const { method, url } = input as Request
    const what = `${method} ${new URL(url).pathname}`
    vault.asked.push(what)
    const body = what === 'GET /api/v1/classification-runs' ? { items: vault.runs, next_cursor: null } : vault.runs[0]
    return new Response(JSON.stringify(body), { status: 200, headers: { 'content-type': 'application/json' } })
  }
  return vault
})

const at = '2026-01-01T00:00:00Z'
const run = (id: string, rest: object) => ({
  id, state: 'done', selection: {}, undoes: null, total: 8, done: 8, changed: 3, failed: 0, cancelled: false, last_error: null, created_at: at, updated_at: at, ...rest,
})

describe('sorting again', () => {
  beforeEach(() => {
    setActivePinia(createPinia())
    vault.asked = []
  })

  async function show(...runs: object[]) {
    vault.runs = runs
    const wrapper = mount(SortAgain, { attachTo: document.body, global: { plugins: [i18n] } })
    await flushPromises()
    return wrapper
  }
  const buttons = (wrapper: Awaited<ReturnType<typeof show>>, id: string) => wrapper.findAll(`[data-run="${id}"] button`).map((button) => button.text())

  it('offers to end what is under way, and starts nothing beside it', async () => {
    const wrapper = await show(run('r1', { state: 'running', done: 2, changed: 1 }))
    expect(wrapper.get('progress').attributes()).toMatchObject({ max: '8', 'aria-label': '2 of 8 looked at, 1 changed' })
    expect(buttons(wrapper, 'r1')).toEqual(['End it'])
    expect(wrapper.findAll('section > div button').every((button) => button.attributes('disabled') !== undefined)).toBe(true)
    await wrapper.get('[data-run="r1"] button').trigger('click')
    await flushPromises()
    expect(vault.asked).toContain('POST /api/v1/classification-runs/r1/cancel')
    wrapper.unmount()
  })

  it('offers to take back what changed something, once', async () => {
    const wrapper = await show(run('r5', { undoes: 'r4' }), run('r4', {}), run('r3', { changed: 0 }), run('r2', {}), run('r1', { cancelled: true, done: 4 }))
    expect(['r5', 'r4', 'r3', 'r2', 'r1'].map((id) => buttons(wrapper, id))).toEqual([[], [], [], ['Take back'], ['Take back']])
    expect(wrapper.findAll('li').map((item) => item.attributes('data-state'))).toEqual(['done', 'done', 'done', 'done', 'cancelled'])
    await wrapper.get('[data-run="r2"] button').trigger('click')
    await flushPromises()
    expect(vault.asked).toContain('POST /api/v1/classification-runs/r2/undo')
    wrapper.unmount()
  })

  it('says why one can not go on', async () => {
    const wrapper = await show(run('r1', { state: 'queued', last_error: 'The AI can not be asked right now.', failed: 2 }))
    expect(wrapper.get('[data-state="waiting"]').text()).toContain('The AI can not be asked right now.')
    expect(wrapper.text()).toContain('The AI had no answer for 2 of them')
    wrapper.unmount()
  })
})
