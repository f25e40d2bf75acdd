import { describe, expect, it } from 'vitest'
import { Problem } from './problem'

describe('Problem', () => {
  it('reads what the vault says', () => {
    const body = { type: 'about:blank', title: 'x', status: 409, detail: 'It is here.', code: 'duplicate', existing_id: 'd1', request_id: 'r1' }
    expect(Problem.of(409, body)).toMatchObject({ code: 'duplicate', detail: 'It is here.', status: 409, existingId: 'd1', requestId: 'r1', passing: false })
  })

  it.each([
    [502, 'unavailable'],
    [503, 'unavailable'],
    [504, 'unavailable'],
    [413, 'too_large'],
    [500, 'internal'],
  ])('tells a proxy’s %i by its status', (status, code) => {
    expect(Problem.of(status, '<html>')).toMatchObject({ code, status })
    expect(Problem.of(status, undefined).code).toBe(code)
  })

  it.each([
    [408, true],
    [429, true],
    [502, true],
    [503, true],
    [504, true],
    [500, false],
    [413, false],
    [404, false],
  ])('tells of a proxy’s %i whether it may pass: %s', (status, passing) => {
    expect(Problem.of(status, '<html>').passing).toBe(passing)
  })

  it('tells that no answer came', () => {
    expect(Problem.from(new TypeError('Failed to fetch'))).toMatchObject({ code: 'unreachable', status: 0, passing: true })
  })

  it('keeps a problem, and wraps what is none', () => {
    const problem = new Problem('busy', '', 503)
    expect(Problem.from(problem)).toBe(problem)
    expect(problem.passing).toBe(true)
    expect(Problem.from(new Error('odd'))).toMatchObject({ code: 'internal', detail: 'odd' })
  })
})
