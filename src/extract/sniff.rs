//! What a file is: its content beats its name and what was declared.

use super::{HEAD_BYTES, Hint};
use crate::domain::Filename;
use memchr::memmem;

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Html,
    Pdf,
    /// A ZIP: an office file, an e-book, or just that.
    Zip,
    /// An OLE compound file: an old office file, or a message of Outlook.
    Ole,
    Rtf,
    Mail,
    Picture(Picture),
    Unknown,
}

/// Formats of pictures that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Picture {
    Png,
    Jpeg,
    Tiff,
    Gif,
    WebP,
    Bmp,
    /// HEIF and AVIF.
    Heif,
}

/// What a PDF begins with.
const PDF: &[u8] = b"%PDF-";
/// A PDF may have rubbish before its header; readers look for it in the first KiB (ISO 32000-1, annex H.3.4.1).
const PDF_HEADER_WITHIN: usize = 1024;

pub(super) fn kind(head: &[u8], hint: Hint<'_>) -> Kind {
    if is_pdf(head) {
        Kind::Pdf
    } else if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        Kind::Zip
    } else if head.starts_with(OLE) {
        Kind::Ole
    } else if is_rtf(head) {
        Kind::Rtf
    } else if let Some(signed) = signature(head) {
        picture(signed).map_or(Kind::Unknown, Kind::Picture)
    } else if !super::decode::is_text(head) {
        Kind::Unknown
    } else if is_mail(head, hint) {
        Kind::Mail
    } else if is_html(head, hint) {
        Kind::Html
    } else {
        Kind::Text
    }
}

/// The signature of an OLE compound file (MS-CFB, 2.2).
const OLE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

fn picture(signed: &str) -> Option<Picture> {
    Some(match signed {
        "image/png" => Picture::Png,
        "image/jpeg" => Picture::Jpeg,
        "image/tiff" => Picture::Tiff,
        "image/gif" => Picture::Gif,
        "image/webp" => Picture::WebP,
        "image/bmp" => Picture::Bmp,
        "image/heif" | "image/heic" | "image/avif" => Picture::Heif,
        _ => return None,
    })
}

fn is_rtf(head: &[u8]) -> bool {
    head.trim_ascii_start().starts_with(b"{\\rtf")
}

/// Header fields that a message begins with, or has among its first.
const MAIL_FIELDS: &[&str] = &[
    "from",
    "to",
    "subject",
    "date",
    "received",
    "return-path",
    "mime-version",
    "message-id",
    "delivered-to",
    "cc",
    "reply-to",
    "x-mozilla-status",
    "content-type",
    "dkim-signature",
    "in-reply-to",
];
/// Those that nobody writes by hand.
const OF_MACHINES: &[&str] = &[
    "received",
    "return-path",
    "mime-version",
    "message-id",
    "delivered-to",
    "x-mozilla-status",
    "content-type",
    "dkim-signature",
    "in-reply-to",
];
/// Fields of the beginning that are looked at.
const FIELDS_LOOKED_AT: usize = 30;

/// It begins with header fields (RFC 5322, 2.2). Called or declared to be a message, one that a message has is enough.
/// Else it needs more of them, one that a machine wrote, and an empty line behind: people begin their notes with "To:",
/// "From:" and "Date:", too.
fn is_mail(head: &[u8], hint: Hint<'_>) -> bool {
    let called = hint.content_type.starts_with("message/rfc822") || matches!(hint.extension, Some("eml"));
    let text = String::from_utf8_lossy(head);
    // mbox puts a line of its own before each message.
    let text = if text.starts_with("From ") { text.split_once('\n').map_or("", |(_, rest)| rest) } else { &text };
    // The header of a message may be longer than what is looked at, which then ends within a line.
    let cut = head.len() == HEAD_BYTES;
    let text = if cut { text.rsplit_once('\n').map_or(text, |(whole, _)| whole) } else { text };
    let fields = Fields::of(text);
    let ends = fields.end == Some(true) || cut && fields.end.is_none();
    if called { fields.known >= 1 } else { fields.known >= 3 && fields.of_machines >= 1 && ends }
}

