/** Changes come in bursts: what is returned does `action` once, `ms` after the first of them. */
export function soon(action: () => unknown, ms: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined
      action()
    }, ms)
  }
}
