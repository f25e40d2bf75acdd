import { BookOpen, File, FileArchive, FileCode, FileImage, FileMusic, FilePlay, FileSpreadsheet, FileText, Mail, Presentation } from 'lucide-vue-next'
import type { Component } from 'vue'

/** The first that fits counts. */
const ICONS: [RegExp, Component][] = [
  [/^image\//, FileImage],
  [/^audio\//, FileMusic],
  [/^video\//, FilePlay],
  [/^message\//, Mail],
  [/epub/, BookOpen],
  [/spreadsheet|excel|csv/, FileSpreadsheet],
  [/presentation|powerpoint/, Presentation],
  [/zip|compressed|x-tar|x-rar/, FileArchive],
  [/json|xml$|html|css|javascript|^text\/x-/, FileCode],
  [/^text\/|pdf|word|opendocument|rtf/, FileText],
]

/** The picture for a kind of file, told by its MIME type. */
export function fileIcon(type: string): Component {
  return ICONS.find(([pattern]) => pattern.test(type.toLowerCase()))?.[1] ?? File
}
