import { Problem } from '@/api/problem'
import { isReadable, Refusal, upload as send } from '@/api/upload'
import { defineStore } from 'pinia'
import { computed, reactive, shallowReactive } from 'vue'
import { useAbout } from './about'
import { useDocuments } from './documents'
import { useLive } from './live'

export type UploadState = 'waiting' | 'sending' | 'kept' | 'duplicate' | 'failed' | 'cancelled'

/** A file on its way into the vault. */
export interface Upload {
  readonly id: number
  readonly file: File
  state: UploadState
  /** Bytes that have left. */
  sent: number
  /** Why it failed, or why it is tried again. */
  problem?: Problem
  /** The document it became, or the one that has the same bytes. */
  documentId?: string
}

/** How many are sent at a time. */
export const AT_ONCE = 4
/** How often one is sent before it is the person's turn to say "again". */
export const TRIES = 5
/** The pause after a failure that may pass, where the vault names none; doubled each time. */
const PAUSE_MS = 1000
/** However long a proxy wants it: the row says that it is sent again shortly, and everything waits for it. */
const LONGEST_PAUSE_MS = 60_000
/** A proxy stopped waiting: the vault may have kept the file all the same. */
const MAYBE_KEPT = [502, 504]

/** With these the same file fails again, however often it is sent. */
const FINAL = ['empty_file', 'too_large', 'unreadable', 'invalid_filename']

