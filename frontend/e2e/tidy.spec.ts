/** The vault sees what could be tidied up among the topics, and each suggestion has its button. */
import { expect, expectAccessible, nonsense, test, unique } from './support'

test('documents that no topic takes get one of their own, and give it back', async ({ page, vault }) => {
  // Words that they share and no other document has.
  const shared = nonsense()
  const documents = []
  for (const n of [1, 2, 3, 4]) documents.push(await vault.settled((await vault.put(`${unique(`odd ${n}`)}.txt`, `${shared} ${shared}`)).id))
  expect(documents.map(({ status }) => status)).toEqual(Array(4).fill('needs_review'))
  await page.goto('/topics')
  const clusters = page.locator('[data-tidy="clusters"]')
  const all = page.getByRole('button', { name: 'Show all suggestions' })
  await expect(clusters).toBeVisible()
  if (await all.isVisible()) await all.click()
  const cluster = clusters.getByRole('listitem').filter({ has: page.getByRole('link', { name: documents[3]!.filename }) })
  await expect(cluster).toContainText('4 documents for review')
  await expectAccessible(page)
  // They stand below each other on a phone: each is to be large enough for a finger.
  for (const link of await cluster.getByRole('link').all()) expect((await link.boundingBox())!.height).toBeGreaterThanOrEqual(24)
  await cluster.getByRole('button', { name: /^Make the topic/ }).click()
  const dialog = page.getByRole('dialog')
  const name = unique('Oddities')
  // What is proposed are words of the documents; a person knows better.
  expect(shared.toLowerCase()).toContain((await dialog.getByLabel('Name').inputValue()).split(',')[0]!.trim().toLowerCase())
  await dialog.getByLabel('Name').fill(name)
  await dialog.getByRole('button', { name: 'Make the topic' }).click()
  await expect(page.getByText(`4 documents stand under “${name}” now.`)).toBeVisible()
  for (const { id } of documents) expect(await vault.get(id)).toMatchObject({ status: 'ready', topics: [{ name, source: 'user' }] })
  await expect(cluster).toHaveCount(0)
  await page.getByRole('button', { name: 'Undo' }).click()
  for (const { id } of documents) await expect.poll(async () => (await vault.get(id)).topics).toEqual([])
})

test('of two topics with one name, one is merged into the other', async ({ page, vault }) => {
  const name = unique('Beekeeping')
  const [into, goes] = [await vault.topic(`${name} club`), await vault.topic(`${name} clubs`)]
  const documents = [await vault.put(`${unique('hive')}.txt`, 'A hive.', { topicIds: [into.id] }), await vault.put(`${unique('swarm')}.txt`, 'A swarm.', { topicIds: [goes.id] })]
  await vault.put(`${unique('honey')}.txt`, 'Honey.', { topicIds: [into.id] })
  await page.goto('/topics')
  await expect(page.locator('[data-tidy="near"]')).toBeVisible()
  const all = page.getByRole('button', { name: 'Show all suggestions' })
  if (await all.isVisible()) await all.click()
  await page.getByRole('button', { name: `Merge ${goes.name} into ${into.name}` }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByLabel('Merge into').locator('option:checked')).toHaveText(into.name)
  await dialog.getByRole('button', { name: 'Merge', exact: true }).click()
  await expect(page.locator(`[data-topic="${goes.id}"]`)).toHaveCount(0)
  for (const { id } of documents) expect((await vault.get(id)).topics).toMatchObject([{ id: into.id }])
  await expect(page.locator('[data-tidy="near"]').getByText(goes.name)).toHaveCount(0)
})
