/** What goes wrong is told, in words that say what to do; and what was thrown away comes back. */
import { expect, stack, test, unique } from './support'

test('a document is deleted after one question, and brought back by one click', async ({ page, vault }) => {
  const document = await vault.put(`${unique('receipt')}.txt`, 'The receipt of the lamp.')
  await page.goto(`/documents/${document.id}`)
  await page.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('button', { name: 'Undo' }).click()
  // In the trash it answers 404, with a problem that has no such field.
  await expect.poll(async () => (await vault.get(document.id)).deleted_at).toBeNull()
  await vault.trash(document.id)
  await page.goto('/trash')
  await page.getByRole('button', { name: `Restore ${document.filename}` }).click()
  await expect(page.locator(`[data-document="${document.id}"]`)).toHaveCount(0)
  expect((await vault.get(document.id)).deleted_at).toBeNull()
})

test('while a store is away the badge says which, and the page finds back by itself', async ({ page, complaints }) => {
  await page.goto('/')
  const badge = page.locator('[data-health]')
  await expect(badge).toHaveAttribute('data-health', 'well')
  stack('stop', 'redis')
  try {
    await expect(badge).not.toHaveAttribute('data-health', 'well', { timeout: 45_000 })
    await badge.click()
    await expect(page.locator('[data-part="redis"]')).toHaveAttribute('data-ok', 'false')
  } finally {
    stack('start', 'redis')
  }
  await expect(badge).toHaveAttribute('data-health', 'well', { timeout: 45_000 })
  complaints.length = 0
})

test('a vault that does not answer is no dead end', async ({ page, context, vault, complaints }) => {
  const name = `${unique('insurance')}.txt`
  await vault.put(name, 'The insurance of the house.')
  await page.goto('/')
  await expect(page.getByRole('main').getByText(name)).toBeVisible()
  await context.setOffline(true)
  await page.getByRole('textbox', { name: 'Search documents' }).fill('insurance of')
  await expect(page.getByRole('alert')).toContainText("can't be reached")
  await context.setOffline(false)
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByRole('main').getByRole('link', { name })).toBeVisible()
  complaints.length = 0
})