/** What is being put in: a queue that lives as long as the page, whatever view is shown. */
export const useUploads = defineStore('uploads', () => {
  const about = useAbout()
  const documents = useDocuments()
  const live = useLive()

  const all = shallowReactive<Upload[]>([])
  const counts = reactive<Record<UploadState, number>>({ waiting: 0, sending: 0, kept: 0, duplicate: 0, failed: 0, cancelled: 0 })
  const running = computed(() => counts.waiting + counts.sending > 0)
  /** Of all that are neither refused nor cancelled. */
  const bytes = reactive({ sent: 0, all: 0 })

  /** What only the queue needs to know of an upload. */
  interface Task {
    tries: number
    keepDuplicate: boolean
    abort?: AbortController
  }
  const tasks = new Map<number, Task>()
  let queue: Upload[] = []
  let lastId = 0
  /** The vault asked for a pause, or could not be reached: nothing is sent until it is over. */
  let pause: ReturnType<typeof setTimeout> | undefined
  /** Documents that changed while something was sent: the answer to an upload may be older than its event. */
  const changed = new Set<string>()

  const isRunning = ({ state }: Upload) => state === 'waiting' || state === 'sending'
  const counted = (state: UploadState) => state !== 'failed' && state !== 'cancelled'

  function move(upload: Upload, state: UploadState, sent = upload.sent) {
    if (counted(upload.state)) {
      bytes.all -= upload.file.size
      bytes.sent -= upload.sent
    }
    counts[upload.state]--
    upload.state = state
    upload.sent = sent
    counts[state]++
    if (counted(state)) {
      bytes.all += upload.file.size
      bytes.sent += sent
    }
  }

  /** Why it need not even be sent. */
  function refused(file: File): Problem | undefined {
    const limit = about.about?.max_upload_bytes
    if (file.size === 0) return new Problem('empty_file', '')
    if (limit !== undefined && file.size > limit) return new Problem('too_large', '')
    return undefined
  }

  function add(files: Iterable<File>) {
    // What came of earlier ones need not be told for ever; what failed stays until somebody has seen to it.
    if (!running.value && counts.failed === 0 && counts.duplicate === 0) clear()
    const added = Array.from(files, (file): Upload => {
      const upload = shallowReactive<Upload>({ id: ++lastId, file, state: 'failed', sent: 0, problem: refused(file) })
      counts.failed++
      tasks.set(upload.id, { tries: 0, keepDuplicate: false })
      if (!upload.problem) enqueue(upload)
      return upload
    })
    // One by one: a folder may hold more than a call takes arguments.
    for (const upload of added) all.push(upload)
    next()
  }

  function enqueue(upload: Upload) {
    move(upload, 'waiting', 0)
    queue.push(upload)
  }

  function next() {
    while (pause === undefined && counts.sending < AT_ONCE && queue.length > 0) void run(queue.shift()!)
    if (!running.value) changed.clear()
  }

  function rest(ms: number) {
    pause ??= setTimeout(wake, ms)
  }

  function wake() {
    clearTimeout(pause)
    pause = undefined
    next()
  }

  async function run(upload: Upload): Promise<void> {
    const task = tasks.get(upload.id)!
    const abort = (task.abort = new AbortController())
    task.tries++
    move(upload, 'sending', 0)
    try {
      const document = await send(upload.file, {
        keepDuplicate: task.keepDuplicate,
        signal: abort.signal,
        onProgress: (sent) => {
          if (upload.state !== 'sending') return
          bytes.sent += sent - upload.sent
          upload.sent = sent
        },
      })
      upload.problem = undefined
      upload.documentId = document.id
      documents.put(document)
      // A form spells a quote as %22, which the vault can't tell from a name that has just that in it.
      if (upload.file.name.includes('"')) await documents.change(document.id, { filename: upload.file.name }).catch(() => undefined)
      if (changed.has(document.id)) documents.fetch(document.id).catch(() => undefined)
      move(upload, 'kept', upload.file.size)
    } catch (thrown) {
      await refusedBy(thrown, upload, task, abort.signal)
    }
    next()
  }

  async function refusedBy(thrown: unknown, upload: Upload, task: Task, signal: AbortSignal): Promise<void> {
    let problem = thrown instanceof Refusal ? thrown.problem : Problem.from(thrown)
    if (problem.status === 0 && !(await isReadable(upload.file))) problem = new Problem('unreadable', '', 400)
    // Cancelled meanwhile, and perhaps even begun anew: nothing of it is this attempt's any more.
    if (signal.aborted) return
    upload.problem = problem
    if (problem.code === 'duplicate' && problem.existingId) {
      upload.documentId = problem.existingId
      move(upload, 'duplicate', upload.file.size)
    } else if (problem.passing && task.tries < TRIES && !(task.keepDuplicate && MAYBE_KEPT.includes(problem.status))) {
      move(upload, 'waiting', 0)
      queue.unshift(upload)
      const asked = thrown instanceof Refusal ? thrown.retryAfterMs : undefined
      rest(Math.min(asked ?? PAUSE_MS * 2 ** (task.tries - 1), LONGEST_PAUSE_MS))
    } else {
      move(upload, 'failed', 0)
    }
  }

  function cancel(upload: Upload) {
    if (!isRunning(upload)) return
    queue = queue.filter((waiting) => waiting !== upload)
    upload.problem = undefined
    move(upload, 'cancelled', 0)
    tasks.get(upload.id)?.abort?.abort()
    next()
  }

  function cancelAll() {
    // The waiting ones first, so that none of them begins in place of one that is cancelled.
    queue = []
    for (const state of ['waiting', 'sending'] as const) {
      for (const upload of all) if (upload.state === state) cancel(upload)
    }
  }

  /** Sends it anew; one that the vault has already, when it is to be kept twice. */
  function retry(upload: Upload, keepDuplicate = false) {
    const task = tasks.get(upload.id)
    if (!task || isRunning(upload) || upload.state === 'kept') return
    upload.problem = refused(upload.file)
    if (upload.problem) return
    task.tries = 0
    task.keepDuplicate ||= keepDuplicate
    upload.documentId = undefined
    enqueue(upload)
    wake()
  }

  /** Whether sending it anew may end otherwise. */
  const canRetry = ({ state, problem }: Upload) => state === 'cancelled' || (state === 'failed' && !FINAL.includes(problem?.code ?? ''))

  function retryFailed() {
    for (const upload of all) if (upload.state === 'failed' && canRetry(upload)) retry(upload)
  }

  /** Forgets those that are through, however they ended. */
  function clear() {
    const left = all.filter(isRunning)
    for (const upload of all) {
      if (isRunning(upload)) continue
      counts[upload.state]--
      if (counted(upload.state)) {
        bytes.all -= upload.file.size
        bytes.sent -= upload.sent
      }
      tasks.delete(upload.id)
    }
    all.length = 0
    for (const upload of left) all.push(upload)
  }

  live.subscribe({
    document: ({ id }) => {
      if (running.value) changed.add(id)
    },
    // It is there again: no need to wait any longer.
    sync: () => {
      if (pause !== undefined) wake()
    },
  })

  return { all, counts, bytes, running, add, cancel, cancelAll, canRetry, retry, retryFailed, clear }
})
