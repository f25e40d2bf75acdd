/** The vault learns: what was corrected shows in the next document, and in those that are there already. */
import { expect, expectAccessible, nonsense, test, unique } from './support'

const NIGHTS = [
  'The telescope showed the rings of Saturn and four moons of Jupiter; the eyepiece fogged up at midnight.',
  'A nebula in Orion, seen with the large telescope. The galaxy next to Andromeda was too faint for the eyepiece.',
  'Meteors from Perseus all night. The orbit of the comet brings it near Jupiter again in spring.',
  'We polished the mirror of the telescope and found the galaxy in Andromeda at once, and a comet.',
  'The orbit of the moon is tilted; through the eyepiece its craters cast long shadows at half moon.',
]
const NEXT = 'Through the eyepiece of the telescope: the moons of Jupiter, the rings of Saturn, and the comet near Andromeda.'

test('five are corrected, and the sixth goes where they went', async ({ page, vault }) => {
  test.setTimeout(150_000)
  // A name that says nothing.
  const topic = await vault.topic(unique('Folder'))
  for (const [night, text] of NIGHTS.entries()) {
    const { id } = await vault.settled((await vault.put(`${unique(`night ${night}`)}.txt`, text)).id)
    await page.goto(`/documents/${id}`)
    await page.getByRole('button', { name: 'Change topics' }).click()
    await page.getByRole('textbox', { name: 'Find or make a topic' }).fill(topic.name)
    await page.getByRole('option', { name: topic.name }).click()
    await page.getByRole('button', { name: 'Save' }).click()
    await expect.poll(async () => (await vault.get(id)).topics_by_user).toBe(true)
  }
  let count = 0
  await expect.poll(async () => {
    const { id } = await vault.put(`${unique('night')}.txt`, `${NEXT} ${++count}`)
    return (await vault.settled(id)).topics.map(({ name }) => name)
  }, { timeout: 60_000, intervals: [5_000] }).toEqual([topic.name])
})

test('all is sorted again, and that is taken back', async ({ page, vault }) => {
  const words = nonsense()
  const document = await vault.settled((await vault.put(`${unique('again')}.txt`, words)).id)
  expect(document.status).toBe('needs_review')
  // A topic that says what the document is about.
  const topic = await vault.topic(unique('Again'), words)
  await page.goto('/overview')
  await page.getByRole('button', { name: 'Sort everything' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Sort', exact: true }).click()
  const newest = page.locator('[data-run]').first()
  await expect(newest).toHaveAttribute('data-state', 'done')
  expect((await vault.get(document.id)).topics.map(({ id }) => id)).toEqual([topic.id])
  await expectAccessible(page)
  await newest.getByRole('button', { name: 'Take back' }).click()
  await expect(newest).toContainText('Taking back')
  await expect(newest).toHaveAttribute('data-state', 'done')
  const back = await vault.get(document.id)
  expect([back.topics, back.status]).toEqual([[], 'needs_review'])
})
