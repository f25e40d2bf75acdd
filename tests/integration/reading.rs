//! Reading: the formats, the encodings, and what can't be read.

use crate::support::files::{noise, pdf};
use crate::support::{PROGRAM, TestVault, id_of, program};
use docuvault::extract::child::Format;
use docuvault::extract::{Program, READER, RENDERER};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_format_gives_its_words() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let utf16: Vec<u8> = "\u{feff}Größe und Gewicht".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let html = "<!doctype html><html><head><title>T</title><style>p{color:red}</style><script>var hidden=1</script></head>\
        <body><h1>Heading</h1><p>A &amp; B</p><table><tr><td>cell</td></tr></table></body></html>";
    for (name, bytes, words) in [
        ("a.txt", "plain words".into(), "plain words"),
        ("a.md", "# Title\n\nSome *markdown*".into(), "# Title"),
        ("a.csv", "name,sum\nAda,17".into(), "Ada,17"),
        ("a.json", r#"{"key": "value"}"#.into(), "\"value\""),
        (
            "latin1.txt",
            b"Stra\xdfe, M\xfcnchen, 10 \x80 f\xfcr die \xdcbernachtung".to_vec(),
            "Straße, München, 10 € für",
        ),
        ("utf16.txt", utf16, "Größe und Gewicht"),
        ("bom.txt", b"\xef\xbb\xbfwith a mark".to_vec(), "with a mark"),
        ("a.html", html.into(), "A & B"),
        ("latin.html", b"<html><meta charset=iso-8859-1><p>Gr\xfc\xdfe</p></html>".to_vec(), "Grüße"),
        ("a.pdf", pdf(&["first page", "second page"]), "second page"),
        ("lies.txt", pdf(&["a pdf by any name"]), "a pdf by any name"),
    ] {
        let id = id_of(&vault.put_in(name, bytes).await);
        let document = vault.processed(&id).await;
        assert_eq!(document["error"], Value::Null, "{name}: {document}");
        let text = vault.text(&id).await;
        assert!(text.contains(words), "{name}: {text:?}");
        assert!(!text.contains("hidden") && !text.contains("color"), "{name}: {text:?}");
    }
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_read_is_kept_and_says_why() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let broken = b"%PDF-1.7\nthis is no document at all".to_vec();
    let png = [b"\x89PNG\r\n\x1a\n".as_slice(), &noise(5, 1000)].concat();
    for (name, bytes, code) in [
        ("broken.pdf", broken, "damaged"),
        ("scan.pdf", pdf(&[""]), "empty"),
        ("picture.png", png, "damaged"),
        ("blob", noise(6, 5000), "unsupported"),
        ("blank.txt", b"  \n\n \t".to_vec(), "empty"),
    ] {
        let id = id_of(&vault.put_in(name, bytes.clone()).await);
        let document = vault.processed(&id).await;
        assert_eq!((&document["status"], &document["error"]["code"]), (&json!("failed"), &json!(code)), "{name}");
        assert!(document["error"]["message"].as_str().is_some_and(|message| message.ends_with('.')));
        assert!(vault.bytes(&id).await == bytes, "{name} is kept byte for byte");
    }
    // A file that can't be read is no failed job: there is nothing to try again.
    assert_eq!(vault.count("SELECT count(*) FROM jobs WHERE state = 'done' AND attempts = 1").await, 5);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_makes_its_reader_complain_is_read_all_the_same() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    // Operators that do not exist: poppler says so for each, many times what a pipe holds.
    let mut bytes = pdf(&["readable words"]);
    let text = String::from_utf8(bytes.clone()).expect("ASCII");
    let at = text.find("ET\nendstream").expect("a content stream");
    bytes.splice(at + 2..at + 2, "\nxyzzy".repeat(3000).into_bytes());
    let id = id_of(&vault.put_in("noisy.pdf", bytes).await);
    assert_eq!(vault.processed(&id).await["error"], Value::Null);
    assert!(vault.text(&id).await.contains("readable words"));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_told_from_damage() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let id = id_of(&vault.put_in("locked.pdf", include_bytes!("../fixtures/locked.pdf").to_vec()).await);
    assert_eq!(vault.processed(&id).await["error"]["code"], "password");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limits_hold() {
    let vault = TestVault::new().await;
    // 32 KiB of text a document, and a reading child of 64 MiB.
    let worker = vault.worker_with(
        &[("READ_MAX_TEXT_BYTES", "32768"), ("READ_MEMORY_BYTES", "67108864"), ("READ_TIMEOUT_SECONDS", "5")],
        program(),
    );
    let long = id_of(&vault.put_in("long.txt", "word ".repeat(100_000)).await);
    let pages: Vec<String> = (0..300).map(|page| format!("page {page} {}", "x y z ".repeat(60))).collect();
    let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
    let thick = id_of(&vault.put_in("thick.pdf", pdf(&pages)).await);
    for id in [&long, &thick] {
        assert_eq!(vault.processed(id).await["error"], Value::Null);
        assert!(vault.text(id).await.len() <= 32768);
    }
    assert_eq!(vault.count("SELECT count(*) FROM documents WHERE text_truncated").await, 2);
    // A page that is one deep tree wants more memory or time than it is given: it harms itself alone.
    let deep = format!("<html>{}", "<div>".repeat(3_000_000));
    let deep = id_of(&vault.put_in("deep.html", deep).await);
    let document = vault.processed(&deep).await;
    assert_eq!(document["status"], "failed", "{document}");
    let after = id_of(&vault.put_in("after.txt", "the next one").await);
    assert_eq!(vault.processed(&after).await["error"], Value::Null);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_are_not_those_that_were_put_in_are_never_read_as_if_they_were() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let ids = [
        id_of(&vault.put_in("a.txt", "what was put in").await),
        id_of(&vault.put_in("a.html", "<p>what was put in").await),
    ];
    for id in &ids {
        vault.processed(id).await;
    }
    for key in vault.object_keys().await {
        let key = key.parse().expect("a key");
        vault.vault.storage.put(&key, "text/plain", &mut &b"something else!"[..]).await.expect("put");
    }
    for id in &ids {
        let again = vault.http.post(vault.api(&format!("/documents/{id}/reprocess"))).send().await.expect("an answer");
        assert_eq!(again.status(), 202);
        let document = vault.processed(id).await;
        assert_eq!(document["error"]["code"], "content_damaged", "{document}");
        assert!(vault.text(id).await.contains("what was put in"), "what was read of it before is still found");
    }
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_read_once_is_still_found_where_it_can_not_be_read_again() {
    let vault = TestVault::new().await;
    let worker = vault.worker_with(&[("OCR_LANGUAGES", "eng")], program());
    let id = id_of(&vault.put_in("picture.png", include_bytes!("../fixtures/formats/picture.png")).await);
    let read = vault.processed(&id).await;
    assert_eq!(read["error"], Value::Null);
    let text = vault.text(&id).await;
    worker.stop().await;
    let worker = vault.worker_with(&[("OCR_LANGUAGES", "none")], program());
    vault.http.post(vault.api(&format!("/documents/{id}/reprocess"))).send().await.expect("an answer");
    let document = vault.processed(&id).await;
    assert_eq!((&document["status"], &document["topics"]), (&Value::from("failed"), &read["topics"]));
    assert_eq!(vault.text(&id).await, text);
    worker.stop().await;
    vault.assert_tidy().await;
}

#[test]
fn the_small_programs_read_what_they_can_where_they_are_there_and_of_the_same_version() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = folder.path().join("docuvault");
    let (reader, renderer) = (folder.path().join(READER), folder.path().join(RENDERER));
    let now = || Program::beside(own.clone());
    let of = |format| now().of(format).to_owned();
    assert_eq!((of(Format::Pdf), now().renders()), (own.clone(), false));
    // They say another name and version of themselves.
    symlink("/bin/cat", &reader).expect("a link");
    symlink(Path::new(PROGRAM).with_file_name(READER), &renderer).expect("a link");
    assert_eq!((of(Format::Pdf), now().renders()), (own.clone(), false));
    for program in [&reader, &renderer] {
        fs::remove_file(program).expect("removed");
        let real = Path::new(PROGRAM).with_file_name(program.file_name().expect("a name"));
        symlink(real, program).expect("a link");
    }
    assert_eq!((of(Format::Pdf), of(Format::Thumbnail), of(Format::Html)), (reader.clone(), reader, own.clone()));
    assert_eq!((of(Format::PdfThumbnail), now().renders()), (renderer, true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_small_program_the_worker_reads_the_same() {
    let vault = TestVault::new().await;
    let worker = vault.worker_with(&[], Program::alone(PROGRAM.into()));
    let id = id_of(&vault.put_in("a.pdf", pdf(&["read by the program itself"])).await);
    assert_eq!(vault.processed(&id).await["error"], Value::Null);
    assert!(vault.text(&id).await.contains("read by the program itself"));
    worker.stop().await;
}
