import { api, ask, contentUrl, thumbnailUrl } from '@/api/client'
import { Problem } from '@/api/problem'
import type { Document, DocumentEvent, DocumentPatch, Explanation, HistoryEntry, ListQuery } from '@/api/types'
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

/** A page of a list of documents. */
interface Page {
  items: Document[]
  /** The passages that answer a search, by their documents' ids. */
  highlights: [string, string][]
  cursor: string | undefined
}

/** What is new of documents, and `null` for one that is gone for good. */
type News = Map<string, Partial<Document> | null>

/**
 * Every document the page has seen, each in its newest state: lists hold ids, and all views look here. One place that
 * changes documents, and one that hears of their changes.
 */
export const useDocuments = defineStore('documents', () => {
  const byId = reactive(new Map<string, Document>())
  /** For each question that is under way, what is newer than its answer will be. */
  const underWay = new Set<News>()
  const at = (id: string) => ({ params: { path: { id } } })

  /** Waits for an answer. What the vault told meanwhile, or was changed here, is newer. */
  async function asked<T>(question: Promise<T>): Promise<{ answer: T; since: News }> {
    const since: News = new Map()
    underWay.add(since)
    try {
      return { answer: await question, since }
    } finally {
      underWay.delete(since)
    }
  }

  function note(id: string, news: Partial<Document>) {
    for (const since of underWay) {
      // What is gone for good does not come back, whatever arrives late.
      if (since.get(id) !== null) since.set(id, { ...since.get(id), ...news })
    }
  }

  /** Something of a document is another thing now, whether the page has seen it or not. */
  function tell(id: string, news: Partial<Document>) {
    note(id, news)
    const known = byId.get(id)
    if (known) byId.set(id, { ...known, ...news })
  }

  function forget(id: string) {
    for (const since of underWay) since.set(id, null)
    byId.delete(id)
  }

  /** Remembers a document as it is now. */
  function put(document: Document): Document {
    note(document.id, document)
    byId.set(document.id, document)
    return document
  }

  /** Remembers an answer, as far as there is nothing newer. */
  async function answered(id: string, question: Promise<Document>): Promise<Document> {
    const { answer, since } = await asked(question)
    const news = since.get(id)
    if (news === null) throw new Problem('not_found', '', 404)
    // No news itself: of two questions under way the later one knows better.
    const now = { ...answer, ...news }
    byId.set(id, now)
    return now
  }

  /** A page of a list, its documents as they are now; what went for good meanwhile is left out. */
  async function page(query: ListQuery, signal?: AbortSignal): Promise<Page> {
    const { answer, since } = await asked(ask(api.GET('/api/v1/documents', { params: { query }, signal })))
    const got: Page = { items: [], highlights: [], cursor: answer.next_cursor ?? undefined }
    for (const { highlight, ...document } of answer.items) {
      const news = since.get(document.id)
      if (news === null) continue
      const now = { ...document, ...news }
      byId.set(now.id, now)
      got.items.push(now)
      if (highlight) got.highlights.push([now.id, highlight])
    }
    return got
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
    tell(id, { deleted_at: new Date().toISOString() })
  }

  /** Out of the trash. */
  async function restore(id: string): Promise<Document> {
    return put(await ask(api.POST('/api/v1/documents/{id}/restore', at(id))))
  }

  /** For good. */
  async function purge(id: string): Promise<void> {
    await ask(api.DELETE(PATH, { params: { path: { id }, query: { permanently: true } } }))
    forget(id)
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
    // It does not say when: that is now, near enough.
    document: (event: DocumentEvent) => tell(event.id, { ...event, updated_at: new Date().toISOString() }),
    purged: forget,
  })

  return {
    byId, put, get, page, fetch, change, setTopics, undoTopics, reprocess, unlock, trash, restore, purge, text, beginning, history, contentUrl,
    pictureUrl, explanation, suggestions,
  }
})
