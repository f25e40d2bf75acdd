//! One small file of each format.

use cfb::CompoundFile;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Members are stored as they are: a mutation hits what is in them.
pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in members {
        if name.ends_with('/') {
            writer.add_directory(*name, stored).expect("a folder");
        } else {
            writer.start_file(*name, stored).expect("a member");
            writer.write_all(bytes).expect("its bytes");
        }
    }
    writer.finish().expect("a ZIP").into_inner()
}

const TYPES: &str = "http://schemas.openxmlformats.org/package/2006/content-types";
const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// An Office Open XML package; of `others` each has its name, its type or none, and its content.
pub fn package(main_type: &str, main: &str, body: &str, others: &[(&str, &str, &str)]) -> Vec<u8> {
    let listed = |(name, kind, _): &(&str, &str, &str)| match *kind {
        "" => String::new(),
        kind => format!("<Override PartName=\"/{name}\" ContentType=\"{kind}\"/>"),
    };
    let others_listed: String = others.iter().map(listed).collect();
    let types = format!(
        "<?xml version=\"1.0\"?><Types xmlns=\"{TYPES}\"><Override PartName=\"/{main}\" ContentType=\"{main_type}\"/>{others_listed}</Types>"
    );
    let top = format!(
        "<Relationships><Relationship Id=\"r1\" Type=\"{RELATIONS}/officeDocument\" Target=\"{main}\"/></Relationships>"
    );
    let core = "<cp:coreProperties><dc:title>Größe</dc:title><dc:creator>Ada</dc:creator><dcterms:created>2024-03-01T14:30:00Z</dcterms:created></cp:coreProperties>";
    let app = "<Properties><Pages>3</Pages></Properties>";
    let mut members: Vec<(&str, &[u8])> = vec![
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", top.as_bytes()),
        ("docProps/core.xml", core.as_bytes()),
        ("docProps/app.xml", app.as_bytes()),
        (main, body.as_bytes()),
    ];
    members.extend(others.iter().map(|(name, _, content)| (*name, content.as_bytes())));
    zip(&members)
}

const WORDS: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml";

pub fn docx_of(paragraphs: &str) -> Vec<u8> {
    let body = format!("<w:document><w:body>{paragraphs}");
    package(&format!("{WORDS}.document.main+xml"), "word/document.xml", &body, &[])
}

pub fn docx() -> Vec<u8> {
    let body = "<w:document><w:body>\
        <w:p><w:pPr><w:pStyle w:val=\"Heading1\"/><w:tabs><w:tab w:val=\"left\"/></w:tabs></w:pPr><w:r><w:t>Bericht</w:t></w:r></w:p>\
        <w:p><w:r><w:t xml:space=\"preserve\">Ein </w:t></w:r><w:del><w:r><w:delText>altes </w:delText></w:r></w:del>\
        <w:r><w:t>Wort &amp; mehr,</w:t><w:tab/><w:t>mit Tab</w:t><w:br/><w:t>in zwei Zeilen</w:t></w:r>\
        <w:r><w:instrText>PAGE</w:instrText></w:r></w:p>\
        <w:p><w:r><w:br w:type=\"page\"/></w:r></w:p>\
        <w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>Kasten</w:t></w:r></w:p></w:txbxContent></mc:Choice>\
        <mc:Fallback><w:txbxContent><w:p><w:r><w:t>Kasten</w:t></w:r></w:p></w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>\
        <w:tbl><w:tr><w:tc><w:p><w:r><w:t>A1</w:t></w:r></w:p></w:tc><w:tc><w:p/></w:tc><w:tc><w:p><w:r><w:t>C1</w:t></w:r></w:p></w:tc></w:tr>\
        <w:tr><w:tc><w:p><w:r><w:t>Zelle</w:t></w:r></w:p><w:p><w:r><w:t>zwei</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>B2</w:t></w:r></w:p></w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>\
        <w:p><w:r><w:t>Ende</w:t></w:r></w:p></w:body></w:document>";
    let beside = |text: &str| format!("<w:x><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:x>");
    let (note, comment, head) = (beside("Fußnote"), beside("Anmerkung"), beside("Kopf"));
    package(
        &format!("{WORDS}.document.main+xml"),
        "word/document.xml",
        body,
        &[
            ("word/header1.xml", &format!("{WORDS}.header+xml"), &head),
            ("word/footnotes.xml", &format!("{WORDS}.footnotes+xml"), &note),
            ("word/comments.xml", &format!("{WORDS}.comments+xml"), &comment),
        ],
    )
}

