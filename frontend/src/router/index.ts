import { i18n } from '@/i18n'
import { useNotices } from '@/stores/notices'
import { createRouter, createWebHistory, type RouteLocationNormalizedLoaded } from 'vue-router'

declare module 'vue-router' {
  interface RouteMeta {
    /** The key of the view's title among the messages. */
    title: string
  }
}

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', name: 'documents', component: () => import('@/views/DocumentsView.vue'), meta: { title: 'common.nav.documents' } },
    { path: '/documents/:id', name: 'document', component: () => import('@/views/DocumentView.vue'), meta: { title: 'common.nav.documents' } },
    { path: '/review', name: 'review', component: () => import('@/views/ReviewView.vue'), meta: { title: 'common.nav.review' } },
    { path: '/topics', name: 'topics', component: () => import('@/views/TopicsView.vue'), meta: { title: 'common.nav.topics' } },
    { path: '/overview', name: 'overview', component: () => import('@/views/OverviewView.vue'), meta: { title: 'common.nav.overview' } },
    { path: '/trash', name: 'trash', component: () => import('@/views/TrashView.vue'), meta: { title: 'common.nav.trash' } },
    { path: '/:rest(.*)*', name: 'missing', component: () => import('@/views/MissingView.vue'), meta: { title: 'common.notFound.title' } },
  ],
  scrollBehavior: (to: RouteLocationNormalizedLoaded, from: RouteLocationNormalizedLoaded, saved) =>
    // The list itself knows where it was; elsewhere the address of the same view changes without moving it.
    to.name === 'documents' ? false : (saved ?? (to.path === from.path ? false : { top: 0 })),
})

// Mostly a view that could not be fetched: there is no connection, or the vault was updated and has others now.
router.onError((_, to) => {
  const { t } = i18n.global
  useNotices().problem(t('common.notLoaded'), { label: t('common.reload'), run: () => location.assign(to.fullPath) })
})
