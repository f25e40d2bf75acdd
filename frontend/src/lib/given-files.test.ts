import { describe, expect, it, vi } from 'vitest'
import { droppedFiles, pastedFiles } from './given-files'

const file = (name: string) => ({ isFile: true, isDirectory: false, file: (done: (file: File) => void) => done(new File(['x'], name)) })
const unreadable = { isFile: true, isDirectory: false, file: (_: unknown, failed: () => void) => failed() }
/** A reader gives a part at a time, and nothing when it is through. */
const folder = (...batches: object[][]) => ({
  isFile: false,
  isDirectory: true,
  createReader: () => {
    const left = [...batches]
    return { readEntries: (done: (entries: object[]) => void) => done(left.shift() ?? []) }
  },
})
const dropped = (...entries: object[]) =>
  ({ items: entries.map((entry) => ({ kind: 'file', webkitGetAsEntry: () => entry })), files: [] }) as unknown as DataTransfer

async function names(data: DataTransfer, skipped = () => {}): Promise<string[]> {
  const found: string[] = []
  for await (const files of droppedFiles(data, skipped)) found.push(...files.map(({ name }) => name))
  return found
}

describe('dropped files', () => {
  it('are all files of all folders, however many parts a folder comes in', async () => {
    const inner = folder([file('d.txt')])
    const data = dropped(file('a.txt'), folder([file('b.txt'), inner], [file('c.txt')]))
    expect((await names(data)).sort()).toEqual(['a.txt', 'b.txt', 'c.txt', 'd.txt'])
  })

  it('do not hide what could not be read', async () => {
    const skipped = vi.fn()
    expect(await names(dropped(file('a.txt'), unreadable), skipped)).toEqual(['a.txt'])
    expect(skipped).toHaveBeenCalledOnce()
  })

  it('are none where a folder is empty', async () => {
    expect(await names(dropped(folder()))).toEqual([])
  })
})

describe('pasted files', () => {
  it('get a name when they are a screenshot, and keep the one they have otherwise', () => {
    const data = { files: [new File(['x'], 'image.png', { type: 'image/png' }), new File(['x'], 'letter.pdf')] } as unknown as DataTransfer
    const [screenshot, letter] = pastedFiles(data, new Date(2026, 0, 2, 3, 4, 5))
    expect(screenshot).toMatchObject({ name: 'Screenshot 2026-01-02 03.04.05.png', type: 'image/png' })
    expect(letter!.name).toBe('letter.pdf')
  })
})
