import { describe, expect, it } from 'vitest'

type Files = Record<string, string>
const messageFiles: Files = import.meta.glob('./*/*.json', { query: '?raw', import: 'default', eager: true })
const sources: Files = import.meta.glob(['../**/*.vue', '../**/*.ts', '!../**/*.test.ts', '!../test/**', '!../api/schema.d.ts'], { query: '?raw', import: 'default', eager: true })
const openapi: Files = import.meta.glob('../../../docs/openapi.json', { query: '?raw', import: 'default', eager: true })

/** All messages of a language, by their keys. */
function messages(language: string): Map<string, string> {
  const found = new Map<string, string>()
  function collect(prefix: string, value: unknown) {
    if (typeof value === 'string') found.set(prefix, value)
    else for (const [key, inner] of Object.entries(value as object)) collect(`${prefix}.${key}`, inner)
  }
  for (const [path, text] of Object.entries(messageFiles)) {
    const [, of, area] = /^\.\/(\w+)\/(\w+)\.json$/.exec(path) ?? []
    if (of === language && area) collect(area, JSON.parse(text))
  }
  return found
}

const en = messages('en')
const de = messages('de')
const code = Object.values(sources).join('\n')
const areas = [...new Set([...en.keys()].map((key) => key.split('.')[0]))].join('|')

/** Whatever stands in the code's quotes and begins like a key; a template's is known up to its first `${`. */
const literals = [...code.matchAll(new RegExp(`'((?:${areas})\\.[\\w.]+)'`, 'g'))].map((match) => match[1] ?? '')
const prefixes = [...code.matchAll(new RegExp(`\`((?:${areas})\\.[\\w.]*)\\$\\{`, 'g'))].map((match) => match[1] ?? '')

const placeholders = (text: string) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]))].sort()

describe('messages', () => {
  it('are there in both languages', () => {
    expect(en.size).toBeGreaterThan(0)
    expect([...de.keys()].sort()).toEqual([...en.keys()].sort())
  })

  it.each([...en])('%s says the same with the same placeholders and forms', (key, text) => {
    const translated = de.get(key) ?? ''
    expect(translated.trim()).not.toBe('')
    expect(placeholders(translated)).toEqual(placeholders(text))
    expect(translated.split(' | ')).toHaveLength(text.split(' | ').length)
  })

  it('exist for every key that the code names', () => {
    expect(literals.length).toBeGreaterThan(0)
    expect(literals.filter((key) => !en.has(key))).toEqual([])
    expect(prefixes.filter((prefix) => ![...en.keys()].some((key) => key.startsWith(prefix)))).toEqual([])
  })

  it('are all said somewhere', () => {
    const said = new Set(literals)
    expect([...en.keys()].filter((key) => !said.has(key) && !prefixes.some((prefix) => key.startsWith(prefix)))).toEqual([])
  })

  it('tell of every problem that the interface knows', () => {
    const { info } = JSON.parse(Object.values(openapi)[0] ?? '{}') as { info: { description: string } }
    const codes = [...info.description.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1])
    expect(codes.length).toBeGreaterThan(20)
    expect(codes.filter((one) => !en.has(`problem.${one}`))).toEqual([])
  })

  it('tell of every reason for which a document is not read, and what to do', () => {
    const { components } = JSON.parse(Object.values(openapi)[0] ?? '{}') as { components: { schemas: Record<string, { properties: Record<string, { description: string }> }> } }
    const codes = [...(components.schemas.DocumentError?.properties.code?.description ?? '').matchAll(/`(\w+)`/g)].map((match) => match[1])
    expect(codes).toContain('password')
    expect(codes.filter((one) => !en.has(`documents.error.${one}`))).toEqual([])
    // One sentence says what is wrong, another what can be done.
    for (const messages of [en, de]) {
      expect([...messages].filter(([key, text]) => key.startsWith('documents.error.') && !/[.:;] .+\.$/.test(text))).toEqual([])
    }
  })
})
