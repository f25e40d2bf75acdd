/** What holds on every view: no barrier, no sideways scroll, at any width, in both themes and both languages. */
import { expect, expectAccessible, expectNoSidewaysScroll, test, unique } from './support'

const VIEWS = [
  { path: '/', title: 'Documents' },
  { path: '/review', title: 'Review' },
  { path: '/topics', title: 'Topics' },
  { path: '/overview', title: 'Overview' },
  { path: '/trash', title: 'Trash' },
  { path: '/nowhere/at/all', title: 'There is nothing here' },
]
const SIZES = [
  { name: 'a phone', width: 360, height: 740 },
  { name: 'a desk', width: 1280, height: 800 },
  { name: '4K', width: 3840, height: 2160 },
]

for (const theme of ['light', 'dark'] as const) {
  for (const { name, width, height } of SIZES) {
    test(`every view can be used by everybody: ${theme}, ${name}`, async ({ page, vault }) => {
      await page.setViewportSize({ width, height })
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
      const topic = await vault.topic(unique('Household'), 'Bills and contracts of the home')
      const document = await vault.put(`${unique('lease')}.txt`, 'The lease of the flat in the old town.', { topicIds: [topic.id] })
      await vault.settled(document.id)
      const thrown = await vault.put(`${unique('thrown away')}.txt`, 'Of no more use.')
      await vault.trash(thrown.id)
      for (const { path, title } of [...VIEWS, { path: `/documents/${document.id}`, title: 'Documents' }]) {
        await page.goto(path)
        await expect(page).toHaveTitle(`${title} – DocuVault`)
        await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1)
        await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
        await expectNoSidewaysScroll(page)
        await expectAccessible(page)
      }
    })
  }
}

test('the page speaks German to those who want it, and remembers', async ({ page }) => {
  await page.goto('/')
  await page.getByRole('button', { name: 'Settings' }).click()
  await page.getByRole('menuitemradio', { name: 'Deutsch' }).click()
  await expect(page.locator('html')).toHaveAttribute('lang', 'de')
  await page.reload()
  await expect(page.getByRole('navigation', { name: 'Hauptnavigation' }).getByRole('link', { name: 'Papierkorb' })).toBeVisible()
})

test('a theme that was chosen stays, whatever the system says', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' })
  await page.goto('/')
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  const light = await background()
  await page.getByRole('button', { name: 'Settings' }).click()
  await page.getByRole('menuitemradio', { name: 'Dark' }).click()
  await expect.poll(background).not.toBe(light)
  const dark = await background()
  await page.reload()
  expect(await background()).toBe(dark)
})

test('single keys lead around, and rest when they are turned off', async ({ page }) => {
  await page.goto('/')
  await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' })
  await page.keyboard.press('g')
  await page.keyboard.press('t')
  await expect(page).toHaveURL(/\/topics$/)
  await page.keyboard.press('/')
  await expect(page.getByRole('textbox', { name: 'Search documents' })).toBeFocused()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Settings' }).click()
  await page.getByRole('menuitemcheckbox', { name: 'Single keys work as shortcuts' }).click()
  await page.keyboard.press('Escape')
  await page.keyboard.press('g')
  await page.keyboard.press('d')
  await page.keyboard.press('/')
  await expect(page.getByRole('textbox', { name: 'Search documents' })).not.toBeFocused()
  await expect(page).toHaveURL(/\/topics$/)
})
