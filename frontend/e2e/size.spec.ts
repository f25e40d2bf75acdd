/** A vault of a long life: 100,000 documents are no heavier than ten. What is measured is printed. */
import type { Browser, BrowserContext, Page, Request } from '@playwright/test'
import { expect, listenForComplaints, stack, test } from './support'

const DOCUMENTS = 100_000
/** A first visit is made so often, and its median counts: a busy machine may be slow once. */
const VISITS = 5

const PAINT_MS = 1500
const SCRIPT_BYTES = 250_000
const SHIFT = 0.01
const FRAME_MS = 50

/** Pixels, and pixels a second: faster than anybody reads, as fast as somebody looks for something. */
const DISTANCE = 360_000
const SPEED = 12_000
const FAR_DOWN = 4000

// eslint-disable-next-line no-console -- the figures are what one runs this for
const print = (what: string, figure: string) => console.log(`    ${what}: ${figure}`)

function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** As the browser tells it; TypeScript does not know of it yet. */
interface LayoutShift extends PerformanceEntry {
  value: number
  sources: { node?: Node }[]
}

interface Measured {
  /** When the largest thing in the first window stood there, in milliseconds. */
  paint: number
  /** How much of what stood there already moved: 0 is nothing. */
  shift: number
  /** What it was that moved. */
  moved: string[]
}

/** Collects from the very first moment on. */
async function watch(context: BrowserContext) {
  await context.addInitScript(() => {
    const measured: Measured = { paint: Number.NaN, shift: 0, moved: [] }
    Object.assign(window, { measured })
    new PerformanceObserver((list) => {
      for (const { startTime } of list.getEntries()) measured.paint = startTime
    }).observe({ type: 'largest-contentful-paint', buffered: true })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as LayoutShift[]) {
        measured.shift += entry.value
        measured.moved.push(...entry.sources.map(({ node }) => (node instanceof Element ? node.outerHTML : node?.textContent ?? '').slice(0, 120)))
      }
    }).observe({ type: 'layout-shift', buffered: true })
  })
}

const measured = (page: Page) => page.evaluate(() => (window as unknown as { measured: Measured }).measured)

/** Nothing is under way any more: no question, no skeleton; and the frame after that has been drawn. */
async function settle(page: Page) {
  await page.waitForLoadState('networkidle')
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
}

/** Opens an address as somebody who was never here. */
async function visit(browser: Browser, path: string, ready: (page: Page) => Promise<unknown>) {
  const context = await browser.newContext()
  await watch(context)
  const page = await context.newPage()
  const complaints = listenForComplaints(page)
  const scripts: Request[] = []
  page.on('requestfinished', (request) => request.resourceType() === 'script' && scripts.push(request))
  await page.goto(path)
  await ready(page)
  await settle(page)
  const found = await measured(page)
  const sizes = await Promise.all(scripts.map(async (request) => (await request.sizes()).responseBodySize))
  await context.close()
  expect(complaints).toEqual([])
  return { ...found, names: scripts.map((request) => new URL(request.url()).pathname), bytes: sizes.reduce((sum, size) => sum + size, 0) }
}

test.describe.configure({ mode: 'serial' })

test.beforeAll(() => {
  test.setTimeout(180_000)
  stack('fill', String(DOCUMENTS))
})

