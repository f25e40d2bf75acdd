import { aDocument, freshPinia, problemBody, show, stubVault, type Asked } from '@/test/page'
import type { Document } from '@/api/types'
import { useDocuments } from '@/stores/documents'
import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defineComponent, h } from 'vue'
import UnlockForm from './UnlockForm.vue'

const LOCKED = aDocument('a', { content_type: 'application/pdf', status: 'failed', error: { code: 'password', message: 'Protected.' } })

let log: Asked[]
let answer: { status: number; body: unknown }
let unmount = () => {}

/** The form as it stands in the page: it follows the store. */
function open(document: Document = LOCKED) {
  const pinia = freshPinia()
  const documents = useDocuments()
  documents.put(document)
  const heard: string[] = []
  const { wrapper } = show(
    defineComponent(() => () =>
      h(UnlockForm, { document: documents.get('a')!, onTrying: (word: string) => void heard.push(`trying ${word}`), onUnlocked: () => void heard.push('unlocked') })),
    {},
    pinia,
  )
  unmount = () => wrapper.unmount()
  const become = async (more: Partial<Document>) => {
    documents.put({ ...documents.get('a')!, ...more })
    await flushPromises()
  }
  const enter = async (word: string) => {
    await wrapper.get('input').setValue(word)
    await wrapper.get('form').trigger('submit')
    await flushPromises()
  }
  return { wrapper, heard, become, enter, field: () => wrapper.get('input').element, said: () => wrapper.get('[role="status"]').text() }
}

beforeEach(() => {
  answer = { status: 202, body: { ...LOCKED, status: 'pending' } }
  log = stubVault(({ method }) => (method === 'POST' ? answer : { body: aDocument('a', { content_type: 'application/pdf' }) }))
})
afterEach(() => unmount())

describe('a document that is protected', () => {
  it('asks for its password, says that it was wrong, and goes when it was right', async () => {
    const { wrapper, heard, become, enter, field, said } = open()
    expect([field().type, field().autocomplete]).toEqual(['password', 'off'])
    expect(wrapper.text()).toContain('kept nowhere')
    await enter('wrong')
    expect(log.map(({ path, body }) => [path, body])).toEqual([['/api/v1/documents/a/unlock', { password: 'wrong' }]])
    expect([said(), field().value, field().readOnly]).toEqual(['The password is being tried …', '', true])
    await become({ status: 'processing' })
    expect(said()).toBe('The password is being tried …')
    await become({ status: 'failed' })
    expect(said()).toContain('did not open with this password')
    expect(field().getAttribute('aria-invalid')).toBe('true')
    expect(document.activeElement).toBe(field())

    await enter('secret')
    expect(said()).toBe('The password is being tried …')
    await become({ status: 'processing', error: null })
    expect(wrapper.find('form').exists()).toBe(true)
    await become({ status: 'ready', error: null })
    expect(wrapper.find('form').exists()).toBe(false)
    expect(heard).toEqual(['trying wrong', 'trying secret', 'unlocked'])
  })

  it('keeps what was entered only where the vault did not take it', async () => {
    answer = { status: 503, body: problemBody('busy', 503) }
    const { wrapper, enter, field } = open()
    await enter('secret')
    expect(wrapper.get('[role="alert"]').text()).toContain('The vault is busy right now')
    expect([field().value, field().readOnly]).toEqual(['secret', false])
    expect(wrapper.text()).not.toContain('did not open')
  })

  it('shows what it is by now where somebody else was quicker', async () => {
    answer = { status: 409, body: problemBody('not_locked', 409) }
    const { wrapper, enter, heard } = open()
    await enter('secret')
    expect(wrapper.find('form').exists()).toBe(false)
    expect(heard).not.toContain('unlocked')
  })

  it.each([
    ['another error', { error: { code: 'damaged', message: 'Damaged.' } }],
    ['no error', { status: 'ready' as const, error: null }],
    ['a file that no password opens here', { content_type: 'application/zip' }],
    ['a file that is being read for another reason', { status: 'processing' as const }],
  ])('is not asked for with %s', (_, more) => {
    expect(open({ ...LOCKED, ...more }).wrapper.find('form').exists()).toBe(false)
  })
})
