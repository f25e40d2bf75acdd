//! What poppler's `pdftotext -htmlmeta` says: what the file says of itself, then its text, in one run.
//!
//! It writes a head of HTML with the title and meta elements, escaped; then, after `<pre>`, the text just as it writes it
//! without that option; then a foot. Nothing of it is parsed beyond that: the text is whatever lies between.

use super::about::About;
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Ends the head.
const BEFORE_TEXT: &str = "<body>\n<pre>\n";
/// Follows the text.
const AFTER_TEXT: &str = "</pre>\n</body>\n</html>\n";
/// Letters and digits from which on a page is taken to have text of its own: less may be what a program or a fax
/// machine has put on a scan, a stamp or a page number.
const WORDS_OF_A_PAGE: usize = 200;

/// Half an A4 page at 75 dots an inch; a logo has less.
const PIXELS_OF_A_SCAN: u64 = 270_000;

/// Takes the output apart: what the file says of itself, and the text in it.
pub(super) fn split(output: String) -> (About, String) {
    let Some(start) = output.find(BEFORE_TEXT) else { return (About::default(), output) };
    let about = about(&output[..start]);
    let mut text = output;
    text.drain(..start + BEFORE_TEXT.len());
    if text.ends_with(AFTER_TEXT) {
        text.truncate(text.len() - AFTER_TEXT.len());
    }
    (about, text)
}

fn about(head: &str) -> About {
    let between = |before: &str, after: &str| {
        let start = head.find(before)? + before.len();
        let length = head[start..].find(after)?;
        Some(unescaped(&head[start..start + length]))
    };
    let meta = |name: &str| between(&format!("<meta name=\"{name}\" content=\""), "\"/>");
    let time = |name: &str| {
        let written = meta(name)?;
        Some(DateTime::parse_from_rfc3339(&written).ok()?.with_timezone(&Utc))
    };
    About {
        title: between("<title>", "</title>"),
        author: meta("Author"),
        created_at: time("CreationDate"),
        modified_at: time("ModDate"),
        ..About::default()
    }
}

/// As poppler escapes.
fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&")
}

/// The pages of a text, each of which ends in a form feed.
pub(super) fn pages(text: &str) -> Vec<&str> {
    let mut pages: Vec<&str> = text.split('\u{c}').collect();
    if pages.last().is_some_and(|last| last.trim().is_empty()) {
        pages.pop();
    }
    pages
}

/// A larger file is not looked through for the word.
const LOOKED_THROUGH_BYTES: u64 = 4 * 1024 * 1024;
/// What stands in the description of each picture. A name in PDF ends at the first sign that no name has.
const PICTURE: &[u8] = b"/Image";

/// There may be a picture in a PDF. Nothing is taken apart for this: a picture is a stream, whose description stands in a
/// PDF as it is, neither compressed nor encrypted (ISO 32000-1, 7.5.7 and 7.6), and says what it is by a word. That may
/// be in disguise; who does that has their picture of a text not read.
///
/// # Errors
/// When the file can't be read.
pub(super) fn may_have_pictures(file: &File) -> io::Result<bool> {
    let length = file.metadata()?.len();
    if length > LOOKED_THROUGH_BYTES {
        return Ok(true);
    }
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(names_a_picture(&bytes))
}

fn names_a_picture(bytes: &[u8]) -> bool {
    memchr::memmem::find_iter(bytes, PICTURE)
        .any(|at| !bytes.get(at + PICTURE.len()).is_some_and(u8::is_ascii_alphanumeric))
}

/// True for a page that has little text: a scan, an empty one, or a short one.
pub(super) fn is_bare(page: &str) -> bool {
    page.chars().filter(|c| c.is_alphanumeric()).take(WORDS_OF_A_PAGE).count() < WORDS_OF_A_PAGE
}

/// There is no letter on it at all.
pub(super) fn is_empty(page: &str) -> bool {
    !page.contains(char::is_alphanumeric)
}

/// The pages whose pictures have, all together, as many pixels as a scan: from what `pdfimages -list` says, a line for
/// each picture with its page, number, kind, width and height.
pub(super) fn scanned_pages(list: &str) -> HashSet<u32> {
    let mut pixels: HashMap<u32, u64> = HashMap::new();
    for line in list.lines() {
        let columns: Vec<&str> = line.split_whitespace().take(5).collect();
        let [page, _, kind, width, height] = columns[..] else { continue };
        let (Ok(page), Ok(width), Ok(height)) = (page.parse(), width.parse::<u32>(), height.parse::<u32>()) else {
            continue;
        };
        // The others are masks of pictures that are listed too.
        if kind == "image" || kind == "stencil" {
            let all = pixels.entry(page).or_default();
            *all = all.saturating_add(u64::from(width) * u64::from(height));
        }
    }
    pixels.into_iter().filter(|(_, pixels)| *pixels >= PIXELS_OF_A_SCAN).map(|(page, _)| page).collect()
}

