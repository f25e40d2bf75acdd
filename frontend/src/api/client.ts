import createClient from 'openapi-fetch'
import { Problem } from './problem'
import type { paths } from './schema'

/**
 * The interface, typed by its own description: a call that it does not know fails the build. `fetch` is looked up at each
 * call, so that a test can put its own in its place.
 */
export const api = createClient<paths>({ fetch: (request) => fetch(request) })

/** What openapi-fetch answers. */
interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

/**
 * The answer's body.
 *
 * @throws Problem — for every status that is no success, and where no answer came.
 */
export async function ask<T>(answer: Promise<Answer<T>>): Promise<T> {
  let got: Answer<T>
  try {
    got = await answer
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === 'AbortError') throw thrown
    throw Problem.from(thrown)
  }
  if (!got.response.ok) throw Problem.of(got.response.status, got.error)
  return got.data as T
}

/** Where a document's bytes are: to look at in place, or to keep. */
export function contentUrl(id: string, inline: boolean): string {
  return `/api/v1/documents/${id}/content${inline ? '?inline=true' : ''}`
}

/** Where the picture of its first page is: a browser that shows one asks for another only at another address. */
export function thumbnailUrl(id: string, version: string): string {
  return `/api/v1/documents/${id}/thumbnail?v=${encodeURIComponent(version)}`
}
