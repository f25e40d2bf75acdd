/** Files go in by being chosen, dropped or pasted; each tells how far it is; what is there already says so. */
import { randomUUID } from 'node:crypto'
import { expect, test, unique } from './support'

const file = (name: string, text: string = randomUUID()) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) })

test('files are chosen, put in, and appear in the list by themselves', async ({ page }) => {
  await page.goto('/')
  const names = Array.from({ length: 6 }, (_, index) => `${unique(`letter-${index}`)}.txt`)
  await page.locator('[data-upload="files"]').setInputFiles(names.map((name) => file(name)))
  await expect(page.locator('[data-upload-state="kept"]')).toHaveCount(6)
  for (const name of names) await expect(page.getByRole('main').getByText(name)).toBeVisible()
})

test('a duplicate says so and leads to the one that is there', async ({ page, vault }) => {
  const there = await vault.putBytes('there already.txt', Buffer.from(`the same bytes ${randomUUID()}`))
  const bytes = await (await page.request.get(`/api/v1/documents/${there.id}/content`)).body()
  await page.goto('/')
  await page.locator('[data-upload="files"]').setInputFiles({ name: 'another name.txt', mimeType: 'text/plain', buffer: bytes })
  const row = page.locator('[data-upload-state="duplicate"]')
  await expect(row).toContainText('In the vault already')
  await row.getByRole('link').click()
  await expect(page).toHaveURL(new RegExp(`/documents/${there.id}`))
})

test('an empty file is refused before it is sent, and says why', async ({ page }) => {
  await page.goto('/')
  await page.locator('[data-upload="files"]').setInputFiles(file('nothing.txt', ''))
  await expect(page.locator('[data-upload-state="failed"]')).toContainText('nothing to keep')
})

test('a file is dropped on the page, and a picture is pasted', async ({ page }) => {
  await page.goto('/')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  const name = `${unique('dropped')}.txt`
  await page.evaluate(
    ([name, text]) => {
      const data = new DataTransfer()
      data.items.add(new File([text!], name!, { type: 'text/plain' }))
      for (const type of ['dragenter', 'dragover', 'drop']) {
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }))
      }
    },
    [name, randomUUID()],
  )
  await expect(page.getByRole('main').getByText(name)).toBeVisible()
  await page.evaluate((text) => {
    const data = new DataTransfer()
    data.items.add(new File([text], 'image.png', { type: 'image/png' }))
    document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
  }, randomUUID())
  await expect(page.locator('[data-upload-state="kept"]').filter({ hasText: '.png' })).toBeVisible()
})
