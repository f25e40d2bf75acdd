/** What goes wrong is told, in words that say what to do; and what was thrown away comes back. */
import { expect, stack, test, unique } from './support'

test('while a store is away the badge says which, and the page finds back by itself', async ({ page, complaints }) => {
  await page.goto('/')
  const badge = page.getByTestId('health')
  await expect(badge).toHaveAttribute('data-well', 'true')
  stack('stop', 'redis')
  try {
    await expect(badge).toHaveAttribute('data-well', 'false')
    await badge.click()
    await expect(page.getByText('Redis', { exact: false }).first()).toBeVisible()
  } finally {
    stack('start', 'redis')
  }
  await expect(badge).toHaveAttribute('data-well', 'true', { timeout: 30_000 })
  complaints.length = 0
})

test('a vault that does not answer is no dead end', async ({ page, context, vault, complaints }) => {
  const name = `${unique('insurance')}.txt`
  await vault.put(name, 'The insurance of the house.')
  await page.goto('/')
  await expect(page.getByText(name)).toBeVisible()
  await context.setOffline(true)
  await page.getByRole('textbox', { name: 'Search documents' }).fill('insurance of')
  await expect(page.getByRole('alert')).toContainText("can't be reached")
  await context.setOffline(false)
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByText(name)).toBeVisible()
  complaints.length = 0
})
