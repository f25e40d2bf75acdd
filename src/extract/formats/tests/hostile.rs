//! Files that mean harm: each ends in a code or in what could be read, and none in a panic or without end.

use super::{Said, files, read};
use crate::extract::formats::Family;
use std::io::Write;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Every format, so that what is broken in it shows.
fn every() -> Vec<(&'static str, Family, Vec<u8>)> {
    vec![
        ("docx", Family::Zip, files::docx()),
        ("pptx", Family::Zip, files::pptx()),
        ("xlsx", Family::Zip, files::xlsx()),
        ("odt", Family::Zip, files::odt()),
        ("ods", Family::Zip, files::ods()),
        ("odp", Family::Zip, files::odp()),
        ("epub", Family::Zip, files::epub()),
        ("zip", Family::Zip, files::zip(&[("a.txt", b"words"), ("b/c.txt", b"more words")])),
        ("doc", Family::Ole, files::doc()),
        ("ppt", Family::Ole, files::ppt()),
        ("xls", Family::Ole, files::xls()),
        ("msg", Family::Ole, files::msg()),
        ("rtf", Family::Rtf, files::RTF.to_vec()),
        ("mail", Family::Mail, files::MAIL.to_vec()),
        ("mbox", Family::Mail, files::mbox(&[files::MAIL, b"Subject: Zweite\r\n\r\nGr\xfc\xdfe\r\n"])),
        (
            "xhtml",
            Family::Html,
            b"<?xml version=\"1.0\"?><!-- x --><html><head><title/><script src='a>b'/></head><body><p>x</p></body></html>".to_vec(),
        ),
        (
            "html",
            Family::Html,
            b"<html><head><title>x</title></head><body><table><tr><td>a</td></tr></table></body></html>".to_vec(),
        ),
    ]
}

/// Numbers that look random and are the same each time (xorshift64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most.max(1) as u64).unwrap_or(0)
    }
}

/// A few bytes changed, put in, taken out, doubled or cut off.
fn mutated(file: &[u8], dice: &mut Dice) -> Vec<u8> {
    const NASTY: &[&[u8]] = &[
        b"\xff\xff\xff\xff",
        b"\0\0\0\0",
        b"\x7f",
        b"<",
        b">",
        b"&#x110000;",
        b"{",
        b"}",
        b"\\u",
        b"99999999",
        b"-1",
        b"\"",
        b"\x80",
    ];
    let mut bytes = file.to_vec();
    for _ in 0..1 + dice.below(8) {
        let at = dice.below(bytes.len());
        match dice.below(7) {
            0 => bytes[at] = u8::try_from(dice.below(256)).unwrap_or(0),
            1 => bytes[at] ^= 1 << dice.below(8),
            2 => {
                let nasty = NASTY[dice.below(NASTY.len())];
                bytes.splice(at..at, nasty.iter().copied());
            }
            3 => {
                let nasty = NASTY[dice.below(NASTY.len())];
                let to = (at + nasty.len()).min(bytes.len());
                bytes.splice(at..to, nasty.iter().copied());
            }
            4 => {
                let to = (at + dice.below(40)).min(bytes.len());
                bytes.drain(at..to);
            }
            5 => {
                let to = (at + dice.below(200)).min(bytes.len());
                let again = bytes[at..to].to_vec();
                bytes.splice(at..at, again);
            }
            _ if dice.below(4) == 0 => bytes.truncate(at),
            _ => {}
        }
        if bytes.is_empty() {
            return vec![0];
        }
    }
    bytes
}

#[test]
fn a_thousand_broken_files_end_in_a_code() {
    const ROUNDS: u32 = 70;
    for (name, family, file) in every() {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        for _ in 0..ROUNDS {
            let code = read(family, &mutated(&file, &mut dice)).code;
            assert!([0, 65, 73, 76, 77].contains(&code), "{name}: {code}");
        }
    }
}

#[test]
fn a_file_that_is_cut_off_anywhere_ends_in_a_code() {
    for (name, family, file) in every() {
        for length in (0..file.len()).step_by(1 + file.len() / 40) {
            let code = read(family, &file[..length]).code;
            assert!([0, 65, 73, 76, 77].contains(&code), "{name} cut at {length}: {code}");
        }
    }
}

fn deflated(name: &str, pieces: usize, piece: &[u8], writer: &mut ZipWriter<std::io::Cursor<Vec<u8>>>) {
    writer.start_file(name, SimpleFileOptions::default()).expect("a member");
    for _ in 0..pieces {
        writer.write_all(piece).expect("its bytes");
    }
}

