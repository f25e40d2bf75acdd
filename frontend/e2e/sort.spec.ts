/** What the AI was not sure of waits for a person, who goes through it by keys and can take each step back. */
import { expect, test, unique } from './support'

test('the review queue is gone through by keys, and a decision is undone', async ({ page, vault }) => {
  const topic = await vault.topic(unique('Zoology'))
  const document = await vault.settled((await vault.put(`${unique('xqzv')}.txt`, 'xqzv wqpt zzkk vvrr')).id)
  expect(document.status).toBe('needs_review')
  await page.goto('/review')
  const current = page.locator('article[data-document]')
  // Others may wait before it.
  for (let step = 0; (await current.getAttribute('data-document')) !== document.id && step < 200; step++) {
    const before = await current.getAttribute('data-document')
    await page.keyboard.press('s')
    await expect(current).not.toHaveAttribute('data-document', before ?? '')
  }
  await page.keyboard.press('c')
  await page.getByRole('textbox', { name: 'Find or make a topic' }).fill(topic.name)
  await page.getByRole('option', { name: topic.name }).click()
  await page.getByRole('button', { name: 'Done' }).click()
  await page.keyboard.press('a')
  await expect.poll(async () => (await vault.get(document.id)).status).toBe('ready')
  expect((await vault.get(document.id)).topics).toMatchObject([{ id: topic.id, source: 'user' }])
  await expect(page.getByRole('button', { name: 'Undo' }).first()).toBeEnabled()
  await page.keyboard.press('u')
  await expect.poll(async () => (await vault.get(document.id)).status).toBe('needs_review')
  expect((await vault.get(document.id)).topics_by_user).toBe(false)
})

test('a topic is made', async ({ page }) => {
  const from = unique('Cars')
  await page.goto('/topics')
  await page.getByRole('button', { name: 'New topic' }).first().click()
  await page.getByRole('dialog').getByLabel('Name').fill(from)
  await page.getByRole('dialog').getByRole('button', { name: 'Make the topic' }).click()
  await expect(page.getByRole('main').getByText(from)).toBeVisible()
})

test('a selection is given a topic at once', async ({ page, vault }) => {
  const topic = await vault.topic(unique('Travel'))
  const word = unique('itinerary')
  const documents = [await vault.put(`${word} 1.txt`, 'to the sea'), await vault.put(`${word} 2.txt`, 'to the hills')]
  await page.goto(`/?q=${encodeURIComponent(`"${word}"`)}`)
  for (const { filename } of documents) await page.getByRole('checkbox', { name: `Select ${filename}` }).check()
  await page.getByRole('button', { name: 'Add topics' }).click()
  await page.getByRole('textbox', { name: 'Find or make a topic' }).fill(topic.name)
  await page.getByRole('option', { name: topic.name }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click()
  for (const { id } of documents) await expect.poll(async () => (await vault.get(id)).topics).toMatchObject([{ id: topic.id }])
})
