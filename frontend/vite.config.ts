import { fileURLToPath } from 'node:url'
import vueI18n from '@intlify/unplugin-vue-i18n/vite'
import tailwindcss from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { compressed } from './build/compressed'
import { pdfjsData } from './build/pdfjs-data'

const vault = process.env.DOCUVAULT_URL ?? 'http://127.0.0.1:8000'

export default defineConfig({
  plugins: [
    vue(),
    tailwindcss(),
    // The messages become functions here, so that no compiler of messages travels to the browser.
    vueI18n({ include: fileURLToPath(new URL('src/i18n/*/*.json', import.meta.url)), runtimeOnly: true }),
    pdfjsData(),
    compressed(),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('src', import.meta.url)) } },
  build: {
    target: 'es2022',
    // What is inlined as data: would need a looser Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: { '/api': vault, '/health': vault },
    // A test holds the messages to the interface's description.
    fs: { allow: ['.', '../docs'] },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts'],
    restoreMocks: true,
    unstubGlobals: true,
  },
})
