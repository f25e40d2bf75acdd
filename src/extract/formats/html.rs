//! Pages of HTML, by html2text; their title, author, date and language by a look at the head.

use super::office::{date, note};
use super::out::Out;
use super::{Failure, File};
use crate::extract::decode;
use crate::extract::frames::About;
use html2text::{Element, Handle};
use std::borrow::Cow;
use std::cell::RefCell;
use std::io::Read;
use std::ops::Deref;

/// A head that is longer is no head.
const MOST_HEAD_BYTES: usize = 256 * 1024;

/// How much of a page is read under a limit on memory, in bytes: a tree takes many times the room of its text.
pub fn most(memory_bytes: u64) -> u64 {
    memory_bytes / 16
}

/// Reads a page.
pub fn read(file: &mut dyn File, memory_bytes: u64, out: &mut Out<'_>) -> Result<(), Failure> {
    let most = most(memory_bytes);
    let mut bytes = Vec::new();
    Read::take(&mut *file, most + 1).read_to_end(&mut bytes).map_err(Failure::damaged)?;
    if bytes.len() as u64 > most {
        bytes.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        out.left_out("the rest of the page, which is too large");
    }
    let page = decode::html_to_utf8(&bytes);
    let page = as_html(&page);
    out.about(&about(&page))?;
    out.lines(&words(&page)?)
}

/// The words of a page, in lines as long as its paragraphs: the text is for searching, not for a terminal.
pub fn text(page: &str) -> Result<String, Failure> {
    words(&as_html(page))
}

/// The same for a page that is XHTML, whether it says so or not.
pub fn xhtml_text(page: &str) -> Result<String, Failure> {
    words(&with_ends(page))
}

fn words(page: &str) -> Result<String, Failure> {
    let config = html2text::config::plain_no_decorate().raw_mode(true).allow_width_overflow();
    let tree = config.parse_html(page.as_bytes()).and_then(|page| {
        show_all(&page.document);
        config.dom_to_render_tree(&page)
    });
    tree.and_then(|tree| config.render_to_string(tree, 4096)).map_err(Failure::damaged)
}

/// Puts others in the place of elements that html2text leaves out with all that is in them.
fn show_all(page: &Handle) {
    let mut open = vec![Handle::clone(page)];
    while let Some(node) = open.pop() {
        for child in node.children.borrow_mut().iter_mut() {
            if let Some(other) = shown(child) {
                *child = other;
            }
            open.push(Handle::clone(child));
        }
    }
}

/// What stands in for an element: of a table only bodies are shown, of a list only what has to be in it.
fn shown(node: &Handle) -> Option<Handle> {
    let Element { name, .. } = &node.data else { return None };
    let element = |local: &str, children: Vec<Handle>| {
        let mut name = name.clone();
        name.local = local.into();
        let element = <Handle as Deref>::Target::new(Element {
            name,
            attrs: RefCell::default(),
            template_contents: RefCell::default(),
            mathml_annotation_xml_integration_point: false,
        });
        element.children.replace(children);
        element
    };
    let has_other_than = |items: &[&str]| {
        let is_other = |child: &Handle| matches!(&child.data, Element { name, .. } if !items.contains(&&*name.local));
        node.children.borrow().iter().any(is_other)
    };
    match &*name.local {
        "tfoot" => Some(element("tbody", node.children.take())),
        "caption" => {
            let cell = element("td", node.children.take());
            Some(element("tbody", vec![element("tr", vec![cell])]))
        }
        "dl" if has_other_than(&["dt", "dd"]) => Some(element("div", node.children.take())),
        "ol" if has_other_than(&["li"]) => Some(element("ul", node.children.take())),
        _ => None,
    }
}

/// Where a page says that it is XHTML, it does so at its beginning.
const XHTML_WITHIN: usize = 1024;

fn as_html(page: &str) -> Cow<'_, str> {
    if is_xhtml(page) { with_ends(page) } else { Cow::Borrowed(page) }
}

fn is_xhtml(page: &str) -> bool {
    let start = &page[..page.floor_char_boundary(XHTML_WITHIN)];
    let start = start.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']);
    start.starts_with("<?xml") || start.contains("//DTD XHTML") || start.contains("http://www.w3.org/1999/xhtml")
}

/// Elements whose inside HTML takes as it stands, up to their end.
const OPAQUE: &[&str] = &["title", "script", "style", "iframe", "textarea", "noscript", "noembed", "noframes", "xmp"];

