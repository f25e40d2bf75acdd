import { aDocument, freshPinia, press, show, stubEvents, stubVault, type FakeEventSource } from '@/test/page'
import { criteriaOf } from '@/lib/criteria'
import { useList } from '@/stores/list'
import { useLive } from '@/stores/live'
import { flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import DocumentRows from './DocumentRows.vue'

let kept: string[]
let events: FakeEventSource
let unmount = () => {}
afterEach(() => unmount())

async function open(...ids: string[]) {
  kept = ids
  stubVault(() => ({ body: { items: kept.map((id) => aDocument(id)), next_cursor: null } }))
  const opened = stubEvents()
  const pinia = freshPinia()
  await useList().open(criteriaOf({}))
  useLive().start()
  events = opened[0] as FakeEventSource
  const { wrapper } = show(DocumentRows, {
    props: { selected: new Set<string>(), 'onUpdate:selected': (selected: ReadonlySet<string>) => wrapper.setProps({ selected }) },
  }, pinia)
  unmount = () => wrapper.unmount()
  await flushPromises()
  return wrapper
}

type Rows = Awaited<ReturnType<typeof open>>
const focused = () => document.activeElement?.textContent
const row = (wrapper: Rows, id: string) => wrapper.get<HTMLInputElement>(`input[aria-label="Select ${id}.txt"]`)
const checked = (wrapper: Rows) => wrapper.findAll<HTMLInputElement>('input').filter(({ element }) => element.checked).map(({ element }) => element.getAttribute('aria-label')?.replace('Select ', ''))

async function hit(key: string) {
  press(key)
  await flushPromises()
}

/** The list as it is now, as it comes after a break. */
async function become(...ids: string[]) {
  kept = ids
  events.say('sync')
  await flushPromises()
}

describe('the rows of the list', () => {
  it('select with the keys the document that has the focus, wherever its row goes', async () => {
    const wrapper = await open('a', 'b', 'c', 'd')
    await hit('j')
    await hit('j')
    expect(focused()).toBe('b.txt')
    await become('new', 'a', 'b', 'c', 'd')
    expect(focused()).toBe('b.txt')
    await hit('x')
    expect(checked(wrapper)).toEqual(['b.txt'])
    await hit('j')
    expect(focused()).toBe('c.txt')
  })

  it('select with Shift from the document that was selected before', async () => {
    const wrapper = await open('a', 'b', 'c', 'd')
    await row(wrapper, 'b').trigger('click')
    await become('new', 'a', 'b', 'c', 'd')
    await row(wrapper, 'd').trigger('click', { shiftKey: true })
    expect(checked(wrapper)).toEqual(['b.txt', 'c.txt', 'd.txt'])
  })

  it('go on with the keys where a row went', async () => {
    const wrapper = await open('a', 'b', 'c', 'd')
    await hit('j')
    await hit('j')
    events.say('purged', { id: 'b' })
    await flushPromises()
    await hit('x')
    expect(checked(wrapper)).toEqual([])
    await hit('k')
    expect(focused()).toBe('a.txt')
  })
})
