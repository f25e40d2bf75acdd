import { useCreateTopic } from '@/lib/create-topic'
import { useNotices } from '@/stores/notices'
import { useTopics } from '@/stores/topics'
import { aTopic, freshPinia, problemBody, show, stubVault } from '@/test/page'
import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import { defineComponent, h, ref } from 'vue'
import TopicPicker from './TopicPicker.vue'

enableAutoUnmount(afterEach)

/** As every user of the picker has it: what is new is made, and chosen. */
async function picker(refuse = false) {
  const all = [aTopic('t1', 'Invoices'), aTopic('t2', 'Letters')]
  const log = stubVault(({ method, body }) => {
    if (method === 'GET') return { body: { items: all } }
    if (refuse) return { status: 409, body: problemBody('too_many_topics', 409) }
    const made = aTopic('t3', (body as { name: string }).name)
    all.push(made)
    return { status: 201, body: made }
  })
  const pinia = freshPinia()
  await useTopics().load()
  const choice = ref(['t1'])
  const Host = defineComponent({
    setup() {
      const create = useCreateTopic((id) => choice.value.push(id))
      return () => h(TopicPicker, { modelValue: choice.value, 'onUpdate:modelValue': (ids: string[]) => (choice.value = ids), onCreate: create })
    },
  })
  const { wrapper } = show(Host, {}, pinia)
  await flushPromises()
  const type = async (text: string) => {
    await wrapper.get('input').setValue(text)
    await flushPromises()
  }
  const option = (text: string) => wrapper.findAll('[role="option"]').find((one) => one.text().includes(text))
  return { wrapper, choice, log, type, option }
}

describe('TopicPicker', () => {
  it('finds a topic by a part of its name, and offers no second of the same', async () => {
    const { wrapper, type } = await picker()
    await type('LETTERS')
    expect(wrapper.findAll('[role="option"]').map((one) => one.text())).toEqual(['Letters'])
  })

  it('makes a topic that is new, and adds it to the choice', async () => {
    const { choice, log, type, option } = await picker()
    await type('  Taxes ')
    await option('Taxes')?.trigger('click')
    await flushPromises()
    expect(log.filter(({ method }) => method === 'POST').map(({ body }) => body)).toEqual([{ name: 'Taxes' }])
    expect(choice.value).toEqual(['t1', 't3'])
    expect(option('Taxes')).toBeDefined()
  })

  it('says why a topic could not be made, and leaves the choice as it was', async () => {
    const { choice, type, option } = await picker(true)
    await type('Taxes')
    await option('Taxes')?.trigger('click')
    await flushPromises()
    expect(choice.value).toEqual(['t1'])
    expect(useNotices().notices.map(({ kind, text }) => [kind, text])).toEqual([['problem', expect.stringContaining('1000')]])
  })
})
