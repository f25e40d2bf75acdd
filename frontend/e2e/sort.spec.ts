/** What the AI was not sure of waits for a person, who goes through it by keys and can take each step back. */
import type { Page } from '@playwright/test'
import { expect, nonsense, test, unique, type Document } from './support'

test('the review queue is gone through by keys, and a decision is undone', async ({ page, vault }) => {
  const topic = await vault.topic(unique('Zoology'))
  const document = await vault.settled((await vault.put(`${nonsense()}.txt`, nonsense())).id)
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

test('a document says by which words it was sorted', async ({ page, vault }) => {
  const text = 'Invoice number 2026-117. Bill to: Ada. Amount due 571.20 EUR, VAT included, payment terms net 14 days.'
  const { id } = await vault.settled((await vault.put(`${unique('bill')}.txt`, text)).id)
  await page.goto(`/documents/${id}`)
  await page.getByRole('button', { name: 'Show the words that decide' }).click()
  const why = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Why these topics' }) })
  await expect(why.getByRole('status')).toContainText(/Invoice: \d+ % sure/)
  await expect(why.getByRole('status')).toContainText('invoice')
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

test('a topic is renamed, and all that stand under it follow', async ({ page, vault }) => {
  const topic = await vault.topic(unique('Motor'), 'Cars')
  const document = await vault.put(`${unique('tyres')}.txt`, 'Four tyres.', { topicIds: [topic.id] })
  const name = unique('Vehicles')
  await page.goto('/topics')
  await page.getByRole('button', { name: `Change ${topic.name}` }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByLabel('Name')).toHaveValue(topic.name)
  await dialog.getByLabel('Name').fill(name)
  await dialog.getByLabel('Description').fill('Everything on wheels')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog).toHaveCount(0)
  await expect(page.locator(`[data-topic="${topic.id}"]`)).toContainText('Everything on wheels')
  await expect(page.getByRole('heading', { name })).toBeVisible()
  expect((await vault.get(document.id)).topics).toMatchObject([{ id: topic.id, name }])
})

test('a name that another topic has is refused beside the field', async ({ page, vault }) => {
  const [first, second] = [await vault.topic(unique('Taken')), await vault.topic(unique('Free'))]
  await page.goto('/topics')
  await page.getByRole('button', { name: `Change ${second.name}` }).click()
  await page.getByRole('dialog').getByLabel('Name').fill(first.name)
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('dialog')).toContainText('Another topic has this name')
  expect((await vault.topics()).find(({ id }) => id === second.id)).toMatchObject({ name: second.name })
})

test('a topic is merged into another, which has its documents from then on', async ({ page, vault }) => {
  const [from, into] = [await vault.topic(unique('Phone')), await vault.topic(unique('Telephone'))]
  const document = await vault.put(`${unique('call')}.txt`, 'A call.', { topicIds: [from.id] })
  await page.goto('/topics')
  await page.getByRole('button', { name: `Merge ${from.name} into another topic` }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Merge into').selectOption({ label: into.name })
  await expect(dialog).toContainText(`1 document will stand under “${into.name}” instead`)
  await dialog.getByRole('button', { name: 'Merge', exact: true }).click()
  await expect(page.locator(`[data-topic="${from.id}"]`)).toHaveCount(0)
  await expect(page.locator(`[data-topic="${into.id}"]`)).toContainText('1 document')
  expect((await vault.get(document.id)).topics).toMatchObject([{ id: into.id }])
})

test('a topic is deleted after one question, and its documents stay', async ({ page, vault }) => {
  const topic = await vault.topic(unique('Fleeting'))
  const document = await vault.put(`${unique('lasting')}.txt`, 'It lasts.', { topicIds: [topic.id] })
  await page.goto('/topics')
  await page.getByRole('button', { name: `Delete ${topic.name}` }).click()
  const question = page.getByRole('alertdialog')
  await expect(question).toContainText('1 document loses this topic. The document itself stays.')
  await question.getByRole('button', { name: 'Cancel' }).click()
  await expect(page.locator(`[data-topic="${topic.id}"]`)).toBeVisible()
  await page.getByRole('button', { name: `Delete ${topic.name}` }).click()
  await question.getByRole('button', { name: 'Delete' }).click()
  await expect(page.locator(`[data-topic="${topic.id}"]`)).toHaveCount(0)
  expect((await vault.topics()).map(({ id }) => id)).not.toContain(topic.id)
  expect((await vault.get(document.id)).topics).toEqual([])
})

/** Selects all of a list: the first, and with Shift all up to the last. */
async function selectAll(page: Page, documents: readonly Document[]) {
  const boxes = page.getByRole('main').getByRole('checkbox')
  await expect(boxes).toHaveCount(documents.length)
  await boxes.first().click()
  await boxes.last().click({ modifiers: ['Shift'] })
  await expect(page.getByRole('region', { name: 'With the selected documents' })).toContainText(`${documents.length} selected`)
}

test('a selection is read again, loses a topic, is deleted, and comes back', async ({ page, vault }) => {
  const topic = await vault.topic(unique('Cellar'))
  const documents: Document[] = []
  for (const number of [1, 2, 3]) documents.push(await vault.settled((await vault.put(`${unique(`bottle ${number}`)}.txt`, 'Red.', { topicIds: [topic.id] })).id))
  await page.goto(`/?topic=${topic.id}`)
  await selectAll(page, documents)

  await page.getByRole('button', { name: 'Read again' }).click()
  await expect(page.getByText('3 documents are read again')).toBeVisible()
  for (const { id } of documents) {
    expect(await vault.history(id)).toContain('document.reprocess_requested')
    await vault.settled(id)
  }

  await page.getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByRole('alertdialog')).toContainText('Delete 3 documents?')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByText('3 documents are in the trash')).toBeVisible()
  await expect(page.getByRole('heading', { name: 'No document matches' })).toBeVisible()
  const undo = page.locator('[data-kind="done"]').filter({ hasText: 'in the trash' }).getByRole('button', { name: 'Undo' })
  await undo.click()
  for (const { id, filename } of documents) {
    await expect(page.getByRole('main').getByRole('link', { name: filename })).toBeVisible()
    await expect.poll(async () => (await vault.get(id)).deleted_at).toBeNull()
  }

  await selectAll(page, documents)
  await page.getByRole('button', { name: 'Remove topics' }).click()
  const dialog = page.getByRole('dialog')
  // Only what stands on them can be taken off, and nothing is made.
  await expect(dialog.getByRole('option')).toHaveText([topic.name])
  await dialog.getByRole('textbox', { name: 'Find a topic' }).fill('nothing of this name')
  await expect(dialog.getByRole('option')).toHaveCount(0)
  await dialog.getByRole('textbox', { name: 'Find a topic' }).fill(topic.name)
  await dialog.getByRole('option', { name: topic.name }).click()
  await dialog.getByRole('button', { name: 'Remove' }).click()
  for (const { id } of documents) await expect.poll(async () => (await vault.get(id)).topics).toEqual([])
})

test('what can be done with a selection fits on a phone, side by side', async ({ page, vault }) => {
  await page.setViewportSize({ width: 360, height: 740 })
  const topic = await vault.topic(unique('Shed'))
  const documents = [await vault.put(`${unique('rake')}.txt`, 'A rake.', { topicIds: [topic.id] }), await vault.put(`${unique('spade')}.txt`, 'A spade.', { topicIds: [topic.id] })]
  await page.goto(`/?topic=${topic.id}`)
  await selectAll(page, documents)
  const buttons = page.getByRole('region', { name: 'With the selected documents' }).getByRole('button')
  const tops = await buttons.evaluateAll((all) => all.map((button) => Math.round(button.getBoundingClientRect().top)))
  expect(tops).toHaveLength(5)
  expect(new Set(tops).size).toBe(1)
})
