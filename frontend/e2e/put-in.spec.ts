/** Files go in by being chosen, dropped or pasted; each tells how far it is; what is there already says so. */
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { expect, stack, test, unique } from './support'

const file = (name: string, text: string = randomUUID()) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) })

test('files are chosen, put in, and appear in the list by themselves', async ({ page }) => {
  await page.goto('/')
  const names = Array.from({ length: 6 }, (_, index) => `${unique(`letter-${index}`)}.txt`)
  await page.locator('[data-upload="files"]').setInputFiles(names.map((name) => file(name)))
  await expect(page.locator('[data-upload-state="kept"]')).toHaveCount(6)
  for (const name of names) await expect(page.getByRole('main').getByText(name)).toBeVisible()
})

test('a name with quotes in it stays as it is', async ({ page, vault }) => {
  await page.goto('/')
  const name = `${unique('he said "no"')}.txt`
  await page.locator('[data-upload="files"]').setInputFiles(file(name))
  await expect(page.locator('[data-upload-state="kept"]')).toHaveCount(1)
  expect((await vault.withName(name))?.filename).toBe(name)
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

test('a folder is put in with all that is in it', async ({ page, vault }, testInfo) => {
  const folder = testInfo.outputPath('papers')
  const names = ['on top', 'below', 'far below', 'far below too'].map((name) => `${unique(name)}.txt`)
  const places = ['', 'letters', 'letters/2024', 'letters/2024'].map((place) => join(folder, place))
  names.forEach((name, at) => {
    mkdirSync(places[at]!, { recursive: true })
    writeFileSync(join(places[at]!, name), `${name} ${randomUUID()}`)
  })
  await page.goto('/')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await page.locator('[data-upload="folder"]').setInputFiles(folder)
  await expect(page.locator('[data-upload-state="kept"]')).toHaveCount(names.length)
  for (const name of names) await expect(page.getByRole('main').getByText(name)).toBeVisible()
  const deepest = (await vault.withName(names[3]!))!
  expect((await vault.content(deepest.id)).toString()).toContain(names[3])
})

/** A line that takes so many bytes a second; without a number, as fast as there is. */
async function line(page: Page, uploadThroughput = -1) {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Network.enable')
  await cdp.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput })
}

/** Begins to put a large file in, over a slow line; answers its row once some of it has left. */
async function underWay(page: Page, name: string, buffer: Buffer) {
  await page.goto('/')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await line(page, 2_000_000)
  await page.locator('[data-upload="files"]').setInputFiles({ name, mimeType: 'application/octet-stream', buffer })
  const row = page.locator('li[data-upload-state]').filter({ hasText: name })
  await expect(row).toHaveAttribute('data-upload-state', 'sending')
  await expect(row.getByRole('progressbar')).toHaveAttribute('aria-valuenow', /^[1-9]/)
  return row
}

test('an upload is cancelled, and sent again after all', async ({ page, vault }) => {
  const [name, bytes] = [`${unique('film')}.bin`, randomBytes(12_000_000)]
  const row = await underWay(page, name, bytes)
  await row.getByRole('button', { name: `Cancel ${name}` }).click()
  await expect(row).toHaveAttribute('data-upload-state', 'cancelled')
  expect(await vault.withBytes(bytes)).toEqual([])
  await line(page)
  await row.getByRole('button', { name: `Try ${name} again` }).click()
  await expect(row).toHaveAttribute('data-upload-state', 'kept')
  const kept = await vault.withBytes(bytes)
  expect(kept).toMatchObject([{ filename: name }])
  expect((await vault.content(kept[0]!.id)).equals(bytes)).toBe(true)
})

test('the storage dies in the middle of an upload: it is told, and "again" keeps the file once', async ({ page, vault, complaints }) => {
  test.setTimeout(180_000)
  const [name, bytes] = [`${unique('archive')}.bin`, randomBytes(12_000_000)]
  const row = await underWay(page, name, bytes)
  stack('kill', 's3')
  try {
    await line(page)
    await expect(row).toContainText('it is tried again shortly', { timeout: 60_000 })
    await expect(row).toHaveAttribute('data-upload-state', 'failed', { timeout: 120_000 })
    await expect(row).toContainText('A part of the vault is down right now')
    expect(await vault.withBytes(bytes)).toEqual([])
  } finally {
    stack('start', 's3')
  }
  await row.getByRole('button', { name: `Try ${name} again` }).click()
  await expect(row).toHaveAttribute('data-upload-state', 'kept')
  const kept = await vault.withBytes(bytes)
  expect(kept).toMatchObject([{ filename: name }])
  expect((await vault.content(kept[0]!.id)).equals(bytes)).toBe(true)
  complaints.length = 0
})

test('the database dies in the middle of an upload: it goes on by itself, and keeps the file once', async ({ page, vault, complaints }) => {
  test.setTimeout(120_000)
  const [name, bytes] = [`${unique('ledger')}.bin`, randomBytes(12_000_000)]
  const row = await underWay(page, name, bytes)
  stack('kill', 'postgres')
  try {
    await line(page)
    await expect(row).toContainText('it is tried again shortly', { timeout: 60_000 })
  } finally {
    stack('start', 'postgres')
  }
  await expect(row).toHaveAttribute('data-upload-state', 'kept', { timeout: 60_000 })
  expect(await vault.withBytes(bytes)).toMatchObject([{ filename: name }])
  complaints.length = 0
})