test('the first visit is quick, small, and nothing jumps', async ({ browser, vault }) => {
  test.setTimeout(180_000)
  const document = await vault.settled((await vault.put('the newest of all.txt', 'A page of text that somebody looks at.')).id)
  const views: [string, string, (page: Page) => Promise<unknown>][] = [
    ['the list', '/', (page) => expect(page.getByRole('main').getByText(document.filename)).toBeVisible()],
    ['a document', `/documents/${document.id}`, (page) => expect(page.getByRole('main').getByText('A page of text').first()).toBeVisible()],
    ['the review', '/review', (page) => expect(page.locator('article[data-document]')).toBeVisible()],
    ['the overview', '/overview', (page) => expect(page.locator('[data-figure="documents"]')).toContainText('100,')],
  ]
  for (const [name, path, ready] of views) {
    const visits = []
    for (let time = 0; time < VISITS; time++) visits.push(await visit(browser, path, ready))
    const [paint, shift] = [median(visits.map((one) => one.paint)), Math.max(...visits.map((one) => one.shift))]
    print(`${name}, largest contentful paint`, `${paint.toFixed(0)} ms (${visits.map((one) => one.paint.toFixed(0)).join(', ')})`)
    print(`${name}, layout shift`, shift.toFixed(4))
    print(`${name}, script`, `${(visits[0]!.bytes / 1000).toFixed(1)} kB in ${visits[0]!.names.length} files`)
    expect.soft(paint, `largest contentful paint of ${name}`).toBeLessThan(PAINT_MS)
    expect.soft(shift, `layout shift of ${name}: ${visits[0]!.moved.join(', ')}`).toBeLessThan(SHIFT)
    for (const { bytes, names } of visits) {
      expect.soft(bytes, `script of ${name}`).toBeGreaterThan(0)
      expect.soft(bytes, `script of ${name}`).toBeLessThan(SCRIPT_BYTES)
      expect.soft(names.filter((file) => /pdf/i.test(file)), 'what draws PDFs comes with the first of them').toEqual([])
    }
  }
})

/** The times between one event and the next of the same name, in milliseconds. */
function gaps(trace: Buffer, name: string): number[] {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: { name: string; ts: number; pid: number }[] }
  const times = traceEvents.filter((event) => event.name === name).map(({ ts }) => ts / 1000).sort((a, b) => a - b)
  return times.slice(1).map((time, at) => time - times[at]!)
}

test('a list of 100,000 documents is scrolled far down without a stutter', async ({ browser, page }) => {
  test.setTimeout(180_000)
  await page.goto('/')
  const rows = page.getByRole('main').getByRole('listitem')
  await expect(rows.first()).toBeVisible()
  await settle(page)

  /** What stands in the middle of the window: the place of a row in the list, and whether it is a document yet. */
  const middle = () =>
    page.evaluate(() => {
      const row = document.elementsFromPoint(innerWidth / 2, innerHeight / 2).map((element) => element.closest('li[aria-posinset]')).find((element) => element !== null)
      return { place: Number(row?.getAttribute('aria-posinset')), shown: row?.querySelector('a') !== null && row !== undefined }
    })
  const cdp = await page.context().newCDPSession(page)
  await browser.startTracing(page, { categories: ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'disabled-by-default-devtools.timeline.frame'] })
  const seen: { place: number; shown: boolean }[] = []
  let scrolling = true
  const gesture = cdp
    .send('Input.synthesizeScrollGesture', { x: 640, y: 500, yDistance: -DISTANCE, speed: SPEED, gestureSourceType: 'mouse' })
    .finally(() => (scrolling = false))
  while (scrolling) {
    seen.push(await middle())
    await page.waitForTimeout(250)
  }
  await gesture
  const trace = await browser.stopTracing()
  seen.push(await middle())

  const drawn = gaps(trace, 'DrawFrame')
  const worked = gaps(trace, 'BeginMainThreadFrame')
  const shown = seen.filter((one) => one.shown).length
  const reached = seen.at(-1)!.place
  const dom = await page.locator('body *').count()
  print('scrolled to row', `${reached}`)
  print('looked at while scrolling', `${seen.length} times, ${shown} times a document stood there`)
  print('time between two frames drawn', `median ${median(drawn).toFixed(1)} ms of ${drawn.length}`)
  print('time between two frames of the page', `median ${median(worked).toFixed(1)} ms of ${worked.length}`)
  print('elements in the page', `${dom}`)
  // A row that rushes by may show its name alone; one that stays shows all of it.
  await expect(page.getByRole('main').locator(`li[aria-posinset="${reached}"] [data-status]`)).toBeVisible()
  expect(reached).toBeGreaterThan(FAR_DOWN)
  expect(shown / seen.length).toBeGreaterThan(0.9)
  expect(drawn.length).toBeGreaterThan(100)
  expect(worked.length).toBeGreaterThan(100)
  expect(median(drawn)).toBeLessThanOrEqual(FRAME_MS)
  expect(median(worked)).toBeLessThanOrEqual(FRAME_MS)
})
