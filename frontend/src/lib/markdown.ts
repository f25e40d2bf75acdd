import MarkdownIt from 'markdown-it'

const markdown = new MarkdownIt({ html: false, linkify: true })

// A picture from elsewhere would tell somebody there that the document is looked at: its words stand instead.
markdown.renderer.rules.image = (tokens, at) => markdown.utils.escapeHtml(tokens[at]?.content ?? '')
markdown.renderer.rules.link_open = (tokens, at, options, _, self) => {
  tokens[at]?.attrSet('target', '_blank')
  tokens[at]?.attrSet('rel', 'noopener noreferrer')
  return self.renderToken(tokens, at, options)
}
// The view has its own heading, and a document's stand below it.
markdown.core.ruler.push('lower_headings', ({ tokens }) => {
  for (const token of tokens) if (token.type.startsWith('heading_')) token.tag = `h${Math.min(6, Number(token.tag.slice(1)) + 1)}`
})
// The page's Content-Security-Policy knows no style attributes: a column stands where columns stand.
markdown.renderer.rules.th_open = () => '<th>'
markdown.renderer.rules.td_open = () => '<td>'

/** Markdown as HTML that holds nothing but what Markdown can say: HTML in it stands there as text. */
export function renderMarkdown(text: string): string {
  return markdown.render(text)
}
