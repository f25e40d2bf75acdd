/* eslint-disable vue/one-component-per-file -- small ones, that stand for a page */
import { useSettings } from '@/stores/settings'
import { press, show } from '@/test/page'
import { enableAutoUnmount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defineComponent, h } from 'vue'
import { useShortcuts } from './shortcuts'

enableAutoUnmount(afterEach)

const done: string[] = []
const View = defineComponent({
  setup() {
    useShortcuts({ o: () => done.push('open'), u: () => done.push('undo'), Enter: () => done.push('accept') })
    return () => h('div', [h('button', 'Skip'), h('input')])
  },
})
const Shell = defineComponent({
  setup() {
    useShortcuts({ 'g o': () => done.push('overview') })
    return () => h('main', [h(Upload), h(View)])
  },
})
const Upload = defineComponent({
  setup() {
    useShortcuts({ u: () => done.push('upload') })
    return () => h('span')
  },
})

describe('shortcuts', () => {
  beforeEach(() => {
    done.length = 0
    show(Shell)
  })

  it('does what the view means before what the page means', () => {
    press('u')
    expect(done).toEqual(['undo'])
  })

  it('takes two keys together before the second alone', () => {
    press('g')
    press('o')
    press('o')
    expect(done).toEqual(['overview', 'open'])
  })

  it('leaves Enter to the button that has the focus', () => {
    document.querySelector('button')?.focus()
    press('Enter')
    expect(done).toEqual([])
    document.querySelector('button')?.blur()
    press('Enter')
    expect(done).toEqual(['accept'])
  })

  it('rests while somebody types, and when the person turned it off', () => {
    document.querySelector('input')?.focus()
    press('u')
    document.querySelector('input')?.blur()
    useSettings().shortcuts = false
    press('u')
    expect(done).toEqual([])
    useSettings().shortcuts = true
  })
})
