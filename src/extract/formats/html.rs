//! Pages of HTML, by html2text; their title, author, date and language by a look at the head.

use super::office::{date, note};
use super::out::Out;
use super::{Failure, File};
use crate::extract::decode;
use crate::extract::frames::About;
use std::io::Read;

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
    out.about(&about(&page))?;
    out.lines(&text(&page)?)
}

/// The words of a page, in lines as long as its paragraphs: the text is for searching, not for a terminal.
pub fn text(page: &str) -> Result<String, Failure> {
    let config = html2text::config::plain_no_decorate().raw_mode(true).allow_width_overflow();
    config.string_from_read(page.as_bytes(), 4096).map_err(Failure::damaged)
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
    fn a_head_that_breaks_off_says_nothing() {
        for page in
            ["", "<", "<title", "<title>", "<title>x", "<meta", "<meta name=author content=", "<html lang", "ß<meta"]
        {
            assert_eq!(about(page), About::default(), "{page}");
        }
    }
}