/// Writes out the ends of opaque elements that have none. In XHTML an element may end in its own tag, which HTML does not
/// know: there a `<title/>` takes all of the page for its words.
fn with_ends(page: &str) -> Cow<'_, str> {
    let mut written = String::new();
    // What is written of the page, and what was looked at.
    let (mut done, mut at) = (0, 0);
    while let Some(start) = page[at..].find('<').map(|found| at + found) {
        let rest = &page[start..];
        let Some(length) = markup(rest) else { break };
        at = start + length;
        if let Some(name) = rest[..length].strip_suffix("/>").and_then(opaque) {
            written.push_str(&page[done..at - 2]);
            written.push_str("></");
            written.push_str(name);
            written.push('>');
            done = at;
        }
    }
    if done == 0 {
        return Cow::Borrowed(page);
    }
    written.push_str(&page[done..]);
    Cow::Owned(written)
}

/// How long the tag or comment is that `rest` begins with; none where it does not end.
fn markup(rest: &str) -> Option<usize> {
    for (start, end) in [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")] {
        if let Some(inside) = rest.strip_prefix(start) {
            return inside.find(end).map(|found| start.len() + found + end.len());
        }
    }
    if !rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Some(1);
    }
    // A value may hold a `>`.
    let mut quote = None;
    let end = rest.bytes().position(|byte| match (quote, byte) {
        (None, b'>') => true,
        (None, b'"' | b'\'') => {
            quote = Some(byte);
            false
        }
        (Some(open), byte) if open == byte => {
            quote = None;
            false
        }
        _ => false,
    });
    end.map(|end| end + 1)
}

/// The name of an opaque element, by the inside of its tag.
fn opaque(tag: &str) -> Option<&'static str> {
    let name = tag[1..].split(|c: char| c.is_whitespace() || c == '/').next()?;
    OPAQUE.iter().copied().find(|known| known.eq_ignore_ascii_case(name))
}

/// What the head says.
fn about(page: &str) -> About {
    let head = &page[..page.floor_char_boundary(MOST_HEAD_BYTES)];
    // Letters other than ASCII keep their length.
    let lower = head.to_ascii_lowercase();
    let end = lower.find("<body").unwrap_or(lower.len());
    let (head, lower) = (&head[..end], &lower[..end]);
    let mut about = About::default();
    if let Some(words) = inner(head, lower, "<title") {
        note(&mut about, "title", &plain(words));
    }
    if let Some(tag) = tag(head, lower, "<html") {
        note(
            &mut about,
            "language",
            &attribute(tag, "lang").or_else(|| attribute(tag, "xml:lang")).unwrap_or_default(),
        );
    }
    for (at, _) in lower.match_indices("<meta") {
        let Some(tag) = tag(&head[at..], &lower[at..], "<meta") else { continue };
        let Some(content) = attribute(tag, "content") else { continue };
        let Some(name) = attribute(tag, "name").or_else(|| attribute(tag, "property")) else { continue };
        match name.to_ascii_lowercase().as_str() {
            "author" | "dc.creator" | "dcterms.creator" => note(&mut about, "creator", &plain(&content)),
            "date" | "dc.date" | "dcterms.created" | "article:published_time" | "created" => {
                about.created = about.created.or_else(|| date(&content));
            }
            "dcterms.modified" | "article:modified_time" | "last-modified" | "changed" => {
                about.modified = about.modified.or_else(|| date(&content));
            }
            _ => {}
        }
    }
    about
}

/// Words with their entities read.
fn plain(words: &str) -> String {
    let words: String = words.chars().filter(|c| *c != '<').take(2000).collect();
    text(&words).map_or(words, |text| text.trim().to_owned())
}

/// What stands between a tag and the next one.
fn inner<'a>(head: &'a str, lower: &str, start: &str) -> Option<&'a str> {
    let at = lower.find(start)?;
    let from = at + lower[at..].find('>')? + 1;
    let to = from + lower[from..].find("</")?;
    Some(&head[from..to])
}

/// The inside of the first tag that begins so.
fn tag<'a>(head: &'a str, lower: &str, start: &str) -> Option<&'a str> {
    let from = lower.find(start)? + start.len();
    let to = from + lower[from..].find('>')?;
    Some(&head[from..to])
}

