import type { Problem } from '@/api/problem'
import { useNotices } from '@/stores/notices'
import { useTopics } from '@/stores/topics'
import { useProblemText } from './problem-text'

/** What `create` of a TopicPicker does, wherever one stands: makes the topic, and adds it to the choice. */
export function useCreateTopic(choose: (id: string) => unknown): (name: string) => Promise<void> {
  const topics = useTopics()
  const notices = useNotices()
  const text = useProblemText()
  return async (name) => {
    try {
      choose((await topics.create({ name })).id)
    } catch (thrown) {
      notices.problem(text(thrown as Problem))
    }
  }
}
