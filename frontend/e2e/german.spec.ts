/** Who has a German browser is spoken to in German from the first word on. */
import { expect, expectAccessible, nonsense, test } from './support'

test.use({ locale: 'de-DE' })

test('hineinlegen, prüfen, finden: all of it in German', async ({ page, vault }) => {
  const name = `${nonsense()}.txt`
  await page.goto('/')
  await expect(page.locator('html')).toHaveAttribute('lang', 'de')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Dokumente')
  await page.locator('[data-upload="files"]').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(nonsense()) })
  await expect(page.locator('[data-upload-state="kept"]')).toContainText('Abgelegt')
  await page.locator('[data-upload="files"]').setInputFiles({ name: 'leer.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) })
  await expect(page.locator('[data-upload-state="failed"]')).toContainText('Die Datei ist leer')
  const row = page.getByRole('main').getByRole('listitem').filter({ hasText: name })
  await expect(row).toContainText('Zu prüfen')
  await row.getByRole('checkbox').check()
  await expect(page.getByRole('region', { name: 'Mit den ausgewählten Dokumenten' })).toContainText('Eines ausgewählt')
  await expectAccessible(page)

  const titles = { '/review': 'Prüfen', '/topics': 'Themen', '/overview': 'Überblick', '/trash': 'Papierkorb' }
  for (const [path, title] of Object.entries(titles)) {
    await page.goto(path)
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(title)
    await expect(page).toHaveTitle(`${title} – DocuVault`)
    await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
    await expectAccessible(page)
  }
  await page.getByRole('textbox', { name: 'Dokumente suchen' }).fill(`"${name}"`)
  await page.getByRole('main').getByRole('link', { name }).click()
  await expect(page.getByRole('button', { name: 'Löschen' })).toBeVisible()
  // Days and sizes as one writes them there.
  const { created_at } = (await vault.withName(name))!
  await expect(page.getByRole('main')).toContainText(new Intl.DateTimeFormat('de', { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(created_at)))
})