/// An attribute's value, between quotes or up to the next blank.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let (at, _) = lower.match_indices(name).find(|(at, _)| {
        let before = lower[..*at].chars().next_back();
        before.is_some_and(|c| c.is_whitespace() || c == '"' || c == '\'')
            && lower[at + name.len()..].trim_start().starts_with('=')
    })?;
    let value = tag[at + name.len()..].trim_start().strip_prefix('=')?.trim_start();
    let value = match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next()?,
        _ => value.split([' ', '\n', '\t', '/']).next()?,
    };
    Some(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_says_who_and_when() {
        let page = "<!DOCTYPE html><HTML lang='de-DE'><head><Title>\n Größe &amp; Gewicht</title>
            <meta charset=utf-8><meta name=author content=\"Ada &quot;Countess&quot; Lovelace\">
            <meta property='article:published_time' content='2024-03-01T10:00:00+01:00'></head>
            <body><title>no</title><meta name=\"author\" content=\"nobody\">x";
        let about = about(page);
        assert_eq!(about.title.as_deref(), Some("Größe & Gewicht"));
        assert_eq!(about.author.as_deref(), Some("Ada \"Countess\" Lovelace"));
        assert_eq!(about.language.as_deref(), Some("de-DE"));
        assert_eq!(about.created.map(|time| time.to_rfc3339()).as_deref(), Some("2024-03-01T09:00:00+00:00"));
    }

    #[test]
    fn all_of_a_table_and_of_a_list_is_read() {
        for (page, lines) in [
            (
                "<table><caption>Rechnung <b>7</b></caption><colgroup><col></colgroup><thead><tr><th>Ware</th></tr></thead>\
                 <tfoot><tr><td>Summe</td><td>119,00</td></tr></tfoot><tbody><tr><td>Stuhl</td></tr></tbody></table>",
                &["Rechnung 7", "Ware", "Summe", "119,00", "Stuhl"][..],
            ),
            ("<table><tfoot><tr><td>nur das</table>", &["nur das"]),
            ("<dl><dt>Ort</dt><dd>Bonn</dd></dl>", &["Ort", "Bonn"]),
            ("<dl><div><dt>Ort</dt><dd>Bonn</dd></div><p>mehr</p></dl>", &["Ort", "Bonn", "mehr"]),
            ("<ol><li>a</li><li>b</li></ol>", &["1. a", "2. b"]),
            ("<ol><li>a</li><ol><li>b</li></ol><ul><li>c</li></ul></ol>", &["* a", "* 1. b", "* * c"]),
        ] {
            let text = text(page).expect("a text");
            let read: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            assert_eq!(read, lines, "{page}");
        }
    }

    #[test]
    fn what_ends_in_its_own_tag_takes_nothing_with_it() {
        let page = |head: &str| {
            format!(
                "<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"><head>{head}</head>\
                 <body><p>Anfang</p><iframe src='x'/><textarea rows=\"2\"\n/><p>Ende</p></body></html>"
            )
        };
        for head in [
            "<title/>",
            "<title />",
            "<TITLE lang='a>b'/>",
            "<title>Titel</title><script src=\"a.js\"/>",
            "<style type=\"text/css\"/><noscript/>",
            "<!-- <title> --><script/>",
            "<script>//<![CDATA[\nif (a <b) c('<title/>');\n//]]></script>",
        ] {
            assert_eq!(
                text(&page(head)).expect("a text").split_whitespace().collect::<Vec<_>>(),
                ["Anfang", "Ende"],
                "{head}"
            );
        }
        assert_eq!(about(&with_ends(&page("<title/><meta/>"))).title, None);
        assert_eq!(with_ends("<a title='<title/>'><br/><title></title>"), "<a title='<title/>'><br/><title></title>");
        // In HTML the title goes on.
        assert!(!text("<!DOCTYPE html><title/>Titel</title><p>Wort").expect("a text").contains("Titel"));
        for broken in ["<title/", "<title a='>/>", "<!-- <title/>", "<", "ß<title", "<?xml"] {
            assert_eq!(with_ends(broken), broken);
        }
    }

    #[test]
    fn a_head_that_breaks_off_says_nothing() {
        for page in
            ["", "<", "<title", "<title>", "<title>x", "<meta", "<meta name=author content=", "<html lang", "ß<meta"]
        {
            assert_eq!(about(page), About::default(), "{page}");
        }
    }
}
