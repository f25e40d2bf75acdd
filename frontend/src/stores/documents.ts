import { api, ask, contentUrl, thumbnailUrl } from '@/api/client'
import type { Document, DocumentEvent, DocumentPatch, Explanation, HistoryEntry } from '@/api/types'
import { decoded } from '@/lib/decode'
import { defineStore } from 'pinia'
import { reactive } from 'vue'
import { useLive } from './live'

const PATH = '/api/v1/documents/{id}' as const

/** A topic that the person does not have; nobody makes it unasked. */
export interface SuggestedTopic {
  name: string
  description: string
}

/**
 * Every document the page has seen, each in its newest state: lists hold ids, and all views look here. One place that
 * changes documents, and one that hears of their changes.
 */
export const useDocuments = defineStore('documents', () => {
  const byId = reactive(new Map<string, Document>())
  /** What the vault told of each last. It does not say when: that is now, near enough. */
  const told = new Map<string, DocumentEvent & { updated_at: string }>()
  const at = (id: string) => ({ params: { path: { id } } })

  /** Remembers what was fetched. */
  function put(document: Document): Document {
    byId.set(document.id, document)
    return document
  }

  /** Remembers an answer; what the vault told while it was under way is newer. */
  async function answered(id: string, answer: Promise<Document>): Promise<Document> {
    const before = told.get(id)
    const document = await answer
    const since = told.get(id)
    return put(since === before ? document : { ...document, ...since })
  }

  function get(id: string): Document | undefined {
    return byId.get(id)
  }

  async function fetch(id: string): Promise<Document> {
    return answered(id, ask(api.GET(PATH, at(id))))
  }

  async function change(id: string, body: DocumentPatch): Promise<Document> {
    return put(await ask(api.PATCH(PATH, { ...at(id), body })))
  }

  /** A person's choice, which the AI never overrides. */
  async function setTopics(id: string, topicIds: readonly string[]): Promise<Document> {
    return put(await ask(api.PUT('/api/v1/documents/{id}/topics', { ...at(id), body: { topic_ids: [...topicIds] } })))
  }

  /** Takes a person's last choice of topics back: what stood before stands again, the AI's confidence too. */
  async function undoTopics(id: string): Promise<Document> {
    return put(await ask(api.POST('/api/v1/documents/{id}/topics/undo', at(id))))
  }

  async function reprocess(id: string): Promise<Document> {
    return answered(id, ask(api.POST('/api/v1/documents/{id}/reprocess', at(id))))
  }

  /** Has it read with its password, which goes along with this one question and stays nowhere. */
  async function unlock(id: string, password: string): Promise<Document> {
    return answered(id, ask(api.POST('/api/v1/documents/{id}/unlock', { ...at(id), body: { password } })))
  }

  /** Into the trash. */
  async function trash(id: string): Promise<void> {
    await ask(api.DELETE(PATH, at(id)))
    const document = byId.get(id)
    if (document) put({ ...document, deleted_at: new Date().toISOString() })
  }

  /** Out of the trash. */
  async function restore(id: string): Promise<Document> {
    return put(await ask(api.POST('/api/v1/documents/{id}/restore', at(id))))
  }

  /** For good. */
  async function purge(id: string): Promise<void> {
    await ask(api.DELETE(PATH, { params: { path: { id }, query: { permanently: true } } }))
    byId.delete(id)
    told.delete(id)
  }

  /** The text that was read from it; pages end in a form feed. */
  async function text(id: string): Promise<string> {
    return ask(api.GET('/api/v1/documents/{id}/text', { ...at(id), parseAs: 'text' }))
  }

  /** The first `bytes` of a file that is text; where it does not say how it is written, what the vault has read of it. */
  async function beginning(id: string, bytes: number): Promise<string> {
    const headers = { Range: `bytes=0-${bytes - 1}` }
    const file = (await ask(api.GET('/api/v1/documents/{id}/content', { ...at(id), headers, parseAs: 'arrayBuffer' }))) as ArrayBuffer
    const itself = decoded(file)
    if (itself !== undefined) return itself
    try {
      return (await text(id)).slice(0, bytes)
    } catch {
      // Not read yet, or not to be read: mostly it is this.
      return new TextDecoder('windows-1252').decode(file)
    }
  }

  /** What happened to it, the newest first; at most `limit` entries. */
  async function history(id: string, limit = 100): Promise<HistoryEntry[]> {
    return (await ask(api.GET('/api/v1/documents/{id}/history', { params: { path: { id }, query: { limit } } }))).items
  }

  /** Why its topics fit, or do not, by what the vault has learned by now. */
  async function explanation(id: string): Promise<Explanation> {
    return ask(api.GET('/api/v1/documents/{id}/explanation', at(id)))
  }

  /** Topics that the AI would have made when it sorted it the last time. */
  async function suggestions(id: string): Promise<SuggestedTopic[]> {
    const last = (await history(id, 20)).find(({ action }) => action === 'document.processed' || action === 'document.reclassified')
    const found: unknown = (last?.detail as { suggestions?: unknown } | undefined)?.suggestions
    return Array.isArray(found) ? (found as SuggestedTopic[]).filter(({ name }) => typeof name === 'string') : []
  }

  /** Where the picture of its first page is, if there is one; elsewhere as soon as it may be another picture. */
  function pictureUrl({ id, has_thumbnail, updated_at }: Document): string | undefined {
    return has_thumbnail ? thumbnailUrl(id, updated_at) : undefined
  }

  useLive().subscribe({
    document(event: DocumentEvent) {
      const known = byId.get(event.id)
      if (!known) return
      const now = { ...event, updated_at: new Date().toISOString() }
      told.set(event.id, now)
      put({ ...known, ...now })
    },
    purged(id) {
      byId.delete(id)
      told.delete(id)
    },
  })

  return {
    byId, put, get, fetch, change, setTopics, undoTopics, reprocess, unlock, trash, restore, purge, text, beginning, history, contentUrl,
    pictureUrl, explanation, suggestions,
  }
})
