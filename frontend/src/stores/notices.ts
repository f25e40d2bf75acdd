import { defineStore } from 'pinia'
import { ref } from 'vue'

/** A short message that something was done, or was not. */
export interface Notice {
  id: number
  kind: 'done' | 'problem'
  /** What is said, in the person's language already. */
  text: string
  /** A button beside it: undo, try again, show. */
  action?: { label: string; run: () => unknown }
}

/** How long a notice stays: long enough to read it and to reach for its button. */
const STAYS_MS = 10_000
const AT_MOST = 4

/** The notices at the edge of the page. */
export const useNotices = defineStore('notices', () => {
  const notices = ref<Notice[]>([])
  const timers = new Map<number, ReturnType<typeof setTimeout>>()
  let last = 0

  function add(kind: Notice['kind'], text: string, action?: Notice['action']): number {
    const id = ++last
    notices.value = [...notices.value, { id, kind, text, action }].slice(-AT_MOST)
    resume(id)
    return id
  }

  function dismiss(id: number) {
    clearTimeout(timers.get(id))
    timers.delete(id)
    notices.value = notices.value.filter((notice) => notice.id !== id)
  }

  /** Stays while somebody points at it, or has the focus in it. */
  function hold(id: number) {
    clearTimeout(timers.get(id))
  }

  function resume(id: number) {
    clearTimeout(timers.get(id))
    timers.set(id, setTimeout(() => dismiss(id), STAYS_MS))
  }

  return {
    notices,
    done: (text: string, action?: Notice['action']) => add('done', text, action),
    problem: (text: string, action?: Notice['action']) => add('problem', text, action),
    dismiss,
    hold,
    resume,
  }
})

