//! Small files of every format, made by hand, and what is read in them; and files that mean harm.

mod files;
mod hostile;

use super::{Family, run};
use crate::extract::frames::{About, Bounds, Finished, Frame, FrameReader, Part};
use std::io::{self, Cursor, Write};

const MEMORY: u64 = 1 << 30;
/// More than a test ever has to say: a bomb is cut off here, as the worker does.
const MOST_SAID: usize = 4 * 1024 * 1024;

/// What a child would have said of a file.
#[derive(Debug, Default)]
pub struct Said {
    pub code: i32,
    pub complaint: String,
    pub text: String,
    pub about: About,
    pub parts: Vec<(Part, Vec<u8>)>,
    pub end: Option<Finished>,
}

/// A pipe whose reader goes away when it has had enough.
struct Pipe(Vec<u8>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() > MOST_SAID {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub fn read(family: Family, bytes: &[u8]) -> Said {
    let (mut pipe, mut complaints) = (Pipe(Vec::new()), Vec::new());
    let code = run(family, &mut Cursor::new(bytes), MEMORY, &mut pipe, &mut complaints);
    let mut said = Said {
        code: code.unwrap_or(-1),
        complaint: String::from_utf8_lossy(&complaints).into_owned(),
        ..Said::default()
    };
    let bounds = Bounds { text_bytes: usize::MAX, parts: 10_000, part_bytes: u64::MAX, parts_bytes: u64::MAX };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let mut frames = FrameReader::new(&pipe.0[..], bounds);
        while let Ok(Some(frame)) = frames.next().await {
            match frame {
                Frame::Text(text) => said.text.push_str(&text),
                Frame::About(about) => said.about.merge(about),
                Frame::Part(part) => said.parts.push((part, Vec::new())),
                Frame::Bytes(bytes) => said.parts.last_mut().expect("a part").1.extend(bytes),
                Frame::PartEnd => {}
                Frame::Finished(end) => said.end = Some(end),
            }
        }
    });
    // Who ends well has finished, and nobody else.
    assert_eq!(said.code == 0, said.end.is_some(), "{said:?}");
    assert_eq!(said.code > 0, !said.complaint.is_empty(), "{said:?}");
    said
}

fn title(said: &Said) -> Option<&str> {
    said.about.title.as_deref()
}

fn kind(said: &Said) -> &str {
    said.about.content_type.as_deref().unwrap_or_default()
}

fn whole(said: &Said) -> bool {
    said.end.as_ref().is_some_and(|end| !end.truncated && end.notes.is_empty())
}

#[test]
fn letters_are_read_with_tables_and_what_stands_beside() {
    let said = read(Family::Zip, &files::docx());
    assert_eq!(kind(&said), "application/vnd.openxmlformats-officedocument.wordprocessingml.document");
    assert_eq!(
        said.text,
        "Bericht\nEin Wort & mehr,\tmit Tab\nin zwei Zeilen\n\u{c}Kasten\nA1\t\tC1\nZelle zwei\tB2\nEnde\nFußnote\nAnmerkung\nKopf\n"
    );
    assert_eq!((title(&said), said.about.author.as_deref()), (Some("Größe"), Some("Ada")));
    assert_eq!(said.about.created.map(|time| time.to_rfc3339()).as_deref(), Some("2024-03-01T14:30:00+00:00"));
    assert_eq!(said.about.pages, Some(3));
    assert!(whole(&said));

    let said = read(Family::Zip, &files::odt());
    assert_eq!(kind(&said), "application/vnd.oasis.opendocument.text");
    assert_eq!(said.text, "Bericht\nEin Wort\tmit  Tab\nFußnote\nKasten\nA1\t\tC1\nA2 zwei\nKopf\n");
    assert_eq!((title(&said), said.about.author.as_deref()), (Some("Größe"), Some("Ada")));
    assert!(whole(&said));
}