pub fn pptx() -> Vec<u8> {
    const SLIDE: &str = "application/vnd.openxmlformats-officedocument.presentationml.slide+xml";
    let main = "<p:presentation><p:sldIdLst><p:sldId id=\"256\" r:id=\"r2\"/><p:sldId id=\"257\" r:id=\"r1\"/></p:sldIdLst></p:presentation>";
    let relation = |id: &str, kind: &str, target: &str| {
        format!("<Relationship Id=\"{id}\" Type=\"{RELATIONS}/{kind}\" Target=\"{target}\"/>")
    };
    let of_main = format!(
        "<Relationships>{}{}</Relationships>",
        relation("r1", "slide", "slides/slide1.xml"),
        relation("r2", "slide", "slides/slide2.xml")
    );
    let of_second = format!("<Relationships>{}</Relationships>", relation("r1", "notesSlide", "../notesSlides/n.xml"));
    let text = |words: &str| format!("<p:sld><a:p><a:r><a:t>{words}</a:t></a:r></a:p></p:sld>");
    let first = "<p:sld><a:p><a:r><a:t>Erste</a:t></a:r></a:p><a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>A</a:t></a:r></a:p></a:txBody></a:tc>\
        <a:tc><a:txBody><a:p><a:r><a:t>B</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl>\
        <a:p><a:fld type=\"slidenum\"><a:t>1</a:t></a:fld></a:p></p:sld>";
    package(
        "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
        "ppt/presentation.xml",
        main,
        &[
            ("ppt/_rels/presentation.xml.rels", "", &of_main),
            ("ppt/slides/slide1.xml", SLIDE, first),
            ("ppt/slides/slide2.xml", SLIDE, &text("Zweite zuerst")),
            ("ppt/slides/_rels/slide2.xml.rels", "", &of_second),
            ("ppt/notesSlides/n.xml", "", &text("Notiz")),
        ],
    )
}

pub fn xlsx_of(cells: &str) -> Vec<u8> {
    const SHEETS: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    let book = format!(
        "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"{RELATIONS}\"><sheets><sheet name=\"Kasse\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
    );
    let relations = format!(
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"{RELATIONS}/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
         <Relationship Id=\"r2\" Type=\"{RELATIONS}/styles\" Target=\"styles.xml\"/><Relationship Id=\"r3\" Type=\"{RELATIONS}/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>"
    );
    let styles = "<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>";
    let strings = "<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" count=\"2\" uniqueCount=\"2\"><si><t>Tag</t></si><si><t>Betrag</t></si></sst>";
    let sheet = format!(
        "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><dimension ref=\"A1:XFD1048576\"/><sheetData>{cells}</sheetData></worksheet>"
    );
    let comments = "<comments><commentList><comment ref=\"A1\"><text><r><t>Kommentar</t></r></text></comment></commentList></comments>";
    package(
        &format!("{SHEETS}.sheet.main+xml"),
        "xl/workbook.xml",
        &book,
        &[
            ("xl/_rels/workbook.xml.rels", "", &relations),
            ("xl/worksheets/sheet1.xml", &format!("{SHEETS}.worksheet+xml"), &sheet),
            ("xl/styles.xml", &format!("{SHEETS}.styles+xml"), styles),
            ("xl/sharedStrings.xml", &format!("{SHEETS}.sharedStrings+xml"), strings),
            ("xl/comments1.xml", &format!("{SHEETS}.comments+xml"), comments),
        ],
    )
}

pub fn xlsx() -> Vec<u8> {
    xlsx_of(
        "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c></row>\
         <row r=\"2\"><c r=\"A2\" s=\"1\"><v>45352</v></c><c r=\"B2\"><v>0.30000000000000004</v></c></row>\
         <row r=\"4\"><c r=\"C4\" t=\"inlineStr\"><is><t>ja</t></is></c></row>",
    )
}

pub fn odf(kind: &str, content: &str, others: &[(&str, &str)]) -> Vec<u8> {
    let mimetype = format!("application/vnd.oasis.opendocument.{kind}");
    let meta = "<office:meta><dc:title>Größe</dc:title><meta:initial-creator>Ada</meta:initial-creator><dc:creator>Bob</dc:creator></office:meta>";
    let mut members: Vec<(&str, &[u8])> =
        vec![("mimetype", mimetype.as_bytes()), ("content.xml", content.as_bytes()), ("meta.xml", meta.as_bytes())];
    members.extend(others.iter().map(|(name, content)| (*name, content.as_bytes())));
    zip(&members)
}

