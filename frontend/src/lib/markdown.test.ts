import { expect, it } from 'vitest'
import { renderMarkdown } from './markdown'

it('shows HTML as text, opens links elsewhere and fetches no picture', () => {
  const html = renderMarkdown('<script>x</script> [a](https://example.org) [b](javascript:x) ![words](https://example.org/p.png)')
  expect(html).not.toContain('<script')
  expect(html).not.toContain('<img')
  expect(html).not.toContain('href="javascript')
  expect(html).toContain('words')
  expect(html).toContain('<a href="https://example.org" target="_blank" rel="noopener noreferrer">a</a>')
})

it('keeps the headings of a document below that of the view', () => {
  expect(renderMarkdown('# One\n\n###### Six')).toBe('<h2>One</h2>\n<h6>Six</h6>\n')
})

it('aligns no column by a style attribute, which the page may not have', () => {
  expect(renderMarkdown('|a|\n|:-:|\n|b|')).not.toContain('style')
})
