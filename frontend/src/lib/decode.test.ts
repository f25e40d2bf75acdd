import { describe, expect, it } from 'vitest'
import { decoded } from './decode'

const of = (...bytes: number[]) => decoded(new Uint8Array(bytes).buffer)

describe('decoded', () => {
  it('reads what says how it is written', () => {
    expect(of()).toBe('')
    expect(of(0x47, 0x72, 0xc3, 0xbc, 0xc3, 0x9f, 0x65)).toBe('Grüße')
    expect(of(0xef, 0xbb, 0xbf, 0x61)).toBe('a')
    expect(of(0xff, 0xfe, 0xfc, 0x00, 0x61, 0x00)).toBe('üa')
    expect(of(0xfe, 0xff, 0x00, 0xfc, 0x00, 0x61)).toBe('üa')
  })

  it('takes a letter that is cut at the end for the end', () => {
    expect(of(0x61, 0xc3)).toBe('a')
    expect(of(0xff, 0xfe, 0x61, 0x00, 0xfc)).toBe('a')
  })

  it('does not guess', () => {
    expect(of(0x47, 0x72, 0xfc, 0xdf, 0x65)).toBeUndefined()
  })
})
