/** No answer came, or one that says "later": the vault's own, or that of a proxy before it. */
const PASSING = [0, 408, 429, 502, 503, 504]

/** What the vault said instead of doing what it was asked, or that it said nothing at all. */
export class Problem extends Error {
  override readonly name = 'Problem'

  constructor(
    /** One of the interface's closed table of codes, or `unreachable` where no answer came. */
    readonly code: string,
    /** The server's own sentence about this occurrence. */
    readonly detail: string,
    /** HTTP status; 0 where no answer came. */
    readonly status = 0,
    /** The document that has these bytes already, with `duplicate`. */
    readonly existingId?: string,
    /** Names the request in the vault's log. */
    readonly requestId?: string,
  ) {
    super(`${code}: ${detail}`)
  }

  /** It may work when it is asked again as it is. */
  get passing(): boolean {
    return PASSING.includes(this.status)
  }

  /** Reads an answer's body; anything that is not one of ours (a proxy's page, say) is told by its status. */
  static of(status: number, body: unknown): Problem {
    if (isProblem(body)) return new Problem(body.code, body.detail, status, body.existing_id ?? undefined, body.request_id)
    const code = status === 502 || status === 503 || status === 504 ? 'unavailable' : status === 413 ? 'too_large' : 'internal'
    return new Problem(code, '', status)
  }

  /** Whatever was thrown, as a problem. */
  static from(thrown: unknown): Problem {
    if (thrown instanceof Problem) return thrown
    if (thrown instanceof TypeError) return new Problem('unreachable', '')
    return new Problem('internal', thrown instanceof Error ? thrown.message : String(thrown))
  }
}

/** The parts of an `application/problem+json` that the page reads. */
interface ProblemBody {
  code: string
  detail: string
  existing_id?: string | null
  request_id?: string
}

function isProblem(body: unknown): body is ProblemBody {
  return typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string' && 'detail' in body && typeof body.detail === 'string'
}
