/** Colours to choose from: far enough apart to be told from each other on light and on dark. */
export const PALETTE = ['#2563eb', '#0891b2', '#0d9488', '#16a34a', '#65a30d', '#a16207', '#ea580c', '#dc2626', '#db2777', '#9333ea', '#64748b'] as const

/** The first colour that no topic has yet; the least used one where all are taken. */
export function freshColor(taken: readonly string[]): string {
  const uses = (color: string) => taken.filter((other) => other.toLowerCase() === color).length
  return PALETTE.reduce<string>((best, color) => (uses(color) < uses(best) ? color : best), PALETTE[0])
}