#[test]
fn what_stands_within_a_line_takes_no_blank_with_it() {
    let letter = |words: &str| {
        let content = format!(
            "<office:document-content><office:text><text:p>{words}</text:p></office:text></office:document-content>"
        );
        read(Family::Zip, &files::odf("text", &content, &[])).text
    };
    let comment = "<office:annotation><dc:creator>Ada</dc:creator><text:p>nein</text:p></office:annotation>";
    let note = "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>nein</text:p></text:note-body></text:note>";
    for aside in [comment, note] {
        assert_eq!(letter(&format!("ein {aside}wichtiges Wort")), "ein wichtiges Wort\nnein\n");
        assert_eq!(letter(&format!("ein{aside} wichtiges Wort")), "ein wichtiges Wort\nnein\n");
        assert_eq!(letter(&format!("ein {aside} wichtiges Wort")), "ein wichtiges Wort\nnein\n");
        assert_eq!(letter(&format!("Wort{aside}schatz")), "Wortschatz\nnein\n");
        assert_eq!(letter(&format!(" {aside} ein Wort")), "ein Wort\nnein\n");
    }
    let picture = "<draw:frame><draw:image/></draw:frame>";
    assert_eq!(letter(&format!("ein {picture}wichtiges {picture} Wort")), "ein wichtiges Wort\n");
    for text_box in [
        "<draw:frame><draw:text-box><text:p>Kasten</text:p></draw:text-box></draw:frame>",
        "<draw:custom-shape><text:p>Kasten</text:p></draw:custom-shape>",
    ] {
        assert_eq!(letter(&format!("ein {text_box}wichtiges")), "ein\nKasten\nwichtiges\n");
        assert_eq!(letter(&format!("ein{text_box} wichtiges")), "ein\nKasten\nwichtiges\n");
    }
}

#[test]
fn a_comment_is_read_where_nothing_else_is_in_its_cell() {
    let comment = |words: &str| format!("<office:annotation><text:p>{words}</text:p></office:annotation>");
    let (alone, beside) = (comment("allein"), comment("daneben"));
    let content = format!(
        "<office:document-content><office:spreadsheet><table:table table:name=\"Kasse\"><table:table-row>\
         <table:table-cell>{alone}</table:table-cell><table:table-cell/><table:table-cell>{beside}<text:p>5</text:p></table:table-cell>\
         </table:table-row><table:table-row><table:table-cell table:number-columns-repeated=\"3\">{alone}</table:table-cell></table:table-row>\
         </table:table></office:spreadsheet></office:document-content>"
    );
    let said = read(Family::Zip, &files::odf("spreadsheet", &content, &[]));
    assert_eq!(said.text, "Kasse\nallein\t\t5 daneben\nallein\n");
    let content = format!(
        "<office:document-content><office:presentation><draw:page>{alone}</draw:page></office:presentation></office:document-content>"
    );
    assert_eq!(read(Family::Zip, &files::odf("presentation", &content, &[])).text, "allein\n\u{c}");
}

#[test]
fn slides_are_pages_with_their_notes() {
    for (bytes, name) in [(files::pptx(), "pptx"), (files::odp(), "odp")] {
        let said = read(Family::Zip, &bytes);
        assert_eq!(said.text, "Zweite zuerst\nNotiz\n\u{c}Erste\nA\tB\n\u{c}", "{name}");
        assert_eq!(said.about.pages, Some(2));
        assert!(whole(&said));
    }
    let said = read(Family::Ole, &files::ppt());
    assert_eq!(kind(&said), "application/vnd.ms-powerpoint");
    assert_eq!(said.text, "Titel\nPunkt\nKasten ä\nNotiz\n\u{c}Zweite\n\u{c}");
    assert_eq!(said.about.pages, Some(2));
}

