/** A piece of text, and whether it is what somebody searched. */
export interface Segment {
  text: string
  hit: boolean
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' }

function unescape(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|([a-z]+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (name) return ENTITIES[name.toLowerCase()] ?? whole
    const code = hex ? parseInt(hex, 16) : Number(decimal)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}

/**
 * Takes the server's passage apart: escaped text with hits between `<mark>` and `</mark>`. What comes out is text and
 * nothing else, whatever went in: it is shown as text, never as HTML.
 */
export function segmentsOf(highlight: string): Segment[] {
  return highlight
    .split(/<mark>([\s\S]*?)<\/mark>/)
    .map((text, at) => ({ text: unescape(text), hit: at % 2 === 1 }))
    .filter(({ text }) => text !== '')
}

/** The words that a search asks for: neither its operators nor what it leaves out. */
export function wordsOf(q: string): string[] {
  const asked = q.replace(/(^|\s)-("[^"]*"?|\S+)/g, ' ')
  const found = asked.match(/[\p{L}\p{N}]+/gu) ?? []
  return [...new Set(found.map((word) => word.toLowerCase()))].filter((word) => word !== 'or')
}

/** Finds words that begin as one of the search's: as the search itself does, whose last word may be a beginning. */
export function patternOf(q: string): RegExp | undefined {
  const words = wordsOf(q).sort((a, b) => b.length - a.length)
  // Made of letters and digits alone: there is nothing in it to escape.
  return words.length > 0 ? new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join('|')})[\\p{L}\\p{N}]*`, 'giu') : undefined
}

/** Marks a search's words in a text. */
export function markWords(text: string, q: string): Segment[] {
  const pattern = patternOf(q)
  const segments: Segment[] = []
  let end = 0
  for (const { 0: word, index } of pattern ? text.matchAll(pattern) : []) {
    if (index > end) segments.push({ text: text.slice(end, index), hit: false })
    segments.push({ text: word, hit: true })
    end = index + word.length
  }
  if (end < text.length) segments.push({ text: text.slice(end), hit: false })
  return segments
}
