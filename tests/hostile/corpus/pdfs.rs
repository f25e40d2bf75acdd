//! PDFs (ISO 32000-1) that grow, loop, nest, lie and act.

use super::{End, Hostile, deflated, whole};
use crate::support::files::pdf;
use std::fmt::Write;

const MIB: usize = 1024 * 1024;

pub fn all() -> Vec<Hostile> {
    // poppler reads what it can; what it makes of a broken file differs from version to version.
    const AS_FAR_AS_IT_COMES: End = End::Either(&["damaged", "empty", "timed_out", "too_large"]);
    const DAMAGED: End = End::Either(&["damaged", "empty"]);
    vec![
        Hostile { name: "operators.pdf", make: || whole(operators()), end: AS_FAR_AS_IT_COMES },
        Hostile { name: "words.pdf", make: || whole(words()), end: AS_FAR_AS_IT_COMES },
        Hostile { name: "deflated-thrice.pdf", make: || whole(deflated_thrice()), end: AS_FAR_AS_IT_COMES },
        Hostile { name: "filters.pdf", make: || whole(filters()), end: DAMAGED },
        Hostile { name: "forms.pdf", make: || whole(forms()), end: AS_FAR_AS_IT_COMES },
        Hostile { name: "form-in-itself.pdf", make: || whole(form_in_itself()), end: DAMAGED },
        Hostile { name: "pages-loop.pdf", make: || whole(pages_loop()), end: DAMAGED },
        Hostile { name: "previous-loop.pdf", make: || whole(previous_loop()), end: DAMAGED },
        Hostile { name: "object-stream-in-itself.pdf", make: || whole(object_stream_in_itself()), end: DAMAGED },
        Hostile { name: "length-loop.pdf", make: || whole(length_loop()), end: DAMAGED },
        Hostile { name: "length-lie.pdf", make: || whole(length_lie("2147483647")), end: DAMAGED },
        Hostile { name: "length-negative.pdf", make: || whole(length_lie("-1")), end: DAMAGED },
        Hostile { name: "count-lie.pdf", make: || whole(count_lie()), end: AS_FAR_AS_IT_COMES },
        Hostile { name: "deep-arrays.pdf", make: || whole(deep("[", "]")), end: AS_FAR_AS_IT_COMES },
        Hostile { name: "deep-dictionaries.pdf", make: || whole(deep("<</A ", ">>")), end: AS_FAR_AS_IT_COMES },
        Hostile { name: "media-box.pdf", make: || whole(media_box()), end: DAMAGED },
        Hostile { name: "unicode-map.pdf", make: || whole(unicode_map()), end: AS_FAR_AS_IT_COMES },
        Hostile { name: "hundred-thousand-pages.pdf", make: || whole(many_pages(100_000)), end: AS_FAR_AS_IT_COMES },
        Hostile { name: "half.pdf", make: || whole(half()), end: DAMAGED },
        Hostile { name: "acts.pdf", make: || whole(acts()), end: End::Read },
        Hostile {
            name: "locked.pdf",
            make: || whole(include_bytes!("../../fixtures/locked.pdf").as_slice()),
            end: End::Not(&["password"]),
        },
    ]
}

const FONT: &str = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";

/// A PDF of numbered objects, as wrong as it is told to be.
struct Pdf {
    bytes: Vec<u8>,
    offsets: Vec<(usize, usize)>,
}

impl Pdf {
    fn new() -> Self {
        Self { bytes: b"%PDF-1.7\n".to_vec(), offsets: Vec::new() }
    }

    /// A catalogue, a tree of one page, and a font, as objects 1 to 4; the page's contents are object 5.
    fn with_page(media_box: &str, resources: &str) -> Self {
        let page = format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [{media_box}] /Contents 5 0 R \
             /Resources << /Font << /F1 4 0 R >> {resources} >> >>"
        );
        Self::new()
            .object(1, "<< /Type /Catalog /Pages 2 0 R >>")
            .object(2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
            .object(3, page)
            .object(4, FONT)
    }

    fn object(mut self, number: usize, body: impl AsRef<[u8]>) -> Self {
        self.offsets.push((number, self.bytes.len()));
        self.bytes.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        self.bytes.extend_from_slice(body.as_ref());
        self.bytes.extend_from_slice(b"\nendobj\n");
        self
    }

    fn stream(self, number: usize, dictionary: &str, data: impl AsRef<[u8]>) -> Self {
        let length = data.as_ref().len();
        let head = format!("<< /Length {length} {dictionary} >>\nstream\n");
        self.object(number, [head.as_bytes(), data.as_ref(), b"\nendstream"].concat())
    }

    fn finish(self) -> Vec<u8> {
        let at = self.bytes.len();
        self.finish_with("", at)
    }

