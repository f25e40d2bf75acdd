import { useI18n } from 'vue-i18n'

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

/** To make a formatter costs more than all else that a row needs: each is made once. */
function kept<Options, Formatter>(make: (locale: string, options: Options) => Formatter) {
  const all = new Map<string, Formatter>()
  return (locale: string, options: Options): Formatter => {
    const key = `${locale} ${JSON.stringify(options)}`
    const formatter = all.get(key) ?? make(locale, options)
    all.set(key, formatter)
    return formatter
  }
}
const numbers = kept((locale, options: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options))
const dates = kept((locale, options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options))
const spans = kept((locale, options: Intl.RelativeTimeFormatOptions) => new Intl.RelativeTimeFormat(locale, options))

/** A size for people: powers of 1000, at most three digits that say something. */
export function formatBytes(bytes: number, locale: string): string {
  const step = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** step
  const digits = step === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2
  return numbers(locale, { style: 'unit', unit: UNITS[step], unitDisplay: 'short', maximumFractionDigits: digits }).format(value)
}

/** A day and a time of the person's own clock. */
export function formatTime(iso: string, locale: string): string {
  return dates(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso))
}

/** A day of the person's own calendar. */
export function formatDay(iso: string, locale: string): string {
  return dates(locale, { dateStyle: 'medium' }).format(new Date(iso))
}

const SPANS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
]

/** How long ago, or in how long: in days, hours or minutes. */
export function formatSince(iso: string, locale: string, now = Date.now()): string {
  const seconds = (new Date(iso).getTime() - now) / 1000
  const format = spans(locale, { numeric: 'auto' })
  const [unit, length] = SPANS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1]
  return format.format(Math.trunc(seconds / length), unit)
}

/** The same, in the language the page speaks. */
export function useFormat() {
  const { locale } = useI18n()
  return {
    bytes: (bytes: number) => formatBytes(bytes, locale.value),
    time: (iso: string) => formatTime(iso, locale.value),
    day: (iso: string) => formatDay(iso, locale.value),
    since: (iso: string) => formatSince(iso, locale.value),
    number: (value: number) => numbers(locale.value, {}).format(value),
    percent: (share: number) => Math.round(share * 100),
  }
}
