/** What opens above a view (a dialog, a menu, a question) can be used by everybody too, in both themes, wide and narrow. */
import type { Page } from '@playwright/test'
import { type Document, expect, expectAccessible, expectNoSidewaysScroll, nonsense, test, type Topic, unique } from './support'

interface Opened {
  what: string
  path: string
  /** Opens it, and answers what has opened. */
  open: (page: Page) => Promise<ReturnType<Page['getByRole']>>
}

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).first()

function all(document: Document, topic: Topic): Opened[] {
  const after = (what: string, path: string, name: string | RegExp, role: 'dialog' | 'alertdialog' | 'menu'): Opened => ({
    what, path, open: async (page) => (await button(page, name).click(), page.getByRole(role)),
  })
  const key = (what: string, path: string, keys: string): Opened => ({
    what, path, open: async (page) => (await page.keyboard.press(keys), page.getByRole('dialog')),
  })
  const list = `/?topic=${topic.id}`
  const selected = (what: string, name: string, role: 'dialog' | 'alertdialog'): Opened => ({
    what, path: list,
    open: async (page) => {
      await page.getByRole('checkbox', { name: `Select ${document.filename}` }).check()
      await button(page, name).click()
      return page.getByRole(role)
    },
  })
  return [
    after('settings', '/', 'Settings', 'menu'),
    after('ways to put in', '/', 'Add files', 'menu'),
    after('health', '/', /^How the vault is/, 'dialog'),
    after('filter by topic', list, /^Topics/, 'dialog'),
    after('filter by status', list, 'Status', 'dialog'),
    after('filter by type', list, 'Type', 'dialog'),
    after('filter by date', list, 'Date', 'dialog'),
    key('all shortcuts', '/', '?'),
    selected('topics for a selection', 'Add topics', 'dialog'),
    selected('topics off a selection', 'Remove topics', 'dialog'),
    selected('deleting a selection', 'Delete', 'alertdialog'),
    after('topics of a document', `/documents/${document.id}`, 'Change topics', 'dialog'),
    after('deleting a document', `/documents/${document.id}`, 'Delete', 'alertdialog'),
    {
      what: 'names of a document', path: `/documents/${document.id}`,
      open: async (page) => (await button(page, 'Edit the names').click(), page.getByRole('textbox', { name: 'Title' })),
    },
    key('topics in the review', '/review', 'c'),
    after('a new topic', '/topics', 'New topic', 'dialog'),
    after('changing a topic', '/topics', `Change ${topic.name}`, 'dialog'),
    after('merging a topic', '/topics', `Merge ${topic.name} into another topic`, 'dialog'),
    after('deleting a topic', '/topics', `Delete ${topic.name}`, 'alertdialog'),
    after('emptying the trash', '/trash', 'Empty the trash', 'alertdialog'),
    {
      what: 'uploads', path: '/',
      open: async (page) => {
        await page.locator('[data-upload="files"]').setInputFiles([
          { name: `${unique('kept')}.txt`, mimeType: 'text/plain', buffer: Buffer.from(unique('kept')) },
          { name: 'empty.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) },
        ])
        await expect(page.locator('[data-upload-state="kept"]')).toBeVisible()
        return page.getByRole('region', { name: 'Uploads' })
      },
    },
  ]
}

for (const theme of ['light', 'dark'] as const) {
  for (const { name, width, height } of [{ name: 'a phone', width: 360, height: 740 }, { name: 'a desk', width: 1280, height: 800 }]) {
    test(`what opens can be used by everybody: ${theme}, ${name}`, async ({ page, vault }) => {
      test.setTimeout(180_000)
      await page.setViewportSize({ width, height })
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
      const topic = await vault.topic(unique('Pantry'), 'What can be eaten')
      // Not sorted: so there is something to review.
      const waits = await vault.settled((await vault.put(`${nonsense()}.txt`, nonsense())).id)
      expect(waits.status).toBe('needs_review')
      const document = await vault.settled((await vault.put(`${unique('jam')}.txt`, 'Strawberry jam.', { topicIds: [topic.id] })).id)
      await vault.trash((await vault.put(`${unique('mould')}.txt`, 'Of no more use.')).id)
      for (const { what, path, open } of all(document, topic)) {
        await test.step(what, async () => {
          await page.goto(path)
          await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1)
          await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
          await expect(await open(page)).toBeVisible()
          await expectNoSidewaysScroll(page)
          await expectAccessible(page)
        })
      }
    })
  }
}
