/** A small household's vault, as a newcomer would see it. */
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Page } from '@playwright/test'
import { expect, test, type Document, type Vault } from '../support'

const FOLDER = new URL('../../../docs/screenshots/', import.meta.url)
/** What a picture may weigh, in bytes. */
const AT_MOST = 200_000

async function take(page: Page, name: string) {
  const path = fileURLToPath(new URL(`${name}.png`, FOLDER))
  await page.screenshot({ path, animations: 'disabled' })
  expect(statSync(path).size).toBeLessThanOrEqual(AT_MOST)
}

const PAPERS: [string, string][] = [
  ['Electricity invoice March.txt', 'Invoice 2026-0311. Amount due for electricity in March: 84.20 EUR. Please pay by bank transfer within 14 days.'],
  ['Lease Harbour Street 12.txt', 'Rental agreement between the landlord and the tenant for the flat in Harbour Street 12. The monthly rent is 940 EUR; this contract begins on 1 May.'],
  ['Household insurance policy.txt', 'Insurance policy number 77-1204. The insured sum for the household contents is 60,000 EUR. The premium is due each year in January.'],
  ['Income tax assessment 2025.txt', 'Tax assessment notice for the year 2025. The tax office has set your income tax. A refund of 312 EUR follows.'],
  ['Payslip October.txt', 'Salary statement October: gross salary, income tax, social security contributions and the net pay to your account.'],
  ['Doctor letter.txt', 'Medical report: the patient was examined on 3 March. Diagnosis and prescribed medication follow. Next appointment at the clinic in six weeks.'],
  ['Notes from the attic.txt', 'xylo brim tarn quell, a list nobody remembers writing.'],
]

async function fill(vault: Vault): Promise<Document[]> {
  const documents: Document[] = []
  for (const [name, text] of PAPERS) documents.push(await vault.settled((await vault.put(name, text)).id))
  return documents
}

test('the pictures', async ({ page, vault }) => {
  const documents = await fill(vault)
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  await page.goto('/')
  await expect(page.getByRole('main').getByText('Payslip October.txt')).toBeVisible()
  await take(page, 'documents')
  await page.getByRole('textbox', { name: 'Search documents' }).fill('income tax')
  await expect(page.getByRole('main').locator('mark').first()).toBeVisible()
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
  await take(page, 'search-dark')
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  await page.goto(`/documents/${documents[1]!.id}`)
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Lease')
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
  await take(page, 'document')
  await page.goto('/review')
  await expect(page.locator('article[data-document]')).toBeVisible()
  await take(page, 'review')
  await page.goto('/overview')
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
  await take(page, 'overview')
})
