import * as pdfjs from 'pdfjs-dist'
import worker from 'pdfjs-dist/build/pdf.worker.min.mjs?url'

pdfjs.GlobalWorkerOptions.workerSrc = worker
/** Put there by build/pdfjs-data.ts. */
const DATA = `/assets/pdfjs-${pdfjs.version}`

/** Begins to fetch a PDF: what is shown first is fetched first. */
export function openPdf(url: string): pdfjs.PDFDocumentLoadingTask {
  return pdfjs.getDocument({
    url,
    cMapUrl: `${DATA}/cmaps/`,
    cMapPacked: true,
    standardFontDataUrl: `${DATA}/standard_fonts/`,
    wasmUrl: `${DATA}/wasm/`,
    // The page's Content-Security-Policy allows neither.
    isEvalSupported: false,
    useWasm: false,
    disableAutoFetch: true,
    enableXfa: false,
    verbosity: pdfjs.VerbosityLevel.ERRORS,
  })
}

export const { PasswordResponses, TextLayer } = pdfjs
export type { PDFDocumentProxy, PDFPageProxy } from 'pdfjs-dist'

/** Where somebody is in a PDF, and how large they see it. */
export interface PdfPlace {
  page: number
  /** One of the preview's steps. */
  zoom: number
}
