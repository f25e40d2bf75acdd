import { useDocuments } from '@/stores/documents'
import { aDocument, freshPinia, show, stubVault } from '@/test/page'
import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import NamesForm from './NamesForm.vue'

enableAutoUnmount(afterEach)

function open(title: string | null) {
  const log = stubVault(() => ({ body: aDocument('a') }))
  const pinia = freshPinia()
  const { wrapper } = show(NamesForm, { props: { document: useDocuments().put(aDocument('a', { title })) } }, pinia)
  async function save() {
    await wrapper.get('form').trigger('submit')
    await flushPromises()
    return log.at(-1)?.body
  }
  return { wrapper, save }
}

describe('the form for a title and a name', () => {
  it('leaves alone what nobody changed in it, whatever was found meanwhile', async () => {
    const { wrapper, save } = open(null)
    await wrapper.setProps({ document: aDocument('a', { title: 'Found meanwhile' }) })
    await wrapper.get('#document-filename').setValue('lease.txt')
    expect(await save()).toEqual({ filename: 'lease.txt' })
    expect(wrapper.emitted('done')).toEqual([[true]])
  })

  it('closes without a word to the vault where nothing was changed', async () => {
    const { wrapper, save } = open('A lease')
    expect(await save()).toBeUndefined()
    expect(wrapper.emitted('done')).toEqual([[false]])
  })

  it('gives a title, and takes it away', async () => {
    const { wrapper, save } = open('A lease')
    await wrapper.get('#document-title').setValue(' The lease ')
    expect(await save()).toEqual({ title: 'The lease' })
    await wrapper.get('#document-title').setValue(' ')
    expect(await save()).toEqual({ title: null })
  })
})