    /// With more in its trailer, and where it says its table of objects begins.
    fn finish_with(mut self, trailer: &str, table: usize) -> Vec<u8> {
        let mut end = String::from("xref\n0 1\n0000000000 65535 f \n");
        for (number, offset) in &self.offsets {
            write!(end, "{number} 1\n{offset:010} 00000 n \n").expect("a string takes all");
        }
        let size = self.offsets.iter().map(|(number, _)| number + 1).max().unwrap_or(1);
        write!(end, "trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{table}\n%%EOF\n")
            .expect("a string takes all");
        self.bytes.extend_from_slice(end.as_bytes());
        self.bytes
    }
}

const A4: &str = "0 0 595 842";
const SHOW: &str = "BT /F1 12 Tf 50 780 Td (words) Tj ET\n";

/// zlib (RFC 1950) around [`deflated`]; readers of PDFs do not look at its checksum.
fn zlib(piece: &[u8], times: usize) -> Vec<u8> {
    [b"\x78\xda".as_slice(), &deflated(piece, times), &[0; 4]].concat()
}

/// 400 MiB of operators that draw nothing.
fn operators() -> Vec<u8> {
    let piece = "q 1 0 0 1 0 0 cm Q\n".repeat(MIB / 19);
    Pdf::with_page(A4, "").stream(5, "/Filter /FlateDecode", zlib(piece.as_bytes(), 400)).finish()
}

/// 400 MiB of words on one page: to be sorted by where they stand, they are all held at once.
fn words() -> Vec<u8> {
    let piece = format!("BT /F1 12 Tf 50 780 Td {} ET\n", "(words) Tj 3 -7 Td ".repeat(MIB / 19));
    Pdf::with_page(A4, "").stream(5, "/Filter /FlateDecode", zlib(piece.as_bytes(), 400)).finish()
}

/// 1 GiB of blanks, deflated three times over: some hundred bytes.
fn deflated_thrice() -> Vec<u8> {
    let inner = zlib(&zlib(&zlib(&vec![b' '; MIB], 1024), 1), 1);
    Pdf::with_page(A4, "").stream(5, "/Filter [/FlateDecode /FlateDecode /FlateDecode]", inner).finish()
}

/// Ten thousand filters on one stream.
fn filters() -> Vec<u8> {
    let filters = "/ASCIIHexDecode ".repeat(10_000);
    Pdf::with_page(A4, "").stream(5, &format!("/Filter [{filters}]"), "41>").finish()
}

/// Ten layers of forms, each drawing the next ten times: 10^10 words of some hundred bytes.
fn forms() -> Vec<u8> {
    let mut pdf = Pdf::with_page(A4, "/XObject << /X 10 0 R >>").stream(5, "", "/X Do");
    for layer in 10..20 {
        let dictionary = format!(
            "/Type /XObject /Subtype /Form /BBox [{A4}] /Resources << /Font << /F1 4 0 R >> /XObject << /X {} 0 R >> >>",
            layer + 1
        );
        pdf = pdf.stream(layer, &dictionary, "/X Do ".repeat(10));
    }
    let last = format!("/Type /XObject /Subtype /Form /BBox [{A4}] /Resources << /Font << /F1 4 0 R >> >>");
    pdf.stream(20, &last, SHOW).finish()
}

fn form_in_itself() -> Vec<u8> {
    let own = format!("/Type /XObject /Subtype /Form /BBox [{A4}] /Resources << /XObject << /X 10 0 R >> >>");
    Pdf::with_page(A4, "/XObject << /X 10 0 R >>")
        .stream(5, "", format!("{SHOW}/X Do"))
        .stream(10, &own, "/X Do /X Do")
        .finish()
}

/// The tree's children are its parent, and itself.
fn pages_loop() -> Vec<u8> {
    Pdf::new()
        .object(1, "<< /Type /Catalog /Pages 2 0 R >>")
        .object(2, "<< /Type /Pages /Kids [3 0 R 2 0 R 3 0 R] /Count 1000000 /Parent 3 0 R >>")
        .object(3, "<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 1000000 /Parent 2 0 R >>")
        .finish()
}

/// The table of objects is preceded by itself.
fn previous_loop() -> Vec<u8> {
    let pdf = Pdf::with_page(A4, "").stream(5, "", SHOW);
    let at = pdf.bytes.len();
    pdf.finish_with(&format!("/Prev {at} /XRefStm {at}"), at)
}

/// A stream of objects that is itself among its objects, by a table (a stream as well) that says so.
fn object_stream_in_itself() -> Vec<u8> {
    let pdf =
        Pdf::new().stream(3, "/Type /ObjStm /N 2 /First 8 /Extends 3 0 R", "3 0 1 3 << /Type /Catalog /Pages 3 0 R >>");
    let (at, stream) = (pdf.bytes.len(), pdf.offsets[0].1);
    // One byte of type, four of place, two of index: objects 0 to 4.
    let mut table = Vec::new();
    for (kind, place, index) in [(0, 0, 0), (2, 3, 1), (2, 3, 0), (2, 3, 0), (1, at as u32, 0)] {
        table.push(kind);
        table.extend_from_slice(&u32::to_be_bytes(place));
        table.extend_from_slice(&u16::to_be_bytes(index));
    }
    assert!(stream < at);
    let mut bytes = pdf.stream(4, "/Type /XRef /Size 5 /W [1 4 2] /Root 1 0 R", table).bytes;
    bytes.extend_from_slice(format!("startxref\n{at}\n%%EOF\n").as_bytes());
    bytes
}

