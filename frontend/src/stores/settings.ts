import { defineStore } from 'pinia'
import { ref, watch } from 'vue'

export type Theme = 'system' | 'light' | 'dark'
export const THEMES: readonly Theme[] = ['system', 'light', 'dark']
export type Language = 'en' | 'de'
export const LANGUAGES: readonly Language[] = ['en', 'de']

function read<T extends string>(name: string, allowed: readonly T[], otherwise: T): T {
  try {
    const stored = localStorage.getItem(`docuvault.${name}`)
    return allowed.find((value) => value === stored) ?? otherwise
  } catch {
    return otherwise
  }
}

function write(name: string, value: string) {
  try {
    localStorage.setItem(`docuvault.${name}`, value)
  } catch {
    // Storage is blocked: the choice lasts as long as the page.
  }
}

function systemLanguage(): Language {
  return LANGUAGES.find((language) => navigator.language.toLowerCase().startsWith(language)) ?? 'en'
}

/** How this person wants the page; kept in this browser. */
export const useSettings = defineStore('settings', () => {
  const theme = ref<Theme>(read('theme', THEMES, 'system'))
  const language = ref<Language>(read('language', LANGUAGES, systemLanguage()))
  /** Whether single keys do something: some people's speech input or hands would set them off (WCAG 2.1.4). */
  const shortcuts = ref(read('shortcuts', ['on', 'off'], 'on') === 'on')

  watch(
    theme,
    (chosen) => {
      write('theme', chosen)
      if (chosen === 'system') delete document.documentElement.dataset.theme
      else document.documentElement.dataset.theme = chosen
    },
    { immediate: true, flush: 'sync' },
  )
  watch(language, (chosen) => write('language', chosen))
  watch(shortcuts, (on) => write('shortcuts', on ? 'on' : 'off'))

  return { theme, language, shortcuts }
})