pub fn odt() -> Vec<u8> {
    let content = "<office:document-content><office:body><office:text><text:tracked-changes><text:p>weg</text:p></text:tracked-changes>\
        <text:h>Bericht</text:h>\n  <text:p>Ein\n   Wort<text:tab/>mit<text:s text:c=\"2\"/>Tab<text:note><text:note-citation>1</text:note-citation>\
        <text:note-body><text:p>Fußnote</text:p></text:note-body></text:note></text:p>\
        <text:p><draw:frame><draw:text-box><text:p>Kasten</text:p></draw:text-box></draw:frame></text:p>\
        <table:table table:name=\"T\"><table:table-row><table:table-cell><text:p>A1</text:p></table:table-cell><table:table-cell/>\
        <table:table-cell><text:p>C1</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell><text:p>A2</text:p><text:p>zwei</text:p>\
        </table:table-cell></table:table-row></table:table></office:text></office:body></office:document-content>";
    let styles = "<office:document-styles><style:style><text:p>nicht</text:p></style:style><style:header><text:p>Kopf</text:p></style:header></office:document-styles>";
    odf("text", content, &[("styles.xml", styles)])
}

pub fn odp() -> Vec<u8> {
    let content = "<office:document-content><office:presentation><draw:page><draw:frame><draw:text-box><text:p>Zweite zuerst</text:p></draw:text-box></draw:frame>\
        <presentation:notes><draw:frame><draw:text-box><text:p>Notiz</text:p></draw:text-box></draw:frame></presentation:notes></draw:page>\
        <draw:page><draw:frame><draw:text-box><text:p>Erste</text:p></draw:text-box></draw:frame>\
        <draw:frame><table:table><table:table-row><table:table-cell><text:p>A</text:p></table:table-cell><table:table-cell><text:p>B</text:p></table:table-cell></table:table-row></table:table></draw:frame>\
        </draw:page></office:presentation></office:document-content>";
    odf("presentation", content, &[])
}

pub fn ods() -> Vec<u8> {
    let content = "<office:document-content><office:spreadsheet><table:table table:name=\"Kasse\"><table:table-row>\
        <table:table-cell><text:p>Tag</text:p></table:table-cell><table:table-cell><text:p>Betrag</text:p></table:table-cell><table:table-cell table:number-columns-repeated=\"16382\"/></table:table-row>\
        <table:table-row><table:table-cell office:date-value=\"2024-03-01\"><text:p>01.03.2024</text:p></table:table-cell><table:table-cell office:value=\"0.3\"><text:p>0,30 €</text:p></table:table-cell></table:table-row>\
        <table:table-row table:number-rows-repeated=\"1048000\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>\
        <table:table-row><table:table-cell table:number-columns-repeated=\"3\"><text:p>5</text:p></table:table-cell><table:table-cell office:string-value=\"Wert\"/></table:table-row>\
        </table:table></office:spreadsheet></office:document-content>";
    odf("spreadsheet", content, &[])
}

pub fn locked_odt() -> Vec<u8> {
    let manifest = "<manifest:manifest><manifest:file-entry manifest:full-path=\"content.xml\"><manifest:encryption-data/></manifest:file-entry></manifest:manifest>";
    odf("text", "\u{1}\u{2}", &[("META-INF/manifest.xml", manifest)])
}

/// An archive whose one member is marked as encrypted, in both of its heads.
pub fn locked_zip() -> Vec<u8> {
    let mut bytes = zip(&[("secret.txt", b"0123456789abcdef")]);
    bytes[6] |= 1;
    let listed = bytes.windows(4).position(|four| four == b"PK\x01\x02").expect("a directory");
    bytes[listed + 8] |= 1;
    bytes
}

pub fn epub() -> Vec<u8> {
    let opf = "<package><metadata><dc:title>Buch</dc:title><dc:language>de</dc:language></metadata><manifest>\
        <item id=\"b\" href=\"text/zwei.xhtml\"/><item id=\"a\" href=\"text/eins%20a.xhtml\"/></manifest><spine><itemref idref=\"a\"/><itemref idref=\"b\"/></spine></package>";
    zip(&[
        ("mimetype", b"application/epub+zip"),
        (
            "META-INF/container.xml",
            b"<container><rootfiles><rootfile full-path=\"OEBPS/content.opf\"/></rootfiles></container>",
        ),
        ("OEBPS/content.opf", opf.as_bytes()),
        ("OEBPS/text/zwei.xhtml", b"<html><body><p>Schluss</p></body></html>"),
        ("OEBPS/text/eins a.xhtml", b"<html><head><title/></head><body><p>Anfang</p></body></html>"),
    ])
}

