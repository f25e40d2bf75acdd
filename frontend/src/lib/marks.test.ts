import { describe, expect, it } from 'vitest'
import { markWords, segmentsOf, soughtOf } from './marks'

describe('segmentsOf', () => {
  it('tells hits from what stands around them', () => {
    expect(segmentsOf('the <mark>rent</mark> of May')).toEqual([
      { text: 'the ', hit: false },
      { text: 'rent', hit: true },
      { text: ' of May', hit: false },
    ])
  })

  it('gives escaped text back as it was, once', () => {
    expect(segmentsOf('&lt;script&gt; &amp;lt; &#x27;a&#39; &quot;b&quot;')).toEqual([{ text: '<script> &lt; \'a\' "b"', hit: false }])
  })

  it('takes every other tag for text', () => {
    expect(segmentsOf('<img src=x onerror=alert(1)><mark>a</mark>')).toEqual([
      { text: '<img src=x onerror=alert(1)>', hit: false },
      { text: 'a', hit: true },
    ])
  })
})

describe('soughtOf', () => {
  it('knows words from operators and from what is left out', () => {
    expect(soughtOf('"rent May" or Lease -draft -"old paper"').words).toEqual(['rent', 'may', 'lease'])
  })

  it('leaves a hyphen within a word alone', () => {
    expect(soughtOf('e-mail').words).toEqual(['e', 'mail'])
  })

  it('leaves nothing out for a hyphen by itself', () => {
    expect(soughtOf('bill - may -')).toEqual({ words: ['bill', 'may'], openEnd: true })
    expect(soughtOf('- "may"').words).toEqual(['may'])
    expect(soughtOf('bill -"may"').words).toEqual(['bill'])
  })

  it('takes nothing for a beginning where a search ends with what it leaves out', () => {
    expect(soughtOf('water').openEnd).toBe(true)
    expect(soughtOf('-cold water').openEnd).toBe(true)
    expect(soughtOf('water -cold').openEnd).toBe(false)
  })
})

describe('markWords', () => {
  const hits = (text: string, q: string) => markWords(text, q).filter(({ hit }) => hit).map(({ text }) => text)

  it('finds whole words, and those that begin as the last one', () => {
    expect(hits('Mietvertrag, Miete; Vermieter ÖLMIETE Öl', 'miete öl')).toEqual(['Miete', 'ÖLMIETE', 'Öl'])
  })

  // The same as the vault's own passages are tested with.
  it.each([
    ['boiler', 'The Boiler, again.', ['Boiler']],
    ['heat boil', 'heating heat boilers', ['heat', 'boilers']],
    ['muller', 'Herr Müller', ['Müller']],
    ['müller', 'Herr Muller', ['Muller']],
    ['Straße', 'in der Strasse', ['Strasse']],
    ['straße', 'in der STRASSE 5', ['STRASSE']],
    ['cafe', 'le cafe\u0301 noir', ['cafe\u0301']],
    ['landlord or tenant', 'or the tenant', ['tenant']],
    ['"hot water" -cold', 'cold and hot water', ['hot', 'water']],
    ['water -"cold pipe"', 'a cold pipe, water', ['water']],
    ['wat -cold', 'water wat', ['wat']],
    ['tax_2025.pdf', 'see tax 2025', ['tax', '2025']],
  ])('finds what the vault finds: %s', (q, text, found) => {
    expect(hits(text, q)).toEqual(found)
  })

  it('loses no text', () => {
    const text = 'a.b*c (rent) Straße [rent]'
    expect(markWords(text, 'rent').map((segment) => segment.text).join('')).toBe(text)
  })

  it('marks nothing without words', () => {
    expect(markWords('text', ' * ')).toEqual([{ text: 'text', hit: false }])
    expect(markWords('text', '\u0e34')).toEqual([{ text: 'text', hit: false }])
    expect(markWords('', 'a')).toEqual([])
  })
})
