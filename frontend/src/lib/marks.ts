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

/** A letter or a digit, and more of them; a mark belongs to the letter before it. */
const WORD = /[\p{Alphabetic}\p{N}][\p{Alphabetic}\p{N}\p{M}]*/gu
/** Letters that are none with an accent, and are compared as others. */
const LETTERS: Record<string, string> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd' }

/** A word in lower case and without accents, as the vault compares it. */
function folded(word: string): string {
  // Most words of most texts.
  if (/^[a-z0-9]+$/i.test(word)) return word.toLowerCase()
  return word.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/[ßæœøłđ]/g, (letter) => LETTERS[letter] ?? letter)
}

/** What a search asks for. */
export interface Sought {
  /** Folded. */
  words: string[]
  /** Whether the last of them may also be the beginning of a word. */
  openEnd: boolean
}

/** Reads a search as the vault does: quotes hold a phrase, `or` joins, and `-` leaves out. */
export function soughtOf(q: string): Sought {
  const sought: Sought = { words: [], openEnd: false }

  function add(piece: string, leftOut: boolean) {
    // One of nothing but marks would be the beginning of every word.
    const words = (piece.match(WORD) ?? []).map(folded).filter((word) => word !== '')
    // A hyphen by itself leaves nothing out.
    if (words.length === 0) return
    if (!leftOut) sought.words.push(...words)
    sought.openEnd = !leftOut
  }

  let leftOut = false
  for (const [at, piece] of q.split('"').entries()) {
    if (at % 2 === 1) {
      add(piece, leftOut)
      continue
    }
    for (const word of piece.split(/\s+/)) {
      if (word.toLowerCase() !== 'or') add(word, word.startsWith('-'))
    }
    // For the phrase that follows.
    leftOut = /(^|\s)-+$/.test(piece)
  }
  return sought
}

/** Marks a search's words in a text, as the vault finds them. */
export function markWords(text: string, q: string): Segment[] {
  const { words, openEnd } = soughtOf(q)
  const whole = new Set(words)
  const beginning = openEnd ? words.at(-1) : undefined
  const segments: Segment[] = []
  let end = 0
  for (const { 0: word, index } of words.length > 0 ? text.matchAll(WORD) : []) {
    const compared = folded(word)
    if (!whole.has(compared) && (beginning === undefined || !compared.startsWith(beginning))) continue
    if (index > end) segments.push({ text: text.slice(end, index), hit: false })
    segments.push({ text: word, hit: true })
    end = index + word.length
  }
  if (end < text.length) segments.push({ text: text.slice(end), hit: false })
  return segments
}