/// A compound file of streams; folders are made as they are named.
pub fn compound(streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = CompoundFile::create(Cursor::new(Vec::new())).expect("a compound file");
    for (name, bytes) in streams {
        if let Some((folder, _)) = name.rsplit_once('/') {
            file.create_storage_all(folder).expect("a folder");
        }
        file.create_stream(name).expect("a stream").write_all(bytes).expect("its bytes");
    }
    file.flush().expect("all written");
    file.into_inner().into_inner()
}

pub fn doc() -> Vec<u8> {
    doc_with_flags(0)
}

/// A letter in two pieces, one of bytes and one of UTF-16.
pub fn doc_with_flags(flags: u16) -> Vec<u8> {
    let narrow = b"Gr\xf6\xdfe\r\x13HYPERLINK x\x14Link\x15\rA\x07B\x07\x07";
    let wide: Vec<u8> = "Еще\r".encode_utf16().flat_map(u16::to_le_bytes).collect();
    const AT: usize = 0x200;
    let mut main = vec![0; AT];
    main[0..2].copy_from_slice(&0xa5ec_u16.to_le_bytes());
    main[2..4].copy_from_slice(&0x00c1_u16.to_le_bytes());
    main[0x0a..0x0c].copy_from_slice(&(flags | 0x0200).to_le_bytes());
    main.extend_from_slice(narrow);
    main.extend_from_slice(&wide);
    let places = [(AT as u32 * 2) | 0x4000_0000, (AT + narrow.len()) as u32];
    let letters = [0, narrow.len() as u32, narrow.len() as u32 + 4];
    let mut list: Vec<u8> = letters.iter().flat_map(|number| number.to_le_bytes()).collect();
    for place in places {
        list.extend([&[0, 0][..], &place.to_le_bytes(), &[0, 0]].concat());
    }
    let table = [&[1, 2, 0, 9, 9, 2][..], &(list.len() as u32).to_le_bytes(), &list].concat();
    main[0x01a6..0x01aa].copy_from_slice(&(table.len() as u32).to_le_bytes());
    compound(&[("WordDocument", &main), ("1Table", &table)])
}

fn biff(kind: u16, body: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &(body.len() as u16).to_le_bytes(), body].concat()
}

pub fn xls() -> Vec<u8> {
    xls_of(&[
        biff(0x0203, &[&[0; 6][..], &1.5_f64.to_le_bytes()].concat()),
        biff(0x0204, &[&[0, 0, 2, 0, 0, 0, 4, 0, 0][..], b"Wort"].concat()),
    ])
}