#[test]
fn sheets_are_rows_of_cells() {
    let said = read(Family::Zip, &files::xlsx());
    assert_eq!(kind(&said), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
    assert_eq!(said.text, "Kasse\nTag\tBetrag\n2024-03-01\t0.3\n\t\tja\nKommentar\n");
    assert!(whole(&said));

    let said = read(Family::Zip, &files::ods());
    assert_eq!(said.text, "Kasse\nTag\tBetrag\n01.03.2024\t0,30 €\n5\t5\t5\tWert\n");

    let said = read(Family::Ole, &files::xls());
    assert_eq!(kind(&said), "application/vnd.ms-excel");
    assert_eq!(said.text, "Kasse\n1.5\t\tWort\n");
}

#[test]
fn a_book_is_read_in_the_order_of_its_spine() {
    let said = read(Family::Zip, &files::epub());
    assert_eq!(kind(&said), "application/epub+zip");
    assert_eq!((title(&said), said.about.language.as_deref()), (Some("Buch"), Some("de")));
    let (first, second) = (said.text.find("Anfang"), said.text.find("Schluss"));
    assert!(first.is_some() && first < second, "{}", said.text);
    assert!(whole(&said));
}

#[test]
fn an_archive_is_a_list_and_its_members() {
    let said = read(Family::Zip, &files::zip(&[("a/b.txt", b"words"), ("c.pdf", b"%PDF-"), ("a/", b"")]));
    assert_eq!(kind(&said), "application/zip");
    assert_eq!(said.text, "a/b.txt\t5 bytes\nc.pdf\t5 bytes\n");
    let names: Vec<_> = said.parts.iter().map(|(part, bytes)| (part.name.as_str(), bytes.as_slice())).collect();
    assert_eq!(names, [("a/b.txt", &b"words"[..]), ("c.pdf", b"%PDF-")]);
}

#[test]
fn an_old_letter_is_read_through_its_pieces() {
    let said = read(Family::Ole, &files::doc());
    assert_eq!(kind(&said), "application/msword");
    assert_eq!(said.text, "Gr\u{f6}ße\nLink\nA\tB\nЕще\n");
}

#[test]
fn rich_text_is_read_in_any_code_page() {
    let said = read(Family::Rtf, files::RTF);
    assert_eq!(kind(&said), "application/rtf");
    assert_eq!(
        said.text,
        "Größe – „Wort“ \u{1f600}\nПривет\nZeile\nA\t\tC\nvor\u{a0}nach\nFußnote\n\u{c}neue Seite {x}\n"
    );
    assert_eq!((title(&said), said.about.author.as_deref()), (Some("Größe"), Some("Ada")));
    assert_eq!(said.about.created.map(|time| time.to_rfc3339()).as_deref(), Some("2024-03-01T14:30:00+00:00"));
    assert!(whole(&said));
}

#[test]
fn a_text_box_of_rich_text_is_read_once() {
    let text =
        |inner: &str| read(Family::Rtf, format!("{{\\rtf1\\ansi vorn\\par {inner}hinten\\par}}").as_bytes()).text;
    let old = |words: &str| format!("{{\\*\\do\\dobxpage\\dptxbx{{\\dptxbxtext\\pard {words}\\par}}\\dpx1}}");
    let new =
        |words: &str| format!("{{\\*\\shpinst\\shpleft1{{\\sp{{\\sn a}}{{\\sv 1}}}}{{\\shptxt\\pard {words}\\par}}}}");
    let shape = |inner: &str, words: &str| format!("{{\\shp{inner}{{\\shprslt{}}}}}", old(words));
    assert_eq!(text(&shape(&new("Kasten"), "Kasten")), "vorn\nKasten\nhinten\n");
    assert_eq!(text(&shape(&new(&shape(&new("innen"), "innen")), "innen")), "vorn\ninnen\nhinten\n");
    // What stands in for nothing is read.
    assert_eq!(text(&old("Kasten")), "vorn\nKasten\nhinten\n");
    assert_eq!(text(&shape("", "Kasten")), "vorn\nKasten\nhinten\n");
    let two = [shape(&new("eins"), "eins"), shape("", "zwei"), old("drei")].concat();
    assert_eq!(text(&two), "vorn\neins\nzwei\ndrei\nhinten\n");
}

#[test]
fn a_mail_begins_with_who_and_hands_out_what_is_attached() {
    let said = read(Family::Mail, files::MAIL);
    assert_eq!(kind(&said), "message/rfc822");
    assert!(said.text.starts_with(
        "From: Ädä <ada@example.org>\nTo: bob@example.org\nDate: Fri, 1 Mar 2024 14:30:00 +0100\nSubject: Größe\n\nHallo Bob,\n"
    ), "{}", said.text);
    assert_eq!((title(&said), said.about.author.as_deref()), (Some("Größe"), Some("Ädä")));
    assert_eq!(said.about.created.map(|time| time.to_rfc3339()).as_deref(), Some("2024-03-01T13:30:00+00:00"));
    let names: Vec<_> = said.parts.iter().map(|(part, _)| part.name.as_str()).collect();
    assert_eq!(names, ["plan.pdf", "Innen.eml"]);
    assert_eq!(said.parts[0].1, b"%PDF-1.4");
    let inner = read(Family::Mail, &said.parts[1].1);
    assert!(title(&inner) == Some("Innen") && inner.text.contains("innerer Text"), "{inner:?}");
}

#[test]
fn a_mail_whose_plain_text_says_next_to_nothing_is_read_as_its_page() {
    let mail = |plain: &str, page: &str, footer: &str| {
        format!(
            "From: a@b.c\r\nSubject: s\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\
             Content-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\nContent-Type: text/plain\r\n\r\n{plain}\r\n\
             --i\r\nContent-Type: text/html\r\n\r\n<p>{page}</p>\r\n--i--\r\n{footer}--o--\r\n"
        )
    };
    let footer = "--o\r\nContent-Type: text/plain\r\n\r\nAbbestellen\r\n";
    let (placeholder, page, long) = ("Bitte HTML einschalten", "Rechnung 7 ".repeat(10), "viel ".repeat(125));
    for (plain, page, footer, words) in [
        ("", "Seite", "", "Seite\n"),
        (" \r\n\t", "Seite", "", "Seite\n"),
        ("", "Seite", footer, "Seite\nAbbestellen\n"),
        ("Text", "Seite", "", "Text\n"),
        ("Text", "Seite", footer, "Text\nAbbestellen\n"),
        (placeholder, &page, footer, &format!("{}\nAbbestellen\n", page.trim_end())),
        (&long, &page.repeat(50), "", &format!("{}\n", long.trim_end())),
    ] {
        let said = read(Family::Mail, mail(plain, page, footer).as_bytes());
        assert_eq!(said.text, format!("From: a@b.c\nSubject: s\n\n{words}"));
        assert!(whole(&said));
    }
}

#[test]
fn a_mail_that_does_not_say_its_charset_keeps_its_letters() {
    let latin = |text: &str| encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
    const HEAD: &str =
        "From: Jürgen Müller <jm@example.org>\r\nTo: Käthe <k@example.org>\r\nSubject: Gebühren für März\r\n";
    const SAID: &str =
        "From: Jürgen Müller <jm@example.org>\nTo: Käthe <k@example.org>\nSubject: Gebühren für März\n\n";
    const WORDS: &str = "Übermäßige Gebühren für die Straßenreinigung";
    for (kind, body) in [
        ("", latin(WORDS)),
        ("Content-Type: text/plain; charset=x-unknown\r\n", latin(WORDS)),
        ("Content-Type: text/plain; charset=us-ascii\r\n", WORDS.as_bytes().to_vec()),
        ("Content-Type: text/plain; charset=utf-8\r\n", latin(WORDS)),
        (
            "Content-Type: text/plain; charset=UTF-8\r\n",
            [WORDS.split_at(30).0.as_bytes(), &latin(WORDS.split_at(30).1)].concat(),
        ),
        (
            "Content-Transfer-Encoding: quoted-printable\r\n",
            b"=DCberm=E4=DFige Geb=FChren f=FCr die Stra=\r\n=DFenreinigung".to_vec(),
        ),
        (
            "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n",
            b"3GJlcm3k32lnZSBHZWL8aHJlbiBm/HIgZGllIFN0\r\ncmHfZW5yZWluaWd1bmc=".to_vec(),
        ),
        ("Content-Type: text/html\r\n", [b"<meta charset=windows-1252><p>", &latin(WORDS)[..], b"</p>"].concat()),
        ("Content-Type: text/html\r\n", format!("<meta charset=windows-1252><p>{WORDS}</p>").into_bytes()),
    ] {
        let mail = [&latin(HEAD)[..], kind.as_bytes(), b"\r\n", &body, b"\r\n"].concat();
        let said = read(Family::Mail, &mail);
        assert_eq!(said.text, format!("{SAID}{WORDS}\n"), "{kind}");
        assert_eq!((title(&said), said.about.author.as_deref()), (Some("Gebühren für März"), Some("Jürgen Müller")));
    }
    let mixed = [HEAD.as_bytes(), &latin("X-Of: Fläche\r\nCc: Bärbel <b@example.org>\r\n"), b"\r\nText\r\n"].concat();
    let (to, subject) = SAID.split_once("Subject").expect("a subject");
    assert_eq!(read(Family::Mail, &mixed).text, format!("{to}Cc: Bärbel <b@example.org>\nSubject{subject}Text\n"));
    let attached = "--b\r\nContent-Disposition: attachment; filename=\"Gebühren für März.txt\"\r\n\r\nÜbermäßig für die Fläche\r\n";
    let mail = format!(
        "From: a@b.c\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nText\r\n{attached}--b--\r\n"
    );
    let said = read(Family::Mail, &latin(&mail));
    let (part, bytes) = &said.parts[0];
    assert_eq!((part.name.as_str(), &bytes[..]), ("Gebühren für März.txt", "Übermäßig für die Fläche".as_bytes()));
}

#[test]
fn letters_that_were_cut_in_two_in_the_head_of_a_mail_are_read() {
    // An ü ends one word and begins the next.
    let mail = "From: =?utf-8?Q?J=C3?=\r\n =?UTF-8?Q?=BCrgen_M?= <jm@example.org>\r\n\
        Subject: Die =?utf-8?Q?Rechnung_f=C3?=\r\n =?utf-8?B?vHI=?= =?utf-8?B?IE3D?=\r\n\t=?utf-8?B?pHJ6?= a =?b =?us-ascii?Q?c?=\r\n\
        Content-Type: text/plain\r\n\
        Content-Disposition: attachment; filename=\"=?utf-8?Q?Geb=C3?=\r\n =?utf-8?Q?=BChr.txt?=\"\r\n\r\nText\r\n";
    let said = read(Family::Mail, mail.as_bytes());
    assert_eq!((said.about.author.as_deref(), title(&said)), (Some("Jürgen M"), Some("Die Rechnung für März a =?b c")));
    assert_eq!(said.parts[0].0.name, "Gebühr.txt");
}

#[test]
fn what_is_encoded_is_read_up_to_where_it_is_damaged() {
    const HEAD: &str = "From: a@b.c\r\nSubject: s\r\n";
    // 60 letters a line.
    let line = |word: &str| format!("{}\r\n", word.repeat(15));
    let attached = |encoding: &str, rest: &str| {
        let mail = format!(
            "{HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nText\r\n--b\r\nContent-Type: application/pdf; \
             name=a.pdf\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{rest}"
        );
        read(Family::Mail, mail.as_bytes())
    };
    for (encoding, rest, bytes, all) in [
        ("base64", "JVBERi0xLjQ=".to_owned(), "%PDF-1.4".to_owned(), true),
        ("base64", line("YWJj").repeat(2), "abc".repeat(30), true),
        ("base64", format!("{}--b--\r\n", line("YWJj") + "geprüft\r\n"), "abc".repeat(15), false),
        // What it is not, though it says so.
        ("base64", "Hallo\r\nwie geht es?\r\n--b--\r\n".to_owned(), "Hallo\r\nwie geht es?".to_owned(), true),
        ("quoted-printable", "a=C3=BC=\r\nb=\r\n==c\r\nd=3D".to_owned(), "aüb==c\r\nd=".to_owned(), true),
    ] {
        let said = attached(encoding, &rest);
        assert_eq!(said.text, "From: a@b.c\nSubject: s\n\nText\n", "{rest}");
        assert_eq!((said.parts.len(), said.parts[0].0.name.as_str()), (1, "a.pdf"));
        assert_eq!(String::from_utf8_lossy(&said.parts[0].1), bytes, "{rest}");
        assert_eq!(whole(&said), all, "{rest}");
    }
    // A list has put its words behind it.
    let body = format!("{HEAD}Content-Transfer-Encoding: base64\r\n\r\n{}-- \r\nListe: x\r\n", line("w7xi"));
    let said = read(Family::Mail, body.as_bytes());
    assert_eq!(said.text, format!("From: a@b.c\nSubject: s\n\n{}\n", "üb".repeat(15)));
    assert!(!whole(&said));
}

#[test]
fn a_folder_of_mails_is_read_one_after_the_other() {
    let second = "From: bob@example.org\r\nSubject: Zweite\r\n\r\nGruß\r\n\r\nFrom Berlin we went on.\r\n>From here, too.\r\n\r\n";
    let said = read(Family::Mail, &files::mbox(&[files::MAIL, second.as_bytes()]));
    let second = "\nFrom: bob@example.org\nSubject: Zweite\n\nGruß\n\nFrom Berlin we went on.\nFrom here, too.\n";
    assert!(said.text.contains("Hallo Bob,\n") && said.text.ends_with(second), "{}", said.text);
    assert_eq!(said.parts.len(), 2);
    // None of them is what the file is called.
    assert_eq!((title(&said), said.about.author.as_deref()), (None, None));
    assert!(whole(&said));

    let only = read(Family::Mail, &files::mbox(&[files::MAIL]));
    assert_eq!((title(&only), only.parts.len()), (Some("Größe"), 2));
    let said = read(Family::Mail, &files::mbox(&[b"", b"Subject: Zweite\r\n\r\nWort\r\n"]));
    assert!(said.text.ends_with("Subject: Zweite\n\nWort\n"), "{said:?}");
    assert!(said.end.is_some_and(|end| end.truncated));

    // As newer Thunderbird writes it; and a sentence that begins as what stands in front of a mail does.
    let bare = "From \r\nSubject: Eins\r\n\r\nWort\r\n\r\nFrom 8:30 on we\r\nwere there.\r\n\r\nFrom \r\nSubject: Zwei\r\n\r\nEnde\r\n\r\nFrom ";
    let said = read(Family::Mail, bare.as_bytes());
    let first = "Subject: Eins\n\nWort\n\nFrom 8:30 on we\nwere there.\n";
    assert_eq!(said.text, format!("{first}\nSubject: Zwei\n\nEnde\n\nFrom\n"));

    // Heads of long ago.
    let old = [
        &b"Subject: 1\r\n\r\neins\r\n"[..],
        b"Subject : 2\r\n\r\nzwei\r\n",
        b">From a@b Mon 11:59\r\nSubject: 3\r\n\r\ndrei\r\n",
    ];
    let said = read(Family::Mail, &files::mbox(&old));
    assert_eq!(said.text.matches("Subject: ").count(), 3, "{}", said.text);
}

#[test]
fn an_outlook_mail_is_read_as_a_mail_is() {
    let said = read(Family::Ole, &files::msg());
    assert_eq!(kind(&said), "application/vnd.ms-outlook");
    assert_eq!(
        said.text,
        "From: Ada <ada@example.org>\nTo: Bob\nDate: Fri, 1 Mar 2024 14:30:00 +0000\nSubject: Größe\n\nHallo\n\nSubject: Innen\n\ninnerer Text\n"
    );
    assert_eq!(title(&said), Some("Größe"));
    assert_eq!(said.parts.len(), 1);
    assert_eq!((said.parts[0].0.name.as_str(), &said.parts[0].1[..]), ("plan.pdf", &b"%PDF-1.4"[..]));
}

#[test]
fn a_page_says_its_title() {
    let said = read(Family::Html, b"<html><head><title>Titel</title></head><body><p>W\xc3\xb6rter</p></body></html>");
    assert!(said.text.contains("Wörter"));
    assert_eq!(title(&said), Some("Titel"));
}

#[test]
fn what_wants_a_password_says_so() {
    use crate::extract::child::EXIT_PASSWORD;
    for (family, bytes, name) in [
        (Family::Ole, files::compound(&[("EncryptedPackage", b"12345678"), ("EncryptionInfo", b"")]), "a new letter"),
        (Family::Ole, files::doc_with_flags(0x0100), "an old letter"),
        (Family::Zip, files::locked_odt(), "OpenDocument"),
        (Family::Zip, files::locked_zip(), "an archive"),
    ] {
        assert_eq!(read(family, &bytes).code, EXIT_PASSWORD, "{name}");
    }
}

#[test]
fn what_nobody_reads_says_what_it_is() {
    use crate::extract::child::EXIT_UNSUPPORTED;
    let drawing = files::package("application/vnd.ms-visio.drawing.main+xml", "visio/document.xml", "<x/>", &[]);
    let said = read(Family::Zip, &drawing);
    assert_eq!((said.code, kind(&said)), (EXIT_UNSUPPORTED, "application/vnd.ms-visio.drawing"));
    let said = read(Family::Ole, &files::compound(&[("Thumbs", b"x")]));
    assert_eq!((said.code, kind(&said)), (EXIT_UNSUPPORTED, "application/x-ole-storage"));
}

#[test]
fn what_can_be_read_of_a_damaged_file_is_kept() {
    let said = read(Family::Zip, &files::docx_of("<w:p><w:r><w:t>vorn</w:t></w:r></w:p><w:p><w:r><w:t>hin"));
    assert_eq!(said.text, "vorn\nhin\n");
    assert!(said.end.is_some_and(|end| end.truncated && end.notes == ["what is damaged"]));
    let nothing = read(Family::Zip, &files::docx_of("<w:p"));
    assert_eq!(nothing.code, crate::extract::child::EXIT_DAMAGED);
}
