// All that the page consists of: the test itself need not wait for it.
import '@/App.vue'
import '@/views/DocumentsView.vue'
import { useNotices } from '@/stores/notices'
import { useSettings } from '@/stores/settings'
import { stubEvents, stubVault } from '@/test/page'
import { flushPromises } from '@vue/test-utils'
import { afterEach, expect, it, vi } from 'vitest'
import type { App } from 'vue'

vi.mock('@/i18n/de', () => {
  throw new TypeError('Failed to fetch dynamically imported module')
})

/** Where the page is put. */
type Root = HTMLElement & { __vue_app__?: App }
const root = () => document.querySelector<Root>('#app')!
afterEach(() => {
  root().__vue_app__?.unmount()
  localStorage.clear()
})

it('speaks English where another language could not be fetched, says so, and says so again when somebody asks for it', async () => {
  vi.spyOn(console, 'error').mockReturnValue()
  vi.spyOn(console, 'warn').mockReturnValue()
  stubVault(({ path }) => (path === '/api/v1/documents' ? { body: { items: [], next_cursor: null } } : undefined))
  stubEvents()
  localStorage.setItem('docuvault.language', 'de')
  document.body.innerHTML = '<div id="app"></div>'
  await import('./main')
  await flushPromises()
  expect(root().textContent).toContain('Documents')
  expect(root().textContent).toContain('could not be loaded')
  expect(document.documentElement.lang).not.toBe('de')

  const notices = useNotices()
  const settings = useSettings()
  for (const { id } of notices.notices) notices.dismiss(id)
  settings.language = 'en'
  await flushPromises()
  settings.language = 'de'
  await vi.waitFor(() => expect(notices.notices).toHaveLength(1))
  const reload = vi.spyOn(location, 'reload').mockReturnValue()
  notices.notices[0]?.action?.run()
  expect(reload).toHaveBeenCalledOnce()
})
