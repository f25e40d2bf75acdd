/** A search finds while one types, what narrows it stands in the address, and going back leads to where one was. */
import { expect, test, unique } from './support'

test('words are found while they are typed, marked, and kept in the address', async ({ page, vault }) => {
  const word = unique('quokka').replace(' ', '').replace(/\d/g, (digit) => 'ghijklmnop'[Number(digit)]!)
  const document = await vault.settled((await vault.put(`${unique('animals')}.txt`, `A letter about the ${word} of the island.`)).id)
  expect(document.status).not.toBe('failed')
  await page.goto('/')
  await expect(page.getByRole('main').getByRole('link', { name: document.filename })).toBeVisible()
  await page.keyboard.press('/')
  await page.keyboard.type(word.slice(0, 10))
  await expect(page.getByRole('main').getByRole('link', { name: document.filename })).toBeVisible()
  await expect(page.getByRole('main').locator('mark').first()).toBeVisible()
  await expect(page).toHaveURL(/[?&]q=quokka/)
  await page.reload()
  await expect(page.getByRole('main').getByRole('link', { name: document.filename })).toBeVisible()
})

test('a topic narrows the list, as a chip that can be taken off', async ({ page, vault }) => {
  const topic = await vault.topic(unique('Garden'))
  const inside = await vault.put(`${unique('roses')}.txt`, 'Roses and tulips.', { topicIds: [topic.id] })
  const outside = await vault.put(`${unique('engine')}.txt`, 'The engine of the car.')
  await page.goto(`/?topic=${topic.id}`)
  await expect(page.getByRole('main').getByText(inside.filename)).toBeVisible()
  await expect(page.getByRole('main').getByText(outside.filename)).toHaveCount(0)
  await page.getByRole('button', { name: `Remove the filter ${topic.name}` }).click()
  await expect(page.getByRole('main').getByText(outside.filename)).toBeVisible()
})

test('who goes back from a document finds the list where they left it', async ({ page, vault }) => {
  const topic = await vault.topic(unique('Library'))
  for (let number = 1; number <= 40; number++) await vault.put(`book ${number}.txt`, 'Pages.', { topicIds: [topic.id] })
  await page.goto(`/?topic=${topic.id}`)
  await expect(page.getByRole('main').getByRole('link', { name: 'book 40.txt' })).toBeVisible()
  const row = page.getByRole('main').getByRole('link', { name: 'book 12.txt' })
  const scrolled = () => page.evaluate(() => window.scrollY)
  await page.mouse.move(640, 500)
  await page.mouse.wheel(0, 1900)
  await expect(row).toBeInViewport()
  for (const goBack of [() => page.goBack(), () => page.getByRole('link', { name: 'Back to the list' }).click()]) {
    // Where the list is left: what clicks here may first move the row out from under what sticks to the window's edge.
    await page.evaluate(() => {
      const note = () => (document.documentElement.dataset.left = String(window.scrollY))
      window.addEventListener('click', note, { capture: true, once: true })
    })
    await row.click()
    const left = await page.evaluate(() => Number(document.documentElement.dataset.left))
    expect(left).toBeGreaterThan(1000)
    await expect(page.getByRole('heading', { level: 1, name: 'book 12.txt' })).toBeVisible()
    await goBack()
    await expect(row).toBeInViewport()
    await expect.poll(scrolled).toBe(left)
    await expect(page).toHaveURL(new RegExp(`topic=${topic.id}`))
  }
})
