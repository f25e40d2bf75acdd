import { useDebounceFn, useEventListener } from '@vueuse/core'
import { ref, type Ref } from 'vue'

/** It is over when nothing was fast for so long. */
const CALM_MS = 120
/** A jump takes no time: it counts as if it had taken so long. */
const JUMP_MS = 100

/** Whether the window is scrolled faster than `limit` pixels a second. */
export function useRush(limit: () => number): Readonly<Ref<boolean>> {
  const rushing = ref(false)
  const calm = useDebounceFn(() => (rushing.value = false), CALM_MS)
  let [top, at] = [window.scrollY, performance.now()]
  useEventListener(
    window,
    'scroll',
    ({ timeStamp }) => {
      const [distance, ms] = [Math.abs(window.scrollY - top), Math.min(timeStamp - at, JUMP_MS)]
      ;[top, at] = [window.scrollY, timeStamp]
      if (distance * 1000 <= limit() * ms) return
      rushing.value = true
      void calm()
    },
    // Before those that put new rows there.
    { capture: true, passive: true },
  )
  return rushing
}
