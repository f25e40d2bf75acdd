/** What people own is read, whatever it is: a PDF, a scan, a file with a password; and the page shows what came of it. */
import { readFileSync } from 'node:fs'
import { expect, expectAccessible, expectNoSidewaysScroll, test, unique } from './support'

/** A file of every kind that people have (tests/fixtures/formats), as bytes that no other story has put in. */
const own = (name: string) => Buffer.concat([readFileSync(new URL(`../../tests/fixtures/formats/${name}`, import.meta.url)), Buffer.from(`\n%${unique('')}\n`)])
const PDF = { type: 'application/pdf' }
/** What is written in each of them. */
const WORDS = 'The vault keeps the gearwheel invoice of Tuesday.'

test('a PDF gets a picture in the list, by itself', async ({ page, vault }) => {
  await page.goto('/')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  const document = await vault.putBytes(`${unique('gearwheel')}.pdf`, own('libreoffice.pdf'), PDF)
  const row = page.getByRole('main').getByRole('listitem').filter({ has: page.locator(`a[href="/documents/${document.id}"]`) })
  const picture = row.locator('img')
  await expect(picture).toHaveAttribute('src', new RegExp(`^/api/v1/documents/${document.id}/thumbnail`), { timeout: 30_000 })
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth)).toBeGreaterThan(0)
  const box = (await picture.boundingBox())!
  expect([box.width, box.height].map(Math.round)).toEqual([38, 46])
  await expectAccessible(page)

  // Read again, it may have another picture: that is asked for.
  const before = await picture.getAttribute('src')
  const asked = page.waitForRequest((request) => request.url().includes(`${document.id}/thumbnail`))
  await page.request.post(`/api/v1/documents/${document.id}/reprocess`)
  expect(new URL((await asked).url()).search).not.toBe(new URL(before!, 'http://vault').search)
  await vault.settled(document.id)
  await expect(row.locator('[data-status="ready"], [data-status="needs_review"]')).toBeVisible()
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth)).toBeGreaterThan(0)
})

test('what has no picture has that of its kind, in the same place', async ({ page, vault }) => {
  const document = await vault.settled((await vault.put(`${unique('figures')}.csv`, 'name,amount\nGearwheel,42', { type: 'text/csv' })).id)
  await page.goto('/')
  const row = page.getByRole('main').getByRole('listitem').filter({ hasText: document.filename })
  await expect(row.locator('svg.lucide-file-spreadsheet')).toBeVisible()
  await expect(row.locator('img')).toHaveCount(0)
})

test('a protected PDF is unlocked: first with a wrong password, then with its own', async ({ page, vault }) => {
  test.setTimeout(120_000)
  const { id } = await vault.putBytes(`${unique('locked')}.pdf`, own('locked.pdf'), PDF)
  expect((await vault.settled(id)).error?.code).toBe('password')
  await page.goto(`/documents/${id}`)
  const form = page.getByRole('region', { name: 'Protected by a password' })
  const field = form.getByLabel('Password')
  await expect(form).toContainText('kept nowhere')
  await expect(field).toHaveAttribute('autocomplete', 'off')
  await expect(page.getByText('Enter the password above')).toBeVisible()
  await expectAccessible(page)

  await field.fill('not this one')
  await form.getByRole('button', { name: 'Unlock' }).click()
  await expect(form.getByRole('status')).toContainText('did not open with this password', { timeout: 30_000 })
  await expect(field).toBeFocused()
  await expect(field).toHaveValue('')
  await expect(page.getByText('Enter the password above')).toBeVisible()
  await expectAccessible(page)

  await field.fill('secret')
  await page.keyboard.press('Enter')
  await expect(page.getByText('The document is unlocked')).toBeVisible({ timeout: 30_000 })
  await expect(form).toHaveCount(0)
  await expect(page.locator('.pdf-text').first()).toContainText('gearwheel')
  await expect(page.getByRole('region', { name: 'Text' }).first()).toContainText(WORDS)
  await expect(page.locator('[data-detail="author"]')).toHaveText('Ann Bell')
  await expect(page.getByRole('main')).toContainText('A password was tried')
  const { error, has_thumbnail } = await vault.get(id)
  expect([error, has_thumbnail]).toEqual([null, true])

  // The file itself is as it was: to be looked at, it is opened once more, here alone.
  await page.reload()
  await expect(page.getByText('It does not leave your browser')).toBeVisible()
  let sent = false
  page.on('request', (request) => (sent ||= request.url().endsWith('/unlock')))
  const here = page.getByRole('main').getByLabel('Password')
  await here.fill('not this one')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('main').getByText('did not open with this password')).toBeVisible()
  await expectAccessible(page)
  await here.fill('secret')
  await page.keyboard.press('Enter')
  await expect(page.locator('.pdf-text').first()).toContainText('gearwheel')
  expect(sent).toBe(false)
})

test('a scan says that it was read off its picture', async ({ page, vault }) => {
  test.setTimeout(120_000)
  const { id } = await vault.putBytes(`${unique('scan')}.pdf`, own('scan.pdf'), PDF)
  await expect.poll(async () => (await vault.get(id)).text_source, { timeout: 60_000 }).toBe('ocr')
  for (const [width, theme] of [[360, 'dark'], [1600, 'light']] as const) {
    await page.setViewportSize({ width, height: 800 })
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    await page.goto(`/documents/${id}`)
    await expect(page.locator('[data-detail="textSource"]')).toHaveText('Read off its pictures')
    if (width < 1280) await page.getByRole('button', { name: 'Text', exact: true }).click()
    await expect(page.getByText('a letter may be wrong')).toBeVisible()
    await expect(page.getByRole('main')).toContainText(WORDS)
    await expectNoSidewaysScroll(page)
    await expectAccessible(page)
  }
})

test('what was wrongly declared says so', async ({ page, vault }) => {
  const { id } = await vault.settled((await vault.putBytes(`${unique('lies')}.pdf`, readFileSync(new URL('../../tests/fixtures/formats/python.docx', import.meta.url)), PDF)).id)
  await page.goto(`/documents/${id}`)
  await expect(page.locator('[data-detail="declaredType"]')).toHaveText('application/pdf')
  await expect(page.locator('[data-detail="contentType"]')).toContainText('wordprocessingml')
})
