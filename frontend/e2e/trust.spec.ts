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

test('each part that is down is named, and what it means is said', async ({ page, complaints }) => {
  test.setTimeout(180_000)
  const parts = [
    { service: 'postgres', part: 'postgres', name: 'Database', meaning: 'until the database is back' },
    { service: 's3', part: 'object_storage', name: 'File storage', meaning: 'until the storage is back' },
    { service: 'redis', part: 'redis', name: 'Queue (Redis)', meaning: 'reading new ones waits' },
  ]
  for (const { service, part, name, meaning } of parts) {
    stack('kill', service)
    try {
      await page.goto('/')
      const badge = page.getByRole('button', { name: `How the vault is: Down: ${name}` })
      await expect(badge).toBeVisible()
      await badge.click()
      const told = page.getByRole('dialog', { name: 'How the vault is' })
      await expect(told).toContainText(meaning)
      await expect(told.locator('[data-ok="false"]')).toHaveCount(1)
      await expect(told.locator(`[data-part="${part}"]`)).toContainText('does not answer')
      await page.keyboard.press('Escape')
    } finally {
      stack('start', service)
    }
    await expect(page.locator('[data-health]')).toHaveAttribute('data-health', 'well', { timeout: 45_000 })
  }
  complaints.length = 0
})

test('without its database every view says so, and is there again at one click', async ({ page, vault, complaints }) => {
  test.setTimeout(120_000)
  const document = await vault.settled((await vault.put(`${unique('deed')}.txt`, 'The deed of the house.')).id)
  const views = ['/review', '/topics', '/overview', '/trash', `/documents/${document.id}`, '/']
  stack('stop', 'postgres')
  try {
    for (const path of views) {
      await page.goto(path)
      const told = page.getByRole('main').getByRole('alert').first()
      await expect(told).toContainText('A part of the vault is down right now')
      await expect(told.getByRole('button', { name: 'Try again' })).toBeEnabled()
    }
  } finally {
    stack('start', 'postgres')
  }
  const again = page.getByRole('main').getByRole('button', { name: 'Try again' })
  // The page may have found back by itself meanwhile.
  if (await again.isVisible()) await again.click({ timeout: 2000 }).catch(() => undefined)
  await expect(page.getByRole('main').getByRole('link', { name: document.filename })).toBeVisible()
  await expect(page.getByRole('main').getByRole('alert')).toHaveCount(0)
  complaints.length = 0
})

test('work that was given up is tried again, and is done', async ({ page, vault }) => {
  test.setTimeout(120_000)
  await vault.idle()
  stack('stop', 'worker')
  const document = await vault.put(`${unique('unlucky')}.txt`, 'Invoice for electricity, amount due 12 EUR.')
  await page.goto('/overview')
  const dead = page.locator('[data-job]').filter({ hasText: document.filename })
  try {
    // It dies with the job in its hands: once is as often as this worker may try.
    stack('start', 'worker', { DOCUVAULT_CRASH_AT: 'work.after_claim', JOB_MAX_ATTEMPTS: '1' })
    await expect.poll(async () => (await vault.get(document.id)).status).toBe('processing')
    stack('stop', 'worker')
    stack('start', 'worker', { JOB_MAX_ATTEMPTS: '1' })
    await expect(dead).toContainText('the worker ended in the middle of it', { timeout: 30_000 })
  } finally {
    stack('stop', 'worker')
    stack('start', 'worker')
  }
  await expect(page.locator('[data-figure="dead"]')).toContainText('1')
  await dead.getByRole('button', { name: `Try ${document.filename} again` }).click()
  await expect(page.getByText('It is tried again.')).toBeVisible()
  await expect(dead).toHaveCount(0)
  await expect.poll(async () => (await vault.get(document.id)).status).toMatch(/ready|needs_review/)
})
