/** What component tests stand on: the page's own messages, and a vault that answers in its real wire format. */
import { i18n } from '@/i18n'
import type { Document, Topic } from '@/api/types'
import { mount, type ComponentMountingOptions } from '@vue/test-utils'
import { createPinia, setActivePinia, type Pinia } from 'pinia'
import { vi } from 'vitest'
import type { Component } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'

export interface Asked {
  method: string
  path: string
  query: URLSearchParams
  body: unknown
}

/** Answers a status with a body; `undefined` where the handler does not know the address. */
export type Handler = (asked: Asked) => { status?: number; body?: unknown } | undefined

/** Puts a vault in the place of the network; answers what it was asked. */
export function stubVault(handler: Handler): Asked[] {
  const log: Asked[] = []
  vi.stubGlobal('fetch', async (request: Request) => {
    const url = new URL(request.url)
    const text = await request.text()
    const asked = { method: request.method, path: url.pathname, query: url.searchParams, body: text ? JSON.parse(text) as unknown : undefined }
    log.push(asked)
    const { status = 200, body } = handler(asked) ?? { status: 404, body: problemBody('not_found', 404) }
    const type = status >= 400 ? 'application/problem+json' : typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json'
    return new Response(status === 204 ? null : typeof body === 'string' ? body : JSON.stringify(body), { status, headers: { 'content-type': type } })
  })
  return log
}

export function problemBody(code: string, status: number, more: Record<string, unknown> = {}) {
  return { type: `/problems/${code}`, title: code, status, detail: 'It did not work.', code, request_id: 'r-1', ...more }
}

export function aTopic(id: string, name = id, more: Partial<Topic> = {}): Topic {
  return { id, name, description: '', color: '#2563eb', document_count: 0, created_at: '2026-01-01T00:00:00Z', ...more }
}

export function aDocument(id: string, more: Partial<Document> = {}): Document {
  return {
    id, filename: `${id}.txt`, title: null, content_type: 'text/plain', size_bytes: 12, sha256: '0'.repeat(64), status: 'ready', topics: [],
    created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z', deleted_at: null, topics_by_user: false, page_count: null,
    language: null, error: null, declared_type: null, text_source: 'embedded', text_truncated: false, author: null,
    file_created_at: null, file_modified_at: null, has_thumbnail: false, ...more,
  }
}

/** An `EventSource` that says what a test has it say. */
export class FakeEventSource extends EventTarget {
  static readonly CLOSED = 2
  static readonly opened: FakeEventSource[] = []
  readyState = 1

  constructor(readonly url: string) {
    super()
    FakeEventSource.opened.push(this)
  }

  /** As the vault sends it: an event's name and its data. */
  say(event: string, data: unknown = {}) {
    this.dispatchEvent(new MessageEvent(event, { data: JSON.stringify(data) }))
  }

  close() {
    this.readyState = 2
  }
}

export function stubEvents(): FakeEventSource[] {
  FakeEventSource.opened.length = 0
  vi.stubGlobal('EventSource', FakeEventSource)
  return FakeEventSource.opened
}

export function freshPinia(): Pinia {
  const pinia = createPinia()
  setActivePinia(pinia)
  return pinia
}

/** A component with all that the page gives it. */
export function show<T extends Component>(component: T, options: ComponentMountingOptions<T> = {}, pinia = freshPinia()) {
  const here = { template: '<div />' }
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/', name: 'documents', component: here, meta: { title: 'common.app' } },
      { path: '/documents/:id', name: 'document', component: here, meta: { title: 'common.app' } },
    ],
  })
  const wrapper = mount(component, { attachTo: document.body, ...options, global: { plugins: [pinia, i18n, router] } } as ComponentMountingOptions<T>)
  return { wrapper, router }
}

/** Presses a key where the focus is. */
export function press(key: string) {
  ;(document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
}
