import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createRequire } from 'node:module'
import type { Plugin } from 'vite'

const folder = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'))
const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
/** Named by the version: what is under it never changes. */
const place = `assets/pdfjs-${version}`
/** Signs of Asian scripts, the fonts a PDF may leave out, and JPEG 2000 without WebAssembly. */
const PARTS: [from: string, wanted: RegExp][] = [
  ['cmaps', /\.bcmap$/],
  ['standard_fonts', /\.(?:pfb|ttf)$/],
  ['wasm', /\.js$/],
]

/** Brings along what pdf.js fetches by itself when a PDF needs it. */
export function pdfjsData(): Plugin {
  return {
    name: 'docuvault-pdfjs-data',
    configureServer(server) {
      server.middlewares.use(`/${place}`, (request, response, next) => {
        const [, from, name] = (request.url ?? '').split('?')[0]?.split('/') ?? []
        const wanted = PARTS.find(([part]) => part === from)?.[1].test(name ?? '')
        const path = join(folder, from ?? '', name ?? '')
        if (!wanted || !existsSync(path)) return next()
        response.setHeader('content-type', path.endsWith('.js') ? 'text/javascript' : 'application/octet-stream')
        createReadStream(path).pipe(response)
      })
    },
    generateBundle() {
      for (const [from, wanted] of PARTS) {
        for (const name of readdirSync(join(folder, from)).filter((name) => wanted.test(name))) {
          this.emitFile({ type: 'asset', fileName: `${place}/${from}/${name}`, source: readFileSync(join(folder, from, name)) })
        }
      }
    },
  }
}
