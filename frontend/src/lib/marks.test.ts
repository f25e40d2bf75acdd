import { describe, expect, it } from 'vitest'
import { markWords, segmentsOf, wordsOf } from './marks'

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

describe('wordsOf', () => {
  it('knows words from operators and from what is left out', () => {
    expect(wordsOf('"rent May" or Lease -draft -"old paper"')).toEqual(['rent', 'may', 'lease'])
  })

  it('leaves a hyphen within a word alone', () => {
    expect(wordsOf('e-mail')).toEqual(['e', 'mail'])
  })
})

describe('markWords', () => {
  const hits = (text: string, q: string) => markWords(text, q).filter(({ hit }) => hit).map(({ text }) => text)

  it('finds words by their beginning, in either case, umlauts as well', () => {
    expect(hits('Mietvertrag, Miete; Vermieter ÖLMIETE Öl', 'miet öl')).toEqual(['Mietvertrag', 'Miete', 'ÖLMIETE', 'Öl'])
  })

  it('loses no text', () => {
    const text = 'a.b*c (rent) [rent]'
    expect(markWords(text, 'rent').map((segment) => segment.text).join('')).toBe(text)
  })

  it('marks nothing without words', () => {
    expect(markWords('text', ' * ')).toEqual([{ text: 'text', hit: false }])
    expect(markWords('', 'a')).toEqual([])
  })
})
