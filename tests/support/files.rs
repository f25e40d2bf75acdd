//! Files for tests, made here: real formats, known words, no binaries in the repository.

use std::fmt::Write;

/// A letter that any reader would call an invoice.
pub const INVOICE: &str = "Invoice number 2026-117\nBill to: Ada Lovelace\nInvoice date 3 November 2026, due date 17 November\n\
    Quantity 4, unit price 120.00, subtotal 480.00, VAT 91.20\nAmount due: 571.20 EUR\n\
    Payment terms: net 14 days. Please quote the invoice number with your remittance.";

/// A PDF with one line of text a page, uncompressed (ISO 32000-1): plain ASCII without brackets or backslashes.
pub fn pdf(pages: &[&str]) -> Vec<u8> {
    let mut objects = vec!["<< /Type /Catalog /Pages 2 0 R >>".to_owned()];
    let kids: Vec<String> = (0..pages.len()).map(|page| format!("{} 0 R", 4 + 2 * page)).collect();
    objects.push(format!("<< /Type /Pages /Kids [{}] /Count {} >>", kids.join(" "), pages.len()));
    objects.push("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned());
    for (number, text) in pages.iter().enumerate() {
        let content = 5 + 2 * number;
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents {content} 0 R >>"
        ));
        let mut stream = String::from("BT /F1 12 Tf 14 TL 50 780 Td\n");
        for line in text.lines() {
            writeln!(stream, "({line}) Tj T*").expect("a string takes all");
        }
        stream.push_str("ET");
        objects.push(format!("<< /Length {} >>\nstream\n{stream}\nendstream", stream.len()));
    }
    pdf_of(&objects)
}

/// A PDF of these objects, numbered from 1; the first is the catalog.
pub fn pdf_of(objects: &[String]) -> Vec<u8> {
    let mut file = String::from("%PDF-1.4\n");
    let mut offsets = Vec::new();
    for (number, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        write!(file, "{} 0 obj\n{object}\nendobj\n", number + 1).expect("a string takes all");
    }
    let xref = file.len();
    write!(file, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).expect("a string takes all");
    for offset in offsets {
        writeln!(file, "{offset:010} 00000 n ").expect("a string takes all");
    }
    write!(file, "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{xref}\n%%EOF\n", objects.len() + 1)
        .expect("a string takes all");
    file.into_bytes()
}

/// A PDF of one page that shows `string` (in PDF's notation: `(letters)` or `<hex>`) in a font of its own; `more`
/// objects follow as numbers 6 and up.
pub fn pdf_in(font: &str, string: &str, more: &[&str]) -> Vec<u8> {
    let content = format!("BT /F1 12 Tf 50 780 Td {string} Tj ET");
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [4 0 R] /Count 1 >>".to_owned(),
        font.to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents 5 0 R >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
    ];
    objects.extend(more.iter().map(|object| (*object).to_owned()));
    pdf_of(&objects)
}

/// A small PDF that takes for ever: a drawing of ten drawings, each of which is one of ten drawings, and so on, fifteen
/// times.
pub fn endless_pdf() -> Vec<u8> {
    let content = "/X Do ".repeat(10);
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /XObject << /X 5 0 R >> >> /Contents 4 0 R >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
    ];
    for next in 6..=20 {
        objects.push(format!(
            "<< /Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /XObject << /X {next} 0 R >> >> /Length {} >>\n\
             stream\n{content}\nendstream",
            content.len()
        ));
    }
    objects.push("<< /Type /XObject /Subtype /Form /BBox [0 0 595 842] /Length 1 >>\nstream\nn\nendstream".to_owned());
    pdf_of(&objects)
}

/// Bytes without order, the same for the same seed (xorshift64).
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.max(1);
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
