import type { Language } from '@/stores/settings'
import { createI18n } from 'vue-i18n'
import en from './en'

/** The messages of a language: English says which there must be. */
export type Messages = typeof en

const LOADERS: Record<Exclude<Language, 'en'>, () => Promise<{ default: Messages }>> = {
  de: () => import('./de'),
}

export const i18n = createI18n({ legacy: false, locale: 'en', fallbackLocale: 'en', messages: { en } as Record<string, Messages> })

/** Speaks `language` from now on; fetches its messages the first time. */
export async function speak(language: Language): Promise<void> {
  if (language !== 'en' && !i18n.global.availableLocales.includes(language)) {
    i18n.global.setLocaleMessage(language, (await LOADERS[language]()).default)
  }
  i18n.global.locale.value = language
  document.documentElement.lang = language
}