/// What stands in the header of what may be a message.
#[derive(Debug, Default)]
struct Fields {
    /// That a message has.
    known: usize,
    of_machines: usize,
    /// Whether an empty line comes behind, or another that is no field.
    end: Option<bool>,
}

impl Fields {
    fn of(text: &str) -> Self {
        let mut fields = Self::default();
        for (number, line) in text.lines().filter(|line| !line.starts_with([' ', '\t'])).enumerate() {
            let name = line.split_once(':').map_or("", |(name, _)| name);
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_graphic()) {
                fields.end = Some(line.is_empty());
                break;
            }
            if number < FIELDS_LOOKED_AT {
                let name = name.to_ascii_lowercase();
                fields.known += usize::from(MAIL_FIELDS.contains(&name.as_str()));
                fields.of_machines += usize::from(OF_MACHINES.contains(&name.as_str()));
            }
        }
        fields
    }
}

/// It begins with a PDF's header; or has one further on, and nothing that says of it that it is something else: the
/// first member of a ZIP may be a PDF that is stored as it is.
fn is_pdf(head: &[u8]) -> bool {
    if head.starts_with(PDF) {
        return true;
    }
    let header = memmem::find(&head[..head.len().min(PDF_HEADER_WITHIN)], PDF);
    header.is_some_and(|at| {
        // Texts speak of PDFs, in words before and behind.
        let is_spoken_of = || super::decode::is_text(head) && !head[..at].trim_ascii().is_empty();
        signature(head).is_none() && (!is_spoken_of() || is_begun_pdf(&head[at + PDF.len()..]))
    })
}

/// The version stands here, and behind it nothing, a comment or an object.
fn is_begun_pdf(behind: &[u8]) -> bool {
    let [major, b'.', minor, rest @ ..] = behind else { return false };
    let mut words = rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let is_number = |word: &[u8]| word.iter().all(u8::is_ascii_digit);
    let goes_on = match [words.next(), words.next(), words.next()] {
        [Some([b'%', ..]), ..] => true,
        [Some(number), Some(generation), Some(word)] => {
            is_number(number) && is_number(generation) && word.starts_with(b"obj")
        }
        _ => false,
    };
    major.is_ascii_digit()
        && minor.is_ascii_digit()
        && rest.first().is_none_or(|first| first.is_ascii_whitespace() && goes_on)
}

/// Formats that are text to look at, and begin with more letters than a text does by chance.
const OF_LETTERS: &[&[u8]] = &[b"{\\rtf", b"%!PS", b"GIF87a", b"GIF89a"];

/// The MIME type of what has a signature at its very beginning, and is no text. Some are of two or three letters, with
/// which a text may begin as well: "BM", "MZ", "GIF".
fn signature(head: &[u8]) -> Option<&'static str> {
    // infer looks for a PDF's header further on, too.
    let before_pdf = memmem::find(head, b"%PDF").map_or(head, |at| &head[..at]);
    let found = infer::get(before_pdf)?;
    let of_text = matches!(found.matcher_type(), infer::MatcherType::Text) || found.mime_type().starts_with("text/");
    // No text in one byte a letter has a zero, and one in two has no signature. None begins as a JPEG does, either.
    let begins_in_letters = head.iter().take(3).all(u8::is_ascii);
    let is_binary = head.contains(&0) || !begins_in_letters || !super::decode::is_text(head);
    let signed = is_binary || OF_LETTERS.iter().any(|letters| head.starts_with(letters));
    (signed && !of_text).then(|| found.mime_type())
}

