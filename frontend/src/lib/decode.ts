const MARKS: [string, number[]][] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16be', [0xfe, 0xff]],
  ['utf-16le', [0xff, 0xfe]],
]

/**
 * The text of a file that says how it is written, by a byte order mark or by being UTF-8; undefined where it does not. It may
 * end in the middle of a letter.
 */
export function decoded(bytes: ArrayBuffer): string | undefined {
  const head = new Uint8Array(bytes, 0, Math.min(3, bytes.byteLength))
  const marked = MARKS.find(([, mark]) => mark.every((byte, at) => head[at] === byte))
  try {
    return new TextDecoder(marked?.[0], { fatal: true }).decode(bytes, { stream: true })
  } catch {
    return undefined
  }
}
