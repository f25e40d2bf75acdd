import { useNotices } from '@/stores/notices'
import { freshPinia } from '@/test/page'
import { describe, expect, it, vi } from 'vitest'
import { router } from '.'

describe('the router', () => {
  it('says that a view could not be fetched, and offers to load the page anew where somebody wanted to go', async () => {
    freshPinia()
    const assign = vi.spyOn(location, 'assign').mockReturnValue()
    const failed = new TypeError('Failed to fetch dynamically imported module')
    router.addRoute({ path: '/late', component: () => Promise.reject(failed), meta: { title: 'common.app' } })
    await expect(router.push('/late?q=rent')).rejects.toBe(failed)

    const [notice] = useNotices().notices
    expect(notice).toMatchObject({ kind: 'problem', text: expect.stringContaining('could not be loaded'), action: { label: 'Reload' } })
    notice?.action?.run()
    expect(assign).toHaveBeenCalledWith('/late?q=rent')
  })
})