/// A stream whose length is said by the stream.
fn length_loop() -> Vec<u8> {
    Pdf::with_page(A4, "").object(5, format!("<< /Length 5 0 R >>\nstream\n{SHOW}\nendstream")).finish()
}

fn length_lie(length: &str) -> Vec<u8> {
    Pdf::with_page(A4, "").object(5, format!("<< /Length {length} >>\nstream\n{SHOW}\nendstream")).finish()
}

/// One page that says it is two milliards.
fn count_lie() -> Vec<u8> {
    Pdf::new()
        .object(1, "<< /Type /Catalog /Pages 2 0 R >>")
        .object(2, "<< /Type /Pages /Kids [3 0 R] /Count 2147483647 >>")
        .object(3, format!("<< /Type /Page /Parent 2 0 R /MediaBox [{A4}] /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> >> >>"))
        .object(4, FONT)
        .stream(5, "", SHOW)
        .finish()
}

/// A million brackets in the catalogue, and on the page.
fn deep(open: &str, close: &str) -> Vec<u8> {
    let nested = format!("{}{}", open.repeat(1_000_000), close.repeat(1_000_000));
    Pdf::new()
        .object(1, format!("<< /Type /Catalog /Pages 2 0 R /Deep {nested} >>"))
        .object(2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
        .object(3, format!("<< /Type /Page /Parent 2 0 R /MediaBox [{A4}] /Contents 5 0 R >>"))
        .stream(5, "", nested)
        .finish()
}

fn media_box() -> Vec<u8> {
    let far = "BT /F1 1e30 Tf 1e300 -1e300 Td (words) Tj 99999999999999999999 0 Td (far) Tj ET";
    Pdf::with_page("-1e300 -1e300 1e300 1e300", "").stream(5, "", far).finish()
}

/// A font that maps every number there is to a letter, and each letter to many.
fn unicode_map() -> Vec<u8> {
    let map = format!(
        "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00000000> <FFFFFFFF> endcodespacerange\n\
         2 beginbfrange <00000000> <FFFFFFFF> <0041> <00> <FF> <{}> endbfrange endcmap end",
        "0041".repeat(10_000)
    );
    let words = "(words) Tj 0 -14 Td ".repeat(1000);
    Pdf::new()
        .object(1, "<< /Type /Catalog /Pages 2 0 R >>")
        .object(2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
        .object(3, format!("<< /Type /Page /Parent 2 0 R /MediaBox [{A4}] /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> >> >>"))
        .object(4, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>")
        .stream(5, "", format!("BT /F1 12 Tf 50 780 Td {words} ET"))
        .stream(6, "", map)
        .finish()
}

/// Pages that are all the same, and share their words.
fn many_pages(pages: usize) -> Vec<u8> {
    let mut kids = String::with_capacity(pages * 11);
    for page in 0..pages {
        write!(kids, "{} 0 R ", page + 10).expect("a string takes all");
    }
    let mut pdf = Pdf::new()
        .object(1, "<< /Type /Catalog /Pages 2 0 R >>")
        .object(2, format!("<< /Type /Pages /Kids [{kids}] /Count {pages} /MediaBox [{A4}] /Resources << /Font << /F1 4 0 R >> >> >>"))
        .object(4, FONT)
        .stream(5, "", SHOW);
    for page in 0..pages {
        pdf = pdf.object(page + 10, "<< /Type /Page /Parent 2 0 R /Contents 5 0 R >>");
    }
    pdf.finish()
}

fn half() -> Vec<u8> {
    let whole = pdf(&["a first page", "a second page", "a third page"]);
    whole[..whole.len() / 2].to_vec()
}

/// Runs a program, sends itself, and opens an address as soon as it is looked at.
fn acts() -> Vec<u8> {
    Pdf::new()
        .object(1, "<< /Type /Catalog /Pages 2 0 R /OpenAction 6 0 R /AA << /WC 7 0 R >> /Names << /JavaScript << /Names [(a) 7 0 R] >> >> >>")
        .object(2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
        .object(3, format!("<< /Type /Page /Parent 2 0 R /MediaBox [{A4}] /Contents 5 0 R /AA << /O 8 0 R >> /Resources << /Font << /F1 4 0 R >> >> >>"))
        .object(4, FONT)
        .stream(5, "", SHOW)
        .object(6, "<< /Type /Action /S /Launch /F (/bin/sh) /Win << /F (cmd.exe) /P (/c calc) >> >>")
        .object(7, "<< /Type /Action /S /JavaScript /JS (this.submitForm\\({cURL: 'http://127.0.0.1:9/'}\\)) >>")
        .object(8, "<< /Type /Action /S /URI /URI (http://127.0.0.1:9/) >>")
        .finish()
}
