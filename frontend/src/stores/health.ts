import { api } from '@/api/client'
import type { Health } from '@/api/types'
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { useLive } from './live'

/** How often it is looked at: seldom while all is well, often while something is down. */
const WELL_MS = 30_000
const UNWELL_MS = 3000

/** Which parts of the vault answer. */
export const useHealth = defineStore('health', () => {
  /** What `/health` said last; none where the vault itself did not answer. */
  const health = ref<Health>()
  const reachable = ref(true)
  const asked = ref(false)
  /** The stores that are down, by their names in `/health`. */
  const down = computed(() =>
    health.value ? Object.entries(health.value.checks).filter(([, check]) => check.status !== 'ok').map(([name]) => name) : [],
  )
  const well = computed(() => reachable.value && down.value.length === 0)
  let timer: ReturnType<typeof setTimeout> | undefined
  let running = false

  async function look(): Promise<void> {
    clearTimeout(timer)
    try {
      const { data, error } = await api.GET('/health')
      // 503 carries the same body as 200.
      const body = (data ?? error) as Health | undefined
      reachable.value = body !== undefined && 'checks' in body
      health.value = reachable.value ? body : undefined
    } catch {
      reachable.value = false
      health.value = undefined
    }
    asked.value = true
    clearTimeout(timer)
    if (running) timer = setTimeout(() => void look(), well.value ? WELL_MS : UNWELL_MS)
  }

  function start() {
    running = true
    void look()
  }

  function end() {
    running = false
    clearTimeout(timer)
  }

  useLive().subscribe({ lost: () => void look(), sync: () => void look() })

  return { health, reachable, asked, down, well, look, start, end }
})
