import { Problem } from './problem'
import type { Document } from './types'

/** What is told about a file that is put in. */
export interface UploadOptions {
  /** Keep it although the vault has the same bytes already. */
  keepDuplicate?: boolean
  /** Hears how many of the file's bytes have left. */
  onProgress(bytes: number): void
  /** Breaks it off. */
  signal: AbortSignal
}

/** An answer that was no success, and when the vault wants to be asked again, if it said so. */
export class Refusal extends Error {
  constructor(
    readonly problem: Problem,
    readonly retryAfterMs?: number,
  ) {
    super(problem.message)
  }
}

/**
 * Puts a file in. An XMLHttpRequest, because fetch does not tell how far the sending has come.
 *
 * @throws Refusal — for every answer that is no success, and where none came.
 * @throws DOMException — `AbortError`, when it was broken off.
 */
export function upload(file: File, { keepDuplicate = false, onProgress, signal }: UploadOptions): Promise<Document> {
  const form = new FormData()
  if (keepDuplicate) form.append('on_duplicate', 'keep')
  // The last part: the vault reads the others before it. Named here, because some browsers would name the folder too.
  form.append('file', file, file.name)
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const abort = () => request.abort()
    const fail = (problem: Problem, retryAfterMs?: number) => reject(new Refusal(problem, retryAfterMs))
    // The form is a little larger than the file.
    request.upload.addEventListener('progress', ({ loaded }) => onProgress(Math.min(loaded, file.size)))
    request.addEventListener('load', () => {
      const body = parsed(request.responseText)
      if (request.status === 201 && body !== undefined) resolve(body as Document)
      else fail(Problem.of(request.status, body), retryAfter(request.getResponseHeader('Retry-After')))
    })
    request.addEventListener('error', () => fail(new Problem('unreachable', '')))
    request.addEventListener('timeout', () => fail(new Problem('unreachable', '')))
    request.addEventListener('abort', () => reject(new DOMException('The upload was broken off.', 'AbortError')))
    request.addEventListener('loadend', () => signal.removeEventListener('abort', abort))
    signal.addEventListener('abort', abort)
    request.open('POST', '/api/v1/documents')
    request.setRequestHeader('Accept', 'application/json')
    request.send(form)
  })
}

/** Whether the file's bytes can still be had: it may have been moved or changed since it was chosen. */
export async function isReadable(file: File): Promise<boolean> {
  try {
    await file.slice(0, 1).arrayBuffer()
    return true
  } catch {
    return false
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** `Retry-After` in seconds, as the vault sends it. */
function retryAfter(header: string | null): number | undefined {
  return header !== null && /^\d+$/.test(header) ? Number(header) * 1000 : undefined
}
