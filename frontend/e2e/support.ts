/** What all stories stand on: a page that must not complain, and a vault that is asked as any client asks it. */
import { execFileSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import AxeBuilder from '@axe-core/playwright'
import { expect, test as base, type APIRequestContext, type Page } from '@playwright/test'
import type { components } from '../src/api/schema'

export { expect }
export type Document = components['schemas']['Document']
export type Topic = components['schemas']['Topic']

/** The vault, asked through its interface: to bring about what a story begins with, and to see what it came to. */
export class Vault {
  constructor(private readonly request: APIRequestContext) {}

  /** Puts a text in; the bytes are its own, so that it is no duplicate of another story's. */
  async put(filename: string, text: string, options: { topicIds?: string[]; type?: string } = {}): Promise<Document> {
    return this.putBytes(filename, Buffer.from(`${text}\n${randomUUID()}\n`), options)
  }

  async putBytes(filename: string, bytes: Buffer, { topicIds = [], type = 'text/plain' }: { topicIds?: string[]; type?: string } = {}): Promise<Document> {
    const form = new FormData()
    for (const id of topicIds) form.append('topic_ids', id)
    form.append('file', new File([new Uint8Array(bytes)], filename, { type }))
    const answer = await this.request.post('/api/v1/documents', { multipart: form })
    expect(answer.status(), await answer.text()).toBe(201)
    return answer.json()
  }

  async get(id: string): Promise<Document> {
    return (await this.request.get(`/api/v1/documents/${id}`)).json()
  }

  /** Waits until the worker is done with it. */
  async settled(id: string): Promise<Document> {
    await expect.poll(async () => (await this.get(id)).status).toMatch(/ready|needs_review|failed/)
    return this.get(id)
  }

  /** The one that was put in last under this name. */
  async withName(name: string): Promise<Document | undefined> {
    const { items } = await (await this.request.get('/api/v1/documents', { params: { q: name, sort: '-created_at' } })).json()
    return (items as Document[]).find(({ filename }) => filename === name)
  }

  /** All that have these bytes. */
  async withBytes(bytes: Buffer): Promise<Document[]> {
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    return (await (await this.request.get('/api/v1/documents', { params: { sha256 } })).json()).items
  }

  async content(id: string): Promise<Buffer> {
    return (await this.request.get(`/api/v1/documents/${id}/content`)).body()
  }

  /** What happened to it, the newest first. */
  async history(id: string): Promise<string[]> {
    const { items } = await (await this.request.get(`/api/v1/documents/${id}/history`)).json()
    return (items as components['schemas']['HistoryEntry'][]).map(({ action }) => action)
  }

  /** Waits until nothing is to be read any more. */
  async idle(): Promise<void> {
    await expect.poll(async () => (await (await this.request.get('/api/v1/stats')).json()).queue.depth).toBe(0)
  }

  async topics(): Promise<Topic[]> {
    return (await (await this.request.get('/api/v1/topics')).json()).items
  }

  async trash(id: string): Promise<void> {
    expect((await this.request.delete(`/api/v1/documents/${id}`)).status()).toBe(204)
  }

  async topic(name: string, description = '', color = '#2563eb'): Promise<Topic> {
    const answer = await this.request.post('/api/v1/topics', { data: { name, description, color } })
    expect(answer.status(), await answer.text()).toBe(201)
    return answer.json()
  }
}

/** A name that no other story uses. */
export const unique = (name: string) => `${name} ${randomUUID().slice(0, 8)}`

/** Words that nobody has ever written: what the vault has learned says nothing of them. */
export const nonsense = () => Array.from({ length: 4 }, () => `q${randomUUID().replace(/[^a-f]/g, '')}z`).join(' ')

/** What the browser said that it should not have: errors, and what the Content-Security-Policy forbade. */
export function listenForComplaints(page: Page): string[] {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`))
  page.on('console', (message) => {
    // A request that failed is told by the story that brought it about.
    if (['error', 'warning'].includes(message.type()) && !message.text().startsWith('Failed to load resource')) complaints.push(message.text())
  })
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (['http:', 'https:', 'ws:', 'wss:'].includes(url.protocol) && url.origin !== new URL(process.env.E2E_BASE_URL ?? '').origin) {
      complaints.push(`asked elsewhere: ${url.href}`)
    }
  })
  return complaints
}

export const test = base.extend<{ vault: Vault; complaints: string[] }>({
  vault: async ({ request }, use) => use(new Vault(request)),
  complaints: [
    async ({ page }, use) => {
      const complaints = listenForComplaints(page)
      await use(complaints)
      expect(complaints).toEqual([])
    },
    { auto: true },
  ],
})

/** No violation of WCAG 2.2 A and AA that axe can find. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)).toEqual([])
}

/** Nothing sticks out at the side. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0)
}

/**
 * Stops, kills or starts a part of the stack that is tried (`serve`, `worker`, `postgres`, `redis`, `s3`), with settings of
 * its own where some are given; or fills the vault with so many documents.
 */
export function stack(command: 'stop' | 'kill' | 'start' | 'fill', what: string, settings: Record<string, string> = {}): void {
  const script = process.env.E2E_STACK
  if (!script) throw new Error('E2E_STACK is not set: script/test sets it')
  execFileSync(script, [command, what], { stdio: 'inherit', env: { ...process.env, ...settings } })
}
