/** What happens in the vault is seen as it happens, without loading the page again. */
import type { Page } from '@playwright/test'
import { expect, stack, test, unique } from './support'

const mark = (page: Page) => page.evaluate(() => void Object.assign(window, { marked: true }))
/** The page that was marked is the one that still stands there. */
const isMarked = (page: Page) => page.evaluate(() => 'marked' in window)

test('a document is watched from waiting to read, in the list and in its own view', async ({ page, context, vault }) => {
  await vault.idle()
  stack('stop', 'worker')
  let document
  const second = await context.newPage()
  try {
    await page.goto('/')
    await expect(page.getByRole('main').getByRole('listitem').first()).toBeVisible()
    await mark(page)
    document = await vault.put(`${unique('meter')}.txt`, 'Invoice for electricity: the amount due is 84 EUR, please pay within 14 days.')
    await second.goto(`/documents/${document.id}`)
    await expect(second.getByRole('main').locator('[data-status="pending"]')).toBeVisible()
    await mark(second)
    await expect(page.getByRole('main').getByRole('listitem').filter({ hasText: document.filename }).locator('[data-status="pending"]')).toBeVisible()
  } finally {
    stack('start', 'worker')
  }
  const { status } = await vault.settled(document.id)
  expect(status).toMatch(/ready|needs_review/)
  await expect(page.getByRole('main').getByRole('listitem').filter({ hasText: document.filename }).locator(`[data-status="${status}"]`)).toBeVisible()
  await expect(second.getByRole('main').locator(`[data-status="${status}"]`)).toBeVisible()
  // What was read of it stands there too.
  await expect(second.getByRole('region', { name: 'Text' })).toContainText('please pay within 14 days')
  expect(await isMarked(page)).toBe(true)
  expect(await isMarked(second)).toBe(true)
})

test('a document that somebody throws away says so to whoever looks at it', async ({ page, vault }) => {
  const document = await vault.settled((await vault.put(`${unique('draft')}.txt`, 'A draft.')).id)
  await page.goto(`/documents/${document.id}`)
  const heading = page.getByRole('heading', { name: document.filename })
  await expect(heading).toBeVisible()
  await vault.trash(document.id)
  const gone = page.getByRole('alert').filter({ hasText: 'It is not here any more' })
  await expect(gone).toBeVisible()
  await expect(heading).toHaveCount(0)
  // And if they think better of it, it is there again.
  await page.request.post(`/api/v1/documents/${document.id}/restore`)
  await expect(heading).toBeVisible()
  await expect(gone).toHaveCount(0)
  await page.request.delete(`/api/v1/documents/${document.id}?permanently=true`)
  await expect(gone).toBeVisible()
})

test('what somebody else changes is seen by all', async ({ page, context, vault }) => {
  const topic = await vault.topic(unique('Shared'))
  const document = await vault.settled((await vault.put(`${unique('minutes')}.txt`, 'Minutes of the meeting.')).id)
  await page.goto('/')
  const row = page.getByRole('main').getByRole('listitem').filter({ hasText: document.filename })
  await expect(row).toBeVisible()
  await mark(page)

  const other = await context.newPage()
  await other.goto(`/documents/${document.id}`)
  await other.getByRole('button', { name: 'Change topics' }).click()
  await other.getByRole('textbox', { name: 'Find or make a topic' }).fill(topic.name)
  await other.getByRole('option', { name: topic.name }).click()
  await other.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await expect(row).toContainText(topic.name)

  await vault.trash(document.id)
  await expect(row).toHaveCount(0)
  expect(await isMarked(page)).toBe(true)
})