fn packed(members: &[(&str, &[u8], usize, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, head, pieces, piece) in members {
        deflated(name, 1, head, &mut writer);
        for _ in 0..*pieces {
            writer.write_all(piece).expect("its bytes");
        }
    }
    writer.finish().expect("a ZIP").into_inner()
}

fn is_bounded(said: &Said) -> bool {
    said.code == 73 || said.code == -1 || said.end.as_ref().is_some_and(|end| end.truncated)
}

#[test]
fn bombs_go_off_within_bounds() {
    const TYPES: &[u8] = b"<Types><Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>";
    let zeros = vec![b'0'; 1024 * 1024];
    // One word of 20 MiB, words for ever, and an archive of zeros.
    let word = packed(&[("[Content_Types].xml", TYPES, 0, b""), ("word/document.xml", b"<w:p><w:r><w:t>", 20, &zeros)]);
    assert_eq!(read(Family::Zip, &word).code, 73);
    let letter = format!("<w:p><w:r><w:t>{}</w:t></w:r></w:p>", "words ".repeat(10_000)).repeat(20);
    let words =
        packed(&[("[Content_Types].xml", TYPES, 0, b""), ("word/document.xml", b"<w:body>", 10, letter.as_bytes())]);
    assert!(is_bounded(&read(Family::Zip, &words)));
    let archive = packed(&[("zeros", b"", 20, &zeros)]);
    assert!(is_bounded(&read(Family::Zip, &archive)));
}

#[test]
fn a_directory_of_millions_is_not_even_read() {
    let mut bytes = files::zip(&[("a", b"")]);
    let end = bytes.len() - 22;
    let mut wide = vec![0; 56];
    wide[..4].copy_from_slice(b"PK\x06\x06");
    wide[24..32].copy_from_slice(&10_000_000_u64.to_le_bytes());
    wide[32..40].copy_from_slice(&10_000_000_u64.to_le_bytes());
    bytes.splice(end..end, wide);
    assert_eq!(read(Family::Zip, &bytes).code, 73);
}

#[test]
fn entities_are_not_expanded() {
    let laughs = "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c SYSTEM \"file:///etc/passwd\">]>";
    let body = format!("{laughs}<w:p><w:r><w:t>vor&b;&c;nach</w:t></w:r></w:p>");
    let said = read(
        Family::Zip,
        &files::package(
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
            "word/document.xml",
            &body,
            &[],
        ),
    );
    assert_eq!(said.text, "vornach\n");
}

#[test]
fn whatever_nests_deeper_than_any_stack_is_read_or_refused() {
    let deep = |open: &str, close: &str, times: usize| format!("{}{}", open.repeat(times), close.repeat(times));
    for times in [30_000, 200_000] {
        let said = read(Family::Zip, &files::docx_of(&deep("<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>", times)));
        assert!([0, 65, 73].contains(&said.code));
        let said =
            read(Family::Zip, &files::odf("text", &deep("<text:p><draw:frame>", "</draw:frame></text:p>", times), &[]));
        assert!([0, 65, 73].contains(&said.code));
    }
    for times in [1_000_000, 3_000_000] {
        let said = read(Family::Rtf, format!("{{\\rtf1 vor {}", "{".repeat(times)).as_bytes());
        assert!(said.text == "vor \n" && is_bounded(&said), "{times}");
    }
    let mail = |times: usize| {
        let mut mail = "Subject: innen\r\n\r\nText".to_owned();
        for _ in 0..times {
            mail = format!("Subject: x\r\nContent-Type: message/rfc822\r\n\r\n{mail}");
        }
        read(Family::Mail, mail.as_bytes())
    };
    assert!([0, 65].contains(&mail(1000).code));
    let boundaries: String =
        (0..20_000).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")).collect();
    assert!([0, 65].contains(&read(Family::Mail, format!("Subject: x\r\n{boundaries}").as_bytes()).code));
}

#[test]
fn a_cell_in_the_last_corner_costs_no_rectangle() {
    let cells = "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row r=\"1048576\"><c r=\"XFD1048576\"><v>2</v></c></row>";
    let said = read(Family::Zip, &files::xlsx_of(cells));
    assert!(said.text.starts_with("Kasse\n1\n") && said.text.len() < 1000, "{}", said.text);
    let corner = [files::xls_cell(0, 0), files::xls_cell(65_535, 255)];
    assert_eq!(read(Family::Ole, &files::xls_of(&corner)).code, 73);
}