/// What was read off a bare page's picture says clearly more than the text that stands there: the page is a scan with a
/// stamp or a number on it. Else it is a short page, whose own text is right to the letter.
pub(super) fn says_more(read: &str, page: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
    letters(read) > 2 * letters(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_scanned_where_its_pictures_are_large_enough() {
        let list = "page   num  type   width height color comp bpc  enc interp  object ID x-ppi y-ppi size ratio\n\
            --------------------------------------------------------------------------------------------\n   \
            1     0 image     200   100  rgb     3   8  jpeg   no        11  0   300   300 12K 1.0%\n   \
            2     1 image    2480  3508  gray    1   8  jpeg   no        12  0   300   300 120K 1.0%\n   \
            2     2 smask    2480  3508  gray    1   8  jpeg   no        12  0   300   300 120K 1.0%\n   \
            3     3 image    2480    64  gray    1   8  jpeg   no        13  0   300   300 12K 1.0%\n   \
            3     4 image    2480    64  gray    1   8  jpeg   no        14  0   300   300 12K 1.0%\n   \
            4     5 smask    2480  3508  gray    1   8  jpeg   no        12  0   300   300 120K 1.0%\n";
        assert_eq!(scanned_pages(list), HashSet::from([2, 3]));
        assert_eq!(scanned_pages("nothing"), HashSet::new());
    }

    #[test]
    fn a_picture_is_known_by_its_word() {
        for (bytes, has) in [
            (&b"<< /Type /XObject /Subtype /Image /Width 20 >>"[..], true),
            (b"<</Subtype/Image/Width 20>>", true),
            (b"<</Width 20/Subtype/Image>>", true),
            // What a page may use, and not what it has.
            (b"<< /ProcSet [ /PDF /Text /ImageB /ImageC /ImageI ] >>", false),
            (b"", false),
        ] {
            assert_eq!(names_a_picture(bytes), has, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn a_short_page_keeps_its_own_text_and_a_scan_with_a_number_does_not() {
        assert!(!says_more("fur 10", "Grüße für 10 €"));
        assert!(!says_more("", ""));
        assert!(says_more("Payment is due on Friday 7", "7"));
        assert!(says_more("Payment", ""));
    }

    const HEAD: &str = "<!DOCTYPE html PUBLIC \"…\"><html xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n\
        <title>R&amp;D &lt;2026&gt; &amp;lt;</title>\n<meta name=\"Author\" content=\"Ann &quot;A&quot; Bell\"/>\n\
        <meta name=\"CreationDate\" content=\"2025-02-08T12:23:13+01:00\"/>\n</head>\n<body>\n<pre>\n";

    #[test]
    fn the_text_is_taken_as_it_is_and_the_head_apart() {
        let text = "a <b> & c </pre>\n\u{c}<body>\n<pre>\nsecond\u{c}";
        let (about, read) = split(format!("{HEAD}{text}{AFTER_TEXT}"));
        assert_eq!(read, text);
        assert_eq!(about.title.as_deref(), Some("R&D <2026> &lt;"));
        assert_eq!(about.author.as_deref(), Some("Ann \"A\" Bell"));
        assert_eq!(about.created_at.map(|at| at.to_rfc3339()).as_deref(), Some("2025-02-08T11:23:13+00:00"));
        assert_eq!(about.modified_at, None);
    }

    #[test]
    fn a_text_that_was_cut_has_no_foot() {
        assert_eq!(split(format!("{HEAD}half a li")).1, "half a li");
        assert_eq!(split(String::from("no head")).1, "no head");
    }

    #[test]
    fn pages_with_little_text_are_found() {
        let words = "A page with a good many words. ".repeat(10);
        let text = format!("{words}\u{c}\n- 7 -\n\u{c}\u{c}Scanned with CamScanner\u{c}");
        let bare: Vec<bool> = pages(&text).into_iter().map(is_bare).collect();
        assert_eq!(bare, [false, true, true, true]);
        assert!(pages("").is_empty());
    }
}
