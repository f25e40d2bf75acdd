import { api, ask } from '@/api/client'
import type { About } from '@/api/types'
import { defineStore } from 'pinia'
import { ref } from 'vue'
import { useLive } from './live'

/** What the vault says of itself: its version and its limits. */
export const useAbout = defineStore('about', () => {
  const about = ref<About>()

  async function load(): Promise<void> {
    try {
      about.value = await ask(api.GET('/api/v1/about'))
    } catch {
      // Nothing depends on it: a limit that is not known beforehand is told by the upload's answer.
    }
  }

  useLive().subscribe({ sync: () => void load() })

  return { about, load }
})
