import { shallowRef } from 'vue'

/** A question that is asked before something is done that hurts. */
export interface Question {
  title: string
  text: string
  /** What the button that does it says. */
  confirm: string
  danger?: boolean
}

/** The question that is open; components/ui/ConfirmHost.vue shows it. */
export const asked = shallowRef<{ question: Question; answer: (yes: boolean) => void }>()

/** Asks, and answers what the person said. */
export function confirm(question: Question): Promise<boolean> {
  return new Promise((resolve) => {
    asked.value = {
      question,
      answer: (yes) => {
        asked.value = undefined
        resolve(yes)
      },
    }
  })
}
