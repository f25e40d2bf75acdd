import { defineConfig } from '@playwright/test'
import tests from './playwright.config'

/** The pictures of README and docs: `script/screenshots` takes them of a vault that it starts. */
export default defineConfig({ ...tests, testDir: 'e2e/pictures', testMatch: '*.picture.ts', projects: undefined, use: { ...tests.use, viewport: { width: 1280, height: 800 } } })
