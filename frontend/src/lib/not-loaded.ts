import { i18n } from '@/i18n'
import { useNotices } from '@/stores/notices'

/**
 * Says that a part of the page could not be fetched, and offers to load the page anew: there is no connection, or the vault
 * was updated and has others now.
 */
export function tellNotLoaded(reload: () => void) {
  const { t } = i18n.global
  useNotices().problem(t('common.notLoaded'), { label: t('common.reload'), run: reload })
}
