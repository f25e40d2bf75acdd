import { confirm } from '@/lib/confirm'
import { freshPinia, show } from '@/test/page'
import { useNotices } from '@/stores/notices'
import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import ConfirmHost from './ConfirmHost.vue'
import NoticesHost from './NoticesHost.vue'

enableAutoUnmount(afterEach)
afterEach(() => vi.useRealTimers())

const QUESTION = { title: 'Really?', text: 'It will be gone.', confirm: 'Delete', danger: true }

function button(label: string): HTMLButtonElement {
  const found = [...document.querySelectorAll('button')].find((one) => one.textContent?.trim() === label)
  if (!found) throw new Error(`no button ${label}`)
  return found
}

describe('ConfirmHost', () => {
  it('says yes where the person said so', async () => {
    show(ConfirmHost)
    const answer = confirm(QUESTION)
    await flushPromises()
    expect(document.querySelector('[role="alertdialog"]')?.textContent).toContain('It will be gone.')
    button('Delete').click()
    expect(await answer).toBe(true)
    await flushPromises()
    expect(document.querySelector('[role="alertdialog"]')).toBeNull()
  })

  it('says no where the person said so, and where they left', async () => {
    show(ConfirmHost)
    const first = confirm(QUESTION)
    await flushPromises()
    button('Cancel').click()
    expect(await first).toBe(false)

    const second = confirm(QUESTION)
    await flushPromises()
    document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
    expect(await second).toBe(false)
  })
})

describe('NoticesHost', () => {
  it('tells, offers its button once, and goes by itself unless somebody points at it', async () => {
    vi.useFakeTimers()
    const pinia = freshPinia()
    const notices = useNotices()
    const { wrapper } = show(NoticesHost, {}, pinia)
    expect(wrapper.get('section').attributes('aria-live')).toBe('polite')
    const run = vi.fn()
    notices.done('It is in the trash.', { label: 'Undo', run })
    notices.problem('It did not work.')
    await wrapper.vm.$nextTick()
    expect(wrapper.get('[data-kind="done"]').text()).toContain('It is in the trash.')

    button('Undo').click()
    await wrapper.vm.$nextTick()
    expect(run).toHaveBeenCalledOnce()
    expect(wrapper.find('[data-kind="done"]').exists()).toBe(false)

    await wrapper.get('[data-kind="problem"]').trigger('pointerenter')
    vi.advanceTimersByTime(60_000)
    expect(notices.notices).toHaveLength(1)
    await wrapper.get('[data-kind="problem"]').trigger('pointerleave')
    vi.advanceTimersByTime(60_000)
    expect(notices.notices).toHaveLength(0)
  })
})