fn is_html(head: &[u8], hint: Hint<'_>) -> bool {
    let declared = hint.content_type.starts_with("text/html") || hint.content_type.starts_with("application/xhtml");
    let named = matches!(hint.extension, Some("html" | "htm" | "xhtml"));
    let start = super::decode::to_utf8(&head[..head.len().min(512)]);
    let start = start.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']).to_ascii_lowercase();
    // Declared or named so, it still has to look like markup: a text named .html is read as text.
    let marked_up = start.contains('<');
    start.starts_with("<!doctype html") || start.starts_with("<html") || (marked_up && (declared || named))
}

/// The MIME type to put on record: what the bytes say where they have a signature, else what was declared, else what
/// the name suggests.
pub fn declared_or_guessed(head: &[u8], declared: Option<&str>, filename: &Filename) -> String {
    let head = &head[..head.len().min(HEAD_BYTES)];
    if is_pdf(head) {
        return "application/pdf".to_owned();
    }
    let guessed =
        filename.extension().and_then(|extension| mime_guess::from_ext(&extension).first_raw().map(str::to_owned));
    // A docx is a ZIP to its signature: the name knows better what is inside.
    if let Some(found) = signature(head).filter(|found| *found != "application/zip") {
        return found.to_owned();
    }
    let declared = as_declared(declared).filter(|text| text != "application/octet-stream");
    let text = || super::decode::is_text(head).then(|| "text/plain".to_owned());
    declared.or(guessed).or_else(text).unwrap_or_else(|| "application/octet-stream".to_owned())
}

/// What the uploader declared, where it is a MIME type at all.
pub fn as_declared(declared: Option<&str>) -> Option<String> {
    declared.map(str::trim).filter(|text| is_mime(text)).map(str::to_ascii_lowercase)
}

