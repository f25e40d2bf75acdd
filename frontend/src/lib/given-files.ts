/** Files that somebody dropped or pasted. */

/**
 * The files of a drop, those of whole folders too, as they are found.
 *
 * Must be called while the drop is being handled: a browser forgets what was dropped right after. `skipped` hears of each
 * file or folder that can't be read: a link into nowhere, or no permission.
 */
export function droppedFiles(data: DataTransfer, skipped: () => void): AsyncGenerator<File[]> {
  const entries = Array.from(data.items, (item) => (item.kind === 'file' ? item.webkitGetAsEntry() : null)).filter((entry) => entry !== null)
  // Without entries (an image dragged from another page, say) there are files all the same.
  return entries.length > 0 ? walk(entries, skipped) : one(Array.from(data.files))
}

async function* one(files: File[]): AsyncGenerator<File[]> {
  if (files.length > 0) yield files
}

async function* walk(entries: FileSystemEntry[], skipped: () => void): AsyncGenerator<File[]> {
  const files = (await Promise.all(entries.filter(isFile).map((entry) => fileOf(entry, skipped)))).filter((file) => file !== undefined)
  if (files.length > 0) yield files
  for (const folder of entries.filter(isFolder)) {
    const reader = folder.createReader()
    // A reader gives some at a time (Chromium: 100), until it gives none.
    for (let some = await read(reader, skipped); some.length > 0; some = await read(reader, skipped)) yield* walk(some, skipped)
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory

function fileOf(entry: FileSystemFileEntry, skipped: () => void): Promise<File | undefined> {
  return new Promise((resolve) =>
    entry.file(resolve, () => {
      skipped()
      resolve(undefined)
    }),
  )
}

function read(reader: FileSystemDirectoryReader, skipped: () => void): Promise<FileSystemEntry[]> {
  return new Promise((resolve) =>
    reader.readEntries(resolve, () => {
      skipped()
      resolve([])
    }),
  )
}

/** The files of a paste. A screenshot has no name of its own: it gets one that says when it was made. */
export function pastedFiles(data: DataTransfer, now = new Date()): File[] {
  return Array.from(data.files, (file) => {
    if (!/^image\.\w+$/.test(file.name)) return file
    const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString()
    const when = local.slice(0, 19).replace('T', ' ').replaceAll(':', '.')
    return new File([file], `Screenshot ${when}${file.name.slice('image'.length)}`, { type: file.type })
  })
}
