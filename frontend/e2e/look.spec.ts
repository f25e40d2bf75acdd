/** A document is looked at without leaving the page: its picture, its text, its facts, its history. */
import { readFileSync } from 'node:fs'
import { expect, expectAccessible, expectNoSidewaysScroll, test, unique } from './support'

/** A PDF of one page with one line, as small as they come. */
function pdf(line: string, rotate = 0): Buffer {
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    `<</Type/Page/Parent 2 0 R/Rotate ${rotate}/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>`,
    `<</Length ${line.length + 33}>>stream\nBT /F1 14 Tf 20 120 Td (${line}) Tj ET\nendstream`,
    '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>',
  ]
  let text = '%PDF-1.4\n'
  const places = objects.map((object, index) => {
    const place = text.length
    text += `${index + 1} 0 obj${object}endobj\n`
    return place
  })
  const table = text.length
  text += `xref\n0 6\n0000000000 65535 f \n${places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`).join('')}`
  text += `trailer<</Size 6/Root 1 0 R>>\nstartxref\n${table}\n%%EOF`
  return Buffer.from(text, 'latin1')
}

test('a PDF is shown page by page, with its text beside it', async ({ page, vault }) => {
  const words = unique('The lease of the house').replaceAll('-', '')
  const document = await vault.settled((await vault.putBytes(`${unique('lease')}.pdf`, pdf(words), { type: 'application/pdf' })).id)
  await page.goto(`/documents/${document.id}`)
  await expect(page.locator('canvas').first()).toBeVisible()
  await expect(page.locator('.pdf-text').first()).toContainText('lease')
  await expect(page.getByRole('main')).toContainText(document.sha256)
  await expect(page.getByText('Put in', { exact: false }).first()).toBeVisible()
})

test('the text of a page that is turned lies over its picture', async ({ page, vault }) => {
  const words = unique('The lease of the barn').replaceAll('-', '')
  const document = await vault.settled((await vault.putBytes(`${unique('turned')}.pdf`, pdf(words, 90), { type: 'application/pdf' })).id)
  await page.goto(`/documents/${document.id}`)
  const text = page.locator('.pdf-text span').first()
  await expect(text).toContainText('barn')
  await expect(async () => {
    const [picture, line] = [await page.locator('canvas').first().boundingBox(), await text.boundingBox()]
    if (!picture || !line) throw new Error('Not drawn yet')
    // What was its left is its top, and what was its bottom its left: a line from 20 on, 120 above the bottom of 200.
    const point = picture.width / 200
    const [left, right, top, bottom] = [line.x - picture.x, line.x + line.width - picture.x, line.y - picture.y, line.y + line.height - picture.y]
    expect(left / point).toBeGreaterThan(110)
    expect(right / point).toBeLessThan(140)
    expect(top / point).toBeCloseTo(20, -1)
    expect(bottom - top).toBeGreaterThan(right - left)
    expect(bottom).toBeLessThan(picture.height)
  }).toPass()
})

test('a text that is not UTF-8 is shown in its own letters', async ({ page, vault }) => {
  const word = unique('Gruesse').replaceAll('-', '')
  const bytes = Buffer.concat([Buffer.from(`${word}: Gr`), Buffer.from([0xfc, 0xdf]), Buffer.from('e aus Köln, wie immer mit viel Verdruß.', 'latin1')])
  const document = await vault.settled((await vault.putBytes(`${word}.txt`, bytes)).id)
  await page.goto(`/documents/${document.id}`)
  await expect(page.getByRole('region', { name: 'Preview' })).toContainText('Grüße aus Köln')
})

test('stored HTML is shown, and nothing in it runs', async ({ page, vault, complaints }) => {
  const html = `<h1>Hello</h1><script>top.document.title = 'taken over'</script><img src=x onerror="top.document.title='taken over'">`
  const document = await vault.settled((await vault.put(`${unique('page')}.html`, html, { type: 'text/html' })).id)
  await page.goto(`/documents/${document.id}`)
  await expect(page.locator('iframe')).toBeVisible()
  await expect(page.getByRole('heading', { level: 1 })).toContainText(document.filename)
  await expect(page).not.toHaveTitle(/taken over/)
  // The browser says what it kept from running: that is what it should do here. It says no more once the page is gone.
  await page.close()
  complaints.length = 0
})

test('the bytes are downloaded under their name', async ({ page, vault }) => {
  const document = await vault.put(`${unique('Größe')}.txt`, 'bytes')
  await page.goto(`/documents/${document.id}`)
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download' }).click()])
  expect(download.suggestedFilename()).toBe(document.filename)
  expect(readFileSync(await download.path()).length).toBe(document.size_bytes)
})

/** A picture of one red point. */
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==', 'base64')
const MARKDOWN = '# The garden\n\nWhat grows **here**: [roses](https://example.org/roses), and `tulips`.\n\n| when | what |\n|---|---|\n| May | roses |\n'

for (const theme of ['light', 'dark'] as const) {
  test(`whatever kind of file it is, it can be looked at: ${theme}`, async ({ page, vault }) => {
    test.setTimeout(120_000)
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    // A comment at the end, so that each of these bytes is put in once.
    const own = (bytes: Buffer) => Buffer.concat([bytes, Buffer.from(`\n%${unique('')}`)])
    const kinds = [
      { name: 'roses.pdf', type: 'application/pdf', bytes: own(pdf('The roses of May')), shown: '.pdf-text' },
      { name: 'roses.png', type: 'image/png', bytes: own(PNG), shown: 'main img' },
      { name: 'roses.md', type: 'text/markdown', bytes: Buffer.from(`${MARKDOWN}${unique('roses')}`), shown: 'main table' },
      { name: 'roses.txt', type: 'text/plain', bytes: Buffer.from(unique('All about roses')), shown: 'main mark' },
      { name: 'roses.html', type: 'text/html', bytes: Buffer.from(`<p>${unique('Roses on a page')}</p>`), shown: 'main iframe' },
      { name: 'roses.bin', type: 'application/octet-stream', bytes: Buffer.from(`\0\x01\x02${unique('roses')}`), shown: 'main h2' },
      { name: 'broken roses.pdf', type: 'application/pdf', bytes: own(Buffer.from('%PDF-1.4 and no more')), shown: '[data-status="failed"]' },
    ]
    for (const { name, type, bytes, shown } of kinds) {
      await test.step(name, async () => {
        const document = await vault.settled((await vault.putBytes(name, bytes, { type })).id)
        await page.goto(`/documents/${document.id}?q=roses`)
        await expect(page.getByRole('heading', { level: 1 })).toHaveText(name)
        await expect(page.locator(shown).first()).toBeVisible()
        await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
        await expectNoSidewaysScroll(page)
        // In the frame of a stored page no script runs, axe's neither.
        if (type !== 'text/html') await expectAccessible(page)
      })
    }
    // What somebody else made stands on the ground it was made for.
    const html = await vault.withName('roses.html')
    await page.goto(`/documents/${html!.id}`)
    await expect(page.locator('iframe')).toHaveCSS('background-color', 'rgb(255, 255, 255)')
  })
}
