import { useSettings } from '@/stores/settings'
import { onBeforeUnmount, onMounted } from 'vue'

/** What a key does: its name as in `KeyboardEvent.key`, or two of them after each other, as in `g d`. */
export type Shortcuts = Record<string, (event: KeyboardEvent) => void>

/** How long the first of two keys waits for the second. */
const SECOND_KEY_WITHIN_MS = 1500

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
}

/** Enter on a button or a link is meant for it. */
function isPressing(event: KeyboardEvent): boolean {
  return event.key === 'Enter' && event.target instanceof Element && event.target.closest('a, button, summary, [role="option"]') !== null
}

/** What is in force, the youngest first: a view goes before the shell around it. */
const layers: Shortcuts[] = []
let first = ''
let firstAt = 0

function find(keys: string): ((event: KeyboardEvent) => void) | undefined {
  return layers.find((layer) => keys in layer)?.[keys]
}

function onKey(event: KeyboardEvent) {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target) || isPressing(event)) return
  if (!useSettings().shortcuts || document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]')) return
  // Two keys after each other go before the second of them alone, wherever each is at home.
  const pair = event.timeStamp - firstAt < SECOND_KEY_WITHIN_MS ? find(`${first} ${event.key}`) : undefined
  const run = pair ?? find(event.key)
  first = pair ? '' : event.key
  firstAt = event.timeStamp
  if (!run) return
  event.preventDefault()
  run(event)
}

/**
 * Single keys as shortcuts, for as long as the component is there. They rest while somebody types, while a dialog or a
 * menu is open, with Ctrl, Alt or Meta, and when the person turned them off (WCAG 2.1.4).
 */
export function useShortcuts(shortcuts: Shortcuts): void {
  onMounted(() => {
    if (layers.length === 0) document.addEventListener('keydown', onKey)
    layers.unshift(shortcuts)
  })
  onBeforeUnmount(() => {
    layers.splice(layers.indexOf(shortcuts), 1)
    if (layers.length === 0) document.removeEventListener('keydown', onKey)
  })
}
