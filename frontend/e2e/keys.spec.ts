/** Everything by the keyboard alone: no mouse, no finger. */
import { randomUUID } from 'node:crypto'
import type { FileChooser, Page } from '@playwright/test'
import { expect, nonsense, test, unique } from './support'

/** The next window that asks for files. To be called before the page is opened: the browser needs its time to listen. */
const chooserOf = (page: Page) => new Promise<FileChooser>((resolve) => page.once('filechooser', resolve))

/** Goes on with Tab until something of this name has the focus. */
async function tabTo(page: Page, role: 'link' | 'button', name: string | RegExp) {
  const wanted = page.getByRole(role, { name }).first()
  for (let step = 0; step < 60; step++) {
    if (await wanted.evaluate((element) => element === document.activeElement).catch(() => false)) return
    await page.keyboard.press('Tab')
  }
  await expect(wanted).toBeFocused()
}

test('from putting in to sorting to finding, with keys alone', async ({ page, vault }) => {
  const topic = await vault.topic(unique('Orchard'))
  const [name, word] = [`${nonsense()}.txt`, `wqpt${randomUUID().slice(0, 6).replace(/\d/g, 'k')}`]
  const chooser = chooserOf(page)
  await page.goto('/')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()

  // Past what is on every view, straight to what is on this one.
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.locator('#main')).toBeFocused()

  await page.keyboard.press('u')
  await (await chooser).setFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(`${word} ${nonsense()}`) })
  await expect(page.locator('[data-upload-state="kept"]').filter({ hasText: name })).toBeVisible()
  const { id } = (await vault.withName(name))!
  expect((await vault.settled(id)).status).toBe('needs_review')

  await page.keyboard.press('g')
  await page.keyboard.press('r')
  const current = page.locator('article[data-document]')
  await expect(current).toBeVisible()
  for (let step = 0; (await current.getAttribute('data-document')) !== id && step < 200; step++) {
    const before = await current.getAttribute('data-document')
    await page.keyboard.press('s')
    await expect(current).not.toHaveAttribute('data-document', before ?? '')
  }
  await page.keyboard.press('c')
  await expect(page.getByRole('textbox', { name: 'Find or make a topic' })).toBeFocused()
  await page.keyboard.type(topic.name)
  await expect(page.getByRole('option')).toHaveCount(1)
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('option', { name: topic.name, selected: true })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await page.keyboard.press('a')
  await expect.poll(async () => (await vault.get(id)).topics).toMatchObject([{ id: topic.id, source: 'user' }])

  await page.keyboard.press('/')
  await expect(page.getByRole('textbox', { name: 'Search documents' })).toBeFocused()
  await page.keyboard.type(word)
  await expect(page.getByRole('main').getByRole('listitem').filter({ hasText: name })).toBeVisible()
  await expect(page.getByRole('main').locator('mark').first()).toHaveText(word)
  await page.keyboard.press('Escape')
  await page.keyboard.press('j')
  await expect(page.getByRole('main').getByRole('link', { name })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(name)
  await expect(page.getByRole('main')).toContainText(topic.name)
})

test('who turned the single keys off gets everywhere with Tab and Enter', async ({ page, vault }) => {
  const document = await vault.put(`${unique('letter')}.txt`, 'A letter.')
  const chooser = chooserOf(page)
  await page.goto('/')
  await expect(page.getByRole('main').getByRole('link', { name: document.filename })).toBeVisible()

  await tabTo(page, 'button', 'Settings')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('menu')).toBeVisible()
  const single = page.getByRole('menuitemcheckbox', { name: 'Single keys work as shortcuts' })
  for (let step = 0; step < 10 && !(await single.evaluate((item) => item === globalThis.document.activeElement)); step++) await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('menu')).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Settings' })).toBeFocused()

  await page.reload()
  await expect(page.getByRole('main').getByRole('link', { name: document.filename })).toBeVisible()
  await tabTo(page, 'button', 'Add files')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('menuitem', { name: 'Choose files' })).toBeFocused()
  await page.keyboard.press('Enter')
  const name = `${unique('by tab')}.txt`
  await (await chooser).setFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(randomUUID()) })
  await expect(page.getByRole('main').getByRole('link', { name })).toBeVisible()

  await tabTo(page, 'link', name)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(name)
  await tabTo(page, 'button', 'Delete')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('alertdialog')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('alertdialog')).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Delete' })).toBeFocused()
})
