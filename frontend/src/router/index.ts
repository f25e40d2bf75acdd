import { tellNotLoaded } from '@/lib/not-loaded'
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

// Mostly a view that could not be fetched.
router.onError((_, to) => tellNotLoaded(() => location.assign(to.fullPath)))
