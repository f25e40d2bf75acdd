//! One real file of each format, through the real worker: what is found, where its text comes from, and what it says of
//! itself. The table of docs/formats.md is this one.

use crate::support::{TestVault, id_of, program};
use docuvault::config::ReadingConfig;
use docuvault::extract::{Hint, Program, Reader};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A format, by the files that stand for it.
struct Row {
    format: &'static str,
    files: &'static [&'static str],
    /// MIME type that is found.
    found: &'static str,
    by: &'static str,
    read: &'static str,
    not: &'static str,
    /// `text_source`, or the code of the error.
    source: &'static str,
    words: &'static str,
}

const WORDS: &str = "The vault keeps the gearwheel invoice of Tuesday.";
const EMBEDDED: &str = "embedded";
const OFFICE: &str = "application/vnd.openxmlformats-officedocument.";

macro_rules! row {
    ($format:literal, [$($file:literal),+], $found:expr, $by:literal, $read:literal, $not:literal, $source:expr, $words:expr) => {
        Row {
            format: $format,
            files: &[$($file),+],
            found: $found,
            by: $by,
            read: $read,
            not: $not,
            source: $source,
            words: $words,
        }
    };
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    row!("PDF", ["libreoffice.pdf"], "application/pdf", "poppler `pdftotext`", "Text by pages, title, author, dates", "Forms in XFA, attachments", EMBEDDED, WORDS),
    row!("PDF, scanned", ["scan.pdf"], "application/pdf", "poppler `pdftoppm`, tesseract", "Pages with little text of their own", "Handwriting", "ocr", WORDS),
    row!("PDF, protected", ["locked.pdf"], "application/pdf", "qpdf, then as above", "With its password, once: `POST /documents/{id}/unlock`", "Without it", "password", ""),
    row!("DOCX", ["python.docx", "libreoffice.docx"], "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "zip, quick-xml", "Paragraphs, tables, headers, footnotes, comments, text boxes; title, author, dates", "Embedded pictures", EMBEDDED, WORDS),
    row!("XLSX", ["python.xlsx", "libreoffice.xlsx"], "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "calamine", "Sheets, rows by lines, cells by tabs", "Charts, macros", EMBEDDED, WORDS),
    row!("PPTX", ["python.pptx", "libreoffice.pptx"], "application/vnd.openxmlformats-officedocument.presentationml.presentation", "zip, quick-xml", "Slides as pages, notes", "Pictures, charts", EMBEDDED, WORDS),
    row!("ODT", ["libreoffice.odt"], "application/vnd.oasis.opendocument.text", "zip, quick-xml", "Paragraphs, tables, notes; title, author, dates", "Embedded objects", EMBEDDED, WORDS),
    row!("ODS", ["libreoffice.ods"], "application/vnd.oasis.opendocument.spreadsheet", "zip, quick-xml", "Sheets, rows by lines, cells by tabs", "Charts", EMBEDDED, WORDS),
    row!("ODP", ["libreoffice.odp"], "application/vnd.oasis.opendocument.presentation", "zip, quick-xml", "Slides as pages, notes", "Pictures", EMBEDDED, WORDS),
    row!("XLS", ["libreoffice.xls"], "application/vnd.ms-excel", "calamine", "Sheets, rows by lines, cells by tabs", "Charts, macros", EMBEDDED, WORDS),
    row!("DOC", ["libreoffice.doc"], "application/msword", "cfb and our own reader", "Text", "Pictures, layout", EMBEDDED, WORDS),
    row!("PPT", ["libreoffice.ppt"], "application/vnd.ms-powerpoint", "cfb and our own reader", "Slides as pages, notes", "Pictures, charts", EMBEDDED, WORDS),
    row!("RTF", ["libreoffice.rtf"], "application/rtf", "our own reader", "Text, tables; title, author, dates", "Pictures, objects", EMBEDDED, WORDS),
    row!("EPUB", ["python.epub", "libreoffice.epub"], "application/epub+zip", "zip, quick-xml, html2text", "Chapters in order; title, author", "Protected books", EMBEDDED, WORDS),
    row!("Mail (EML)", ["message.eml"], "message/rfc822", "mail-parser", "Sender, recipients, subject, date, text; attachments like files of their own", "Encrypted messages", EMBEDDED, WORDS),
    row!("Mail (Outlook, MSG)", ["outlook.msg"], "application/vnd.ms-outlook", "cfb and our own reader", "Sender, recipients, subject, date, text; attachments like files of their own", "Encrypted messages", EMBEDDED, WORDS),
    row!("HTML", ["page.html"], "text/html", "html2text", "Text; title, author", "Scripts, and what they would write", EMBEDDED, WORDS),
    row!("Text, Markdown, CSV, JSON, XML, subtitles, source code", ["plain.txt", "notes.md", "table.csv", "libreoffice.csv", "data.json", "data.xml", "film.srt", "source.py"], "", "encoding_rs, chardetng", "All of it, as it stands", "–", EMBEDDED, WORDS),
    row!("Text in UTF-16 and in old encodings", ["utf16.txt", "windows1252.txt"], "text/plain", "encoding_rs, chardetng", "All of it", "–", EMBEDDED, "Größe 42"),
    row!("Text in Shift JIS", ["shift_jis.txt"], "text/plain", "encoding_rs, chardetng", "All of it", "–", EMBEDDED, "歯車の請求書"),
    row!("ZIP", ["archive.zip"], "application/zip", "zip", "A listing, and each file in it like a file of its own", "Protected members", "mixed", WORDS),
    row!("PNG, JPEG, GIF, WebP, BMP", ["picture.png", "picture.jpg", "picture.gif", "picture.webp", "picture.bmp"], "", "image, tesseract", "What is written on it", "Handwriting; further frames", "ocr", WORDS),
    row!("TIFF", ["pages.tiff"], "image/tiff", "tiff, tesseract", "What is written on its pages", "Handwriting", "ocr", "locksmith"),
    row!("HEIC", ["picture.heic"], "image/heif", "–", "Nothing: it is kept", "All of it", "unsupported", ""),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/formats")
}

fn file(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_real_file_of_each_format_is_read() {
    let vault = TestVault::new().await;
    let worker = vault.worker_with(&[("OCR_LANGUAGES", "eng")], program());
    let mut put_in = Vec::new();
    for row in ROWS {
        for name in row.files {
            put_in.push((row, *name, id_of(&vault.put_in(name, file(name)).await)));
        }
    }
    let mut wrong = Vec::new();
    for (row, name, id) in put_in {
        let document = vault.processed(&id).await;
        if !row.found.is_empty() && document["content_type"] != row.found {
            wrong.push(format!("{name}: found {}", document["content_type"]));
        }
        if document["error"]["code"] == row.source {
            assert_eq!(document["text_source"], "none", "{name}");
            continue;
        }
        if document["text_source"] != row.source {
            wrong.push(format!("{name}: {document}"));
            continue;
        }
        let text = vault.text(&id).await;
        if !text.split_whitespace().collect::<Vec<_>>().join(" ").contains(row.words) {
            wrong.push(format!("{name}: {text:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_file_says_of_itself_stands_in_its_document() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    for name in [
        "python.docx",
        "libreoffice.pdf",
        "libreoffice.odt",
        "python.epub",
        "message.eml",
        "outlook.msg",
        "libreoffice.rtf",
    ] {
        let id = id_of(&vault.put_in(name, file(name)).await);
        let document = vault.processed(&id).await;
        assert_eq!(document["title"], "Gearwheel report", "{name}: {document}");
        let author = document["author"].as_str().unwrap_or_default();
        assert!(author.contains("Ann Bell"), "{name}: {document}");
        // Its words are too few, and of two languages: what it says of itself counts.
        if name == "python.epub" {
            assert_eq!(document["language"], "eng");
        }
    }
    // A title that a person gave stays.
    let form = reqwest::multipart::Form::new()
        .text("title", "My own title")
        .text("on_duplicate", "keep")
        .part("file", crate::support::file_part("again.docx", file("python.docx")));
    let id = id_of(&vault.post_form(form).await.json().await.expect("a document"));
    assert_eq!(vault.processed(&id).await["title"], "My own title");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lies_in_a_file_is_read_with_it() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let mail = id_of(&vault.put_in("message.eml", file("message.eml")).await);
    vault.processed(&mail).await;
    let text = vault.text(&mail).await;
    for words in ["bob@example.org", "attached.docx", "Total", "119.00"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let archive = id_of(&vault.put_in("archive.zip", file("archive.zip")).await);
    vault.processed(&archive).await;
    let text = vault.text(&archive).await;
    for words in ["folder/plain.txt", "folder/scan.pdf", "locksmith", "Prüfbericht"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_has_a_picture_of_its_first_page_until_it_is_removed() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    for name in ["libreoffice.pdf", "picture.png", "python.docx"] {
        let id = id_of(&vault.put_in(name, file(name)).await);
        assert_eq!(vault.processed(&id).await["has_thumbnail"], true, "{name}");
        let path = format!("/documents/{id}/thumbnail");
        let answer = vault.get(&path).await;
        assert_eq!(answer.headers()["content-type"], "image/webp", "{name}");
        let etag = answer.headers()["etag"].clone();
        let picture = answer.bytes().await.expect("a picture");
        assert!(picture.starts_with(b"RIFF") && picture[8..].starts_with(b"WEBP"), "{name}");
        let again = vault.http.get(vault.api(&path)).header("if-none-match", &etag).send().await.expect("an answer");
        assert_eq!(again.status(), 304);
        // Read again, it has a new one, and the old one is gone.
        assert_eq!(
            vault.http.post(vault.api(&format!("/documents/{id}/reprocess"))).send().await.expect("an answer").status(),
            202
        );
        vault.processed(&id).await;
        assert_ne!(vault.get(&path).await.headers()["etag"], etag);
        assert_eq!(vault.object_keys().await.len(), 2, "{name}");
        let gone =
            vault.http.delete(vault.api(&format!("/documents/{id}?permanently=true"))).send().await.expect("an answer");
        assert_eq!(gone.status(), 204);
        assert_eq!(vault.object_keys().await, Vec::<String>::new(), "{name}");
    }
    let text = id_of(&vault.put_in("plain.txt", file("plain.txt")).await);
    assert_eq!(vault.processed(&text).await["has_thumbnail"], false);
    crate::support::problem(vault.get(&format!("/documents/{text}/thumbnail")).await, 404, "no_thumbnail").await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_protected_document_is_read_with_its_password_which_is_kept_nowhere() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let id = id_of(&vault.put_in("locked.pdf", file("locked.pdf")).await);
    assert_eq!(vault.processed(&id).await["error"]["code"], "password");
    let unlock = async |password: &str| {
        let body = json!({"password": password});
        vault.http.post(vault.api(&format!("/documents/{id}/unlock"))).json(&body).send().await.expect("an answer")
    };
    assert_eq!(unlock("xyzzy-wrong").await.status(), 202);
    assert_eq!(vault.processed(&id).await["error"]["code"], "password");
    assert_eq!(unlock("secret").await.status(), 202);
    let document = vault.processed(&id).await;
    assert_eq!((&document["error"], &document["has_thumbnail"]), (&Value::Null, &json!(true)), "{document}");
    assert!(vault.text(&id).await.contains(WORDS));
    crate::support::problem(unlock("secret").await, 409, "not_locked").await;
    for password in ["xyzzy-wrong", "secret"] {
        let sql = format!(
            "SELECT (SELECT count(*) FROM jobs WHERE jobs::text LIKE '%{password}%')
                  + (SELECT count(*) FROM audit_log WHERE audit_log::text LIKE '%{password}%')"
        );
        assert_eq!(vault.count(&sql).await, 0);
    }
    // Without the password at hand, what was read of it stays.
    assert_eq!(
        vault.http.post(vault.api(&format!("/documents/{id}/reprocess"))).send().await.expect("an answer").status(),
        202
    );
    assert_eq!(vault.processed(&id).await["error"]["code"], "password");
    assert!(vault.text(&id).await.contains(WORDS));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_declared_is_kept_beside_what_was_found() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let part = reqwest::multipart::Part::bytes(file("python.docx")).file_name("lies.pdf").mime_str("application/pdf");
    let form = reqwest::multipart::Form::new().part("file", part.expect("a type"));
    let id = id_of(&vault.post_form(form).await.json().await.expect("a document"));
    let document = vault.processed(&id).await;
    assert_eq!(document["declared_type"], "application/pdf");
    assert_eq!(document["content_type"], format!("{OFFICE}wordprocessingml.document"));
    worker.stop().await;
}

/// The table, with the times where they were measured.
fn table(times: &[String]) -> String {
    let mut table = String::from("| format | by | what is read | what is not |");
    table.push_str(if times.is_empty() { "\n|---|---|---|---|\n" } else { " time |\n|---|---|---|---|---:|\n" });
    for (at, row) in ROWS.iter().enumerate() {
        write!(table, "| {} | {} | {} | {} |", row.format, row.by, row.read, row.not).expect("a string takes all");
        table.push_str(&times.get(at).map_or("\n".to_owned(), |time| format!(" {time} |\n")));
    }
    table
}

const PAGE: &str = "docs/formats.md";
const BEGIN: &str = "<!-- table -->\n";

/// docs/formats.md has this table. `script/formats` writes it, with times; those are not compared.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documented_table_is_this_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = fs::read_to_string(&path).expect("the page");
    let (before, rest) = page.split_once(BEGIN).expect("a mark before the table");
    let (documented, after) = rest.split_once(BEGIN).expect("a mark behind the table");
    if let Some(program) = crate::support::setting_if_any("FORMATS_PROGRAM") {
        let times = measure(Program::beside(program.into())).await;
        fs::write(&path, [before, BEGIN, &table(&times), BEGIN, after].concat()).expect("written");
        return;
    }
    let cells = |table: &str| -> Vec<String> {
        table
            .lines()
            .skip(2)
            .map(|line| line.split(" | ").take(4).collect::<Vec<_>>().join(" | ").trim_end_matches(" |").to_owned())
            .collect()
    };
    assert_eq!(cells(documented), cells(&table(&[])), "docs/formats.md is out of date: run script/formats");
}

/// How long reading one file of each format takes: the median of five.
async fn measure(program: Program) -> Vec<String> {
    let reader = Reader::new(ReadingConfig::default(), program);
    let mut times = Vec::new();
    for row in ROWS {
        let name = row.files[0];
        let mut runs: Vec<Duration> = Vec::new();
        for _ in 0..5 {
            let extension = name.rsplit('.').next();
            let hint = Hint { content_type: row.found, extension };
            let source = futures_util::stream::iter([Ok::<_, Infallible>(file(name).into())]);
            let start = Instant::now();
            drop(reader.read(hint, None, source).await);
            runs.push(start.elapsed());
        }
        runs.sort();
        times.push(format!("{:.0} ms", runs[2].as_secs_f64() * 1000.0));
    }
    times
}
