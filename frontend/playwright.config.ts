import { defineConfig } from '@playwright/test'

/** The vault to try, with its worker: script/test starts it. */
const baseURL = process.env.E2E_BASE_URL
if (!baseURL) throw new Error('E2E_BASE_URL is not set: script/test starts a vault and runs these tests')

export default defineConfig({
  testDir: 'e2e',
  // All stories share one vault, as the people of a firm do.
  workers: 1,
  retries: 0,
  forbidOnly: true,
  reporter: [['list']],
  timeout: 60_000,
  expect: { timeout: 15_000 },
  use: {
    baseURL,
    locale: 'en-GB',
    timezoneId: 'UTC',
    viewport: { width: 1280, height: 800 },
    trace: 'off',
    launchOptions: {
      executablePath: process.env.E2E_CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
  projects: [
    { name: 'stories', testIgnore: 'size.spec.ts' },
    // Last: it fills the vault, and what it measures is not to be disturbed.
    { name: 'size', testMatch: 'size.spec.ts', dependencies: ['stories'] },
  ],
})
