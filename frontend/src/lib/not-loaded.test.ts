import { useNotices } from '@/stores/notices'
import { freshPinia } from '@/test/page'
import { expect, it, vi } from 'vitest'
import { tellNotLoaded } from './not-loaded'

it('says once that something could not be fetched, and goes to what was wanted last', () => {
  freshPinia()
  const notices = useNotices()
  const [first, last] = [vi.fn(), vi.fn()]
  notices.done('It is in the trash.')
  tellNotLoaded(first)
  tellNotLoaded(last)
  expect(notices.notices.map(({ kind }) => kind)).toEqual(['done', 'problem'])
  notices.notices[1]?.action?.run()
  expect(first).not.toHaveBeenCalled()
  expect(last).toHaveBeenCalledOnce()
})
