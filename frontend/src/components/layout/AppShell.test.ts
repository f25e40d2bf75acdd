import { i18n } from '@/i18n'
import { router } from '@/router'
import { useNotices } from '@/stores/notices'
import { freshPinia, stubVault } from '@/test/page'
import { mount } from '@vue/test-utils'
import { expect, it, vi } from 'vitest'
import AppShell from './AppShell.vue'

it('stands around nothing where the first view could not be fetched, and says so', async () => {
  stubVault(() => undefined)
  vi.spyOn(console, 'warn').mockReturnValue()
  const pinia = freshPinia()
  router.beforeEach(() => {
    throw new TypeError('Failed to fetch dynamically imported module')
  })
  const wrapper = mount(AppShell, { global: { plugins: [pinia, i18n, router] } })
  await router.isReady().catch(() => undefined)
  expect(useNotices().notices).toHaveLength(1)
  expect(wrapper.text()).toContain('could not be loaded')
  expect(document.title).toBe('DocuVault')
  wrapper.unmount()
})