pub fn xls_of(cells: &[Vec<u8>]) -> Vec<u8> {
    let start = |kind: u8| biff(0x0809, &[0, 6, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let sheet = |at: u32| biff(0x0085, &[&at.to_le_bytes()[..], &[0, 0, 5, 0], b"Kasse"].concat());
    let book = |at| [start(5), biff(0x00e0, &[0; 20]), sheet(at), biff(0x000a, &[])].concat();
    let at = book(0).len() as u32;
    let stream = [book(at), start(0x10), cells.concat(), biff(0x000a, &[])].concat();
    compound(&[("Workbook", &stream)])
}

/// A cell of a number at any place.
pub fn xls_cell(row: u16, column: u16) -> Vec<u8> {
    biff(0x0203, &[&row.to_le_bytes()[..], &column.to_le_bytes(), &[0; 10]].concat())
}

fn atom(first: u16, kind: u16, body: &[u8]) -> Vec<u8> {
    [&first.to_le_bytes()[..], &kind.to_le_bytes(), &(body.len() as u32).to_le_bytes(), body].concat()
}

/// Two slides, of which the first has an outline, a box and notes, and another one that was deleted.
pub fn ppt() -> Vec<u8> {
    let words = |text: &[u8]| atom(0, 0x0fa8, text);
    let wide = |text: &str| {
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        atom(0, 0x0fa0, &bytes)
    };
    let listed = |id: u32, number: u32| {
        atom(0, 0x03f3, &[&id.to_le_bytes()[..], &[0; 8], &number.to_le_bytes(), &[0; 4]].concat())
    };
    let slides = [listed(2, 256), words(b"Titel\rPunkt"), listed(3, 257), words(b"Zweite")].concat();
    let lists = [atom(0x000f, 0x0ff0, &slides), atom(0x002f, 0x0ff0, &listed(4, 7))].concat();
    let slide_atom = |notes: u32| atom(2, 0x03ef, &[&[0; 16][..], &notes.to_le_bytes(), &[0; 4]].concat());
    let objects = [
        atom(0x000f, 0x03e8, &lists),
        atom(0x000f, 0x03ee, &[slide_atom(7), wide("Kasten ä")].concat()),
        atom(0x000f, 0x03ee, &[slide_atom(0), words(b"*")].concat()),
        atom(0x000f, 0x03f0, &words(b"Notiz")),
        atom(0x000f, 0x03ee, &words(b"deleted")),
    ];
    let mut places = Vec::new();
    let mut stream = Vec::new();
    for object in &objects[..4] {
        places.extend((stream.len() as u32).to_le_bytes());
        stream.extend_from_slice(object);
    }
    stream.extend_from_slice(&objects[4]);
    let directory = stream.len() as u32;
    stream.extend(atom(0, 0x1772, &[&(4_u32 << 20 | 1).to_le_bytes()[..], &places].concat()));
    let edit = stream.len() as u32;
    let body = [&[0; 12][..], &directory.to_le_bytes(), &1_u32.to_le_bytes(), &[0; 8]].concat();
    stream.extend(atom(0, 0x0ff5, &body));
    let user = atom(0, 0x0ff6, &[&[20, 0, 0, 0, 0x5f, 0xc0, 0x91, 0xe3][..], &edit.to_le_bytes(), &[0; 8]].concat());
    compound(&[("Current User", &user), ("PowerPoint Document", &stream)])
}

pub fn msg() -> Vec<u8> {
    let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    // 2024-03-01 14:30 as tenths of microseconds since 1601.
    let sent = (1_709_303_400_u64 + 11_644_473_600) * 10_000_000;
    let fixed = [&[0; 32][..], &[0x40, 0, 0x39, 0, 6, 0, 0, 0], &sent.to_le_bytes()].concat();
    let (subject, sender, address) = (wide("Größe"), wide("Ada"), wide("ada@example.org"));
    let (to, name, inner, body) = (wide("Bob"), wide("plan.pdf"), wide("Innen"), wide("innerer Text"));
    const PLAN: &str = "__attach_version1.0_#00000000";
    const MAIL: &str = "__attach_version1.0_#00000001/__substg1.0_3701000D";
    compound(&[
        ("__properties_version1.0", &fixed),
        ("__substg1.0_0037001F", &subject),
        ("__substg1.0_0C1A001F", &sender),
        ("__substg1.0_5D01001F", &address),
        ("__substg1.0_0E04001F", &to),
        ("__substg1.0_1000001E", b"Hallo\r\n"),
        (&format!("{PLAN}/__substg1.0_3707001F"), &name),
        (&format!("{PLAN}/__substg1.0_37010102"), b"%PDF-1.4"),
        (&format!("{MAIL}/__properties_version1.0"), &[0; 24]),
        (&format!("{MAIL}/__substg1.0_0037001F"), &inner),
        (&format!("{MAIL}/__substg1.0_1000001F"), &body),
    ])
}

pub const RTF: &[u8] = b"{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0\\fcharset0 Arial;}{\\f1\\fcharset204 Arial Cyr;}}\
{\\colortbl;\\red255;}{\\*\\generator X;}{\\info{\\title Gr\\'f6\\'dfe}{\\author Ada}{\\creatim\\yr2024\\mo3\\dy1\\hr14\\min30}}\
\\pard Gr\\'f6\\'dfe \\endash  \\u8222?Wort\\u8220? \\uc1\\u-10179?\\u-8704?\\par\r\n\
{\\f1 \\'cf\\'f0\\'e8\\'e2\\'e5\\'f2}\\line Zeile{\\v geheim}\\par\
\\trowd\\cellx1\\pard\\intbl A\\cell\\cell C\\cell\\row\
\\pard vor\\~nach{\\footnote Fu\\'dfnote}{\\pict\\bin3 }}}}\\par{\\*\\unknown words}\\page neue Seite \\{x\\}\\par}";

pub const MAIL: &[u8] = b"From: =?utf-8?q?=C3=84d=C3=A4?= <ada@example.org>\r\nTo: bob@example.org\r\nDate: Fri, 1 Mar 2024 14:30:00 +0100\r\n\
Subject: =?iso-8859-1?q?Gr=F6=DFe?=\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain\r\n\r\nHallo Bob,\r\n\r\n--c\r\nContent-Type: text/html\r\n\r\n<p>Hallo HTML</p>\r\n--c--\r\n\
--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=plan.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQ=\r\n\
--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: x@y.z\r\nSubject: Innen\r\n\r\ninnerer Text\r\n--b--\r\n";

/// A folder of mails.
pub fn mbox(mails: &[&[u8]]) -> Vec<u8> {
    const LINE: &[u8] = b"From ada@example.org Fri Mar  1 14:30:00 2024\r\n";
    mails.iter().flat_map(|mail| [LINE, mail, b"\r\n"]).flatten().copied().collect()
}