/// `type/subtype`, with parameters, in the characters RFC 9110 allows; short enough for the column.
fn is_mime(text: &str) -> bool {
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let token =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    let printable = parameters.bytes().all(|b| (0x20..0x7f).contains(&b));
    text.len() <= 255 && printable && essence.trim().split_once('/').is_some_and(|(a, b)| token(a) && token(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(head: &[u8], content_type: &str, extension: &str) -> Kind {
        kind(head, Hint { content_type, extension: Some(extension) })
    }

    #[test]
    fn content_beats_name_and_declaration() {
        assert_eq!(kind_of(b"%PDF-1.7 ...", "text/plain", "txt"), Kind::Pdf);
        assert_eq!(kind_of(b"\n\njunk%PDF-1.4", "application/octet-stream", "bin"), Kind::Pdf);
        assert_eq!(kind_of(b"just words", "application/pdf", "pdf"), Kind::Text);
        assert_eq!(kind_of(b"\x89PNG\r\n\x1a\n", "text/plain", "txt"), Kind::Picture(Picture::Png));
        assert_eq!(kind_of(b"PK\x03\x04", "application/pdf", "pdf"), Kind::Zip);
        assert_eq!(kind_of(OLE, "text/plain", "txt"), Kind::Ole);
        assert_eq!(kind_of(b"{\\rtf1\\ansi x}", "text/plain", "txt"), Kind::Rtf);
        assert_eq!(kind_of(b"\x7fELF\x02\x01\x01\0\0\0", "text/plain", "txt"), Kind::Unknown);
        let mail = b"Received: by x\n\tfor y\nFrom: a@b.c\nTo: d@e.f\n\nHello";
        assert_eq!(kind_of(mail, "text/plain", "txt"), Kind::Mail);
        assert_eq!(kind_of(b"Subject: notes\n\nHello", "message/rfc822", "eml"), Kind::Mail);
        assert_eq!(kind_of(b"To: whom it may concern\nFrom: me\n\nHello", "text/plain", "txt"), Kind::Text);
        assert_eq!(kind_of(b"Note: this\nThat: too\nAnd: more\n\n", "text/plain", "txt"), Kind::Text);
        assert_eq!(kind_of(b"<!DOCTYPE html><p>x", "text/plain", "txt"), Kind::Html);
        assert_eq!(kind_of(b"<p>x</p>", "text/html; charset=utf-8", ""), Kind::Html);
        assert_eq!(kind_of(b"no markup here", "text/html", "html"), Kind::Text);
        assert_eq!(kind_of(b"a,b\n1,2\n", "text/csv", "csv"), Kind::Text);
    }

    #[test]
    fn a_text_that_begins_as_a_signature_does_is_a_text() {
        let name = "notes.md".parse::<Filename>().expect("a name");
        for start in
            ["BMW", "BC", "MZ", "%!TEX root = a.tex", "GIF", "FWS", "CWS", "ID3", "MAC ", "SQLite", "Format: WEBP"]
        {
            let text = format!("{start} and what there is to say of it.\n");
            assert_eq!(kind_of(text.as_bytes(), "text/plain", "txt"), Kind::Text, "{start}");
            assert_eq!(declared_or_guessed(text.as_bytes(), None, &name), "text/markdown", "{start}");
        }
        for (head, kind, on_record) in [
            (&b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0"[..], Kind::Picture(Picture::Bmp), "image/bmp"),
            (b"GIF89a\x0a\0\x0a\0\x80", Kind::Picture(Picture::Gif), "image/gif"),
            (b"MZ\x90\0\x03\0", Kind::Unknown, "application/vnd.microsoft.portable-executable"),
            (b"%!PS-Adobe-3.0\n", Kind::Unknown, "application/postscript"),
            (b"{\\rtf1 Text}", Kind::Rtf, "application/rtf"),
        ] {
            assert_eq!(kind_of(head, "text/plain", "txt"), kind);
            assert_eq!(declared_or_guessed(head, Some("text/plain"), &name), on_record);
        }
    }

    #[test]
    fn a_note_that_begins_as_a_mail_does_is_a_text() {
        for note in [
            "To: all\nFrom: me\nDate: today\nSubject: the roof\n\nIt leaks.",
            "Date: today\nTo: all\nCc: nobody\nRe: the roof\nIt leaks: badly.",
            "From: me\nTo: all\nContent-Type: a rant\nIt leaks.",
        ] {
            assert_eq!(kind_of(note.as_bytes(), "text/plain", "txt"), Kind::Text, "{note}");
        }
        let mail = "Return-Path: <a@b.c>\nTo: all\nFrom: me\n";
        assert_eq!(kind_of(mail.as_bytes(), "text/plain", "txt"), Kind::Text, "nothing comes behind");
        assert_eq!(kind_of(format!("{mail}\nHello").as_bytes(), "text/plain", "txt"), Kind::Mail);
        assert_eq!(
            kind_of(format!("From a@b.c Fri Mar  1 14:30:00 2024\n{mail}\nHello").as_bytes(), "", ""),
            Kind::Mail
        );
        let long = format!("{mail}{}", "X-Spam-Report: none\n".repeat(1000));
        assert_eq!(kind_of(&long.as_bytes()[..HEAD_BYTES], "text/plain", "txt"), Kind::Mail, "its head goes on");
        let long = format!("{mail}{}", "and then words\n".repeat(HEAD_BYTES));
        assert_eq!(kind_of(&long.as_bytes()[..HEAD_BYTES], "text/plain", "txt"), Kind::Text);
    }

    #[test]
    fn a_pdf_in_another_file_does_not_make_it_one() {
        let name = |text: &str| text.parse::<Filename>().expect("a name");
        let stored = b"PK\x03\x04\x0a\0\0\0\0\0plan.pdf%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n";
        assert_eq!(kind_of(stored, "application/zip", "zip"), Kind::Zip);
        assert_eq!(declared_or_guessed(stored, Some("application/zip"), &name("a.zip")), "application/zip");
        let jpeg = b"\xff\xd8\xff\xe1\0\x20Exif\0made of %PDF-1.4\n";
        assert_eq!(kind_of(jpeg, "image/jpeg", "jpg"), Kind::Picture(Picture::Jpeg));
        assert_eq!(declared_or_guessed(jpeg, None, &name("a.jpg")), "image/jpeg");
        assert_eq!(kind_of(b"{\\rtf1 It begins with %PDF-1.4\n%x}", "text/plain", "txt"), Kind::Rtf);
        for text in ["A PDF begins with `%PDF-1.7`.", "magic,%PDF-\n", "%PDF is it", "See %PDF-1.4 on page 3.\n"] {
            assert_eq!(kind_of(text.as_bytes(), "text/plain", "txt"), Kind::Text, "{text}");
            assert_eq!(declared_or_guessed(text.as_bytes(), None, &name("a.txt")), "text/plain", "{text}");
        }
    }

    #[test]
    fn a_pdf_is_one_behind_words_that_somebody_else_wrote() {
        for before in ["\u{feff}", "HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n", "From: a@b.c\n\n"] {
            for behind in
                [&b"%PDF-1.4\n1 0 obj\n<<>>\n"[..], b"%PDF-1.7\r\n%\xe2\xe3\xcf\xd3\r\n", b"%PDF-1.4\n1 0 obj\0"]
            {
                let head = [before.as_bytes(), behind].concat();
                assert_eq!(kind_of(&head, "application/pdf", "pdf"), Kind::Pdf, "{before}");
            }
        }
    }

    #[test]
    fn the_type_on_record_is_the_best_known() {
        let name = |text: &str| text.parse::<Filename>().expect("a name");
        let of = |head: &[u8], declared, file| declared_or_guessed(head, declared, &name(file));
        assert_eq!(of(b"%PDF-1.4", Some("text/plain"), "a.txt"), "application/pdf");
        assert_eq!(of(b"words", Some("text/markdown"), "a.txt"), "text/markdown");
        assert_eq!(of(b"words", Some("application/octet-stream"), "a.md"), "text/markdown");
        assert_eq!(of(b"words", None, "README"), "text/plain");
        assert_eq!(of(b"words", Some("evil\r\nX: y/z"), "README"), "text/plain");
        assert_eq!(of(&[0, 159, 1], None, "blob"), "application/octet-stream");
        assert_eq!(
            of(b"PK\x03\x04", None, "a.docx"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        );
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_pdf_is_one_whatever_rubbish_stands_around_it(before in vec(any::<u8>(), 0..1000), behind: Vec<u8>, content_type: String) {
            let head = [&before[..], b"%PDF-", &behind].concat();
            // Texts speak of PDFs; and rubbish may have a signature.
            if !before.is_empty() && (crate::extract::decode::is_text(&head) || infer::get(&before).is_some()) {
                return Ok(());
            }
            prop_assert_eq!(kind(&head, Hint { content_type: &content_type, extension: None }), Kind::Pdf);
        }

        #[test]
        fn a_text_is_read_as_one_whatever_it_is_called(text in "[a-zA-Zäöü€ ,.;]{1,200}", content_type: String, extension: String) {
            let hint = Hint { content_type: &content_type, extension: Some(&extension) };
            prop_assert_eq!(kind(text.as_bytes(), hint), Kind::Text);
        }

        #[test]
        fn whatever_the_bytes_the_type_on_record_is_one(head: Vec<u8>, declared: Option<String>,
            near in "[a-z]{0,5}/?[a-z+.-]{0,5}( ?;.{0,10})?", name in "[^/\\\\\\pC]{1,20}") {
            let Ok(name) = name.parse::<Filename>() else { return Ok(()) };
            for declared in [declared, Some(near), None] {
                let of_record = declared_or_guessed(&head, declared.as_deref(), &name);
                prop_assert!(is_mime(&of_record), "{}", of_record);
                prop_assert!((3..=255).contains(&of_record.len()));
                prop_assert!(of_record.bytes().all(|b| (b' '..=b'~').contains(&b)));
            }
        }
    }
}
