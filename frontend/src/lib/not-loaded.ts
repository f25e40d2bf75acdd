import { i18n } from '@/i18n'
import { useNotices } from '@/stores/notices'

/**
 * Says that a part of the page could not be fetched, and offers to load the page anew: there is no connection, or the vault
 * was updated and has others now.
 */
export function tellNotLoaded(reload: () => void) {
  const { t } = i18n.global
  const notices = useNotices()
  const text = t('common.notLoaded')
  // Once is enough, where several parts are missing. The button goes to where somebody wanted to go last.
  for (const said of notices.notices) if (said.text === text) notices.dismiss(said.id)
  notices.problem(text, { label: t('common.reload'), run: reload })
}
