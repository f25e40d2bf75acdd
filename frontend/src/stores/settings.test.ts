import { freshPinia } from '@/test/page'
import { beforeEach, describe, expect, it } from 'vitest'
import { nextTick } from 'vue'
import { useSettings } from './settings'

beforeEach(() => {
  localStorage.clear()
  freshPinia()
})

describe('settings', () => {
  it('shows a theme at once, and again the next time', async () => {
    const settings = useSettings()
    expect(document.documentElement.dataset.theme).toBeUndefined()
    settings.theme = 'dark'
    expect(document.documentElement.dataset.theme).toBe('dark')
    await nextTick()
    freshPinia()
    expect(useSettings().theme).toBe('dark')
    useSettings().theme = 'system'
    expect(document.documentElement.dataset.theme).toBeUndefined()
  })

  it('takes nothing that it does not know', () => {
    localStorage.setItem('docuvault.theme', 'pink')
    localStorage.setItem('docuvault.language', 'xx')
    expect(useSettings().theme).toBe('system')
    expect(['en', 'de']).toContain(useSettings().language)
  })

  it('keeps that single keys are off', async () => {
    useSettings().shortcuts = false
    await nextTick()
    freshPinia()
    expect(useSettings().shortcuts).toBe(false)
  })
})
