//! What is put in, the same each time: texts and scans made here, PDFs by `benches/make-pdfs.py`.

use crate::scans;
use anyhow::{Context, Result, ensure};
use image::ImageFormat;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use std::fs;
use std::io::Cursor;
use std::path::Path;

const WORDS: &str = "account agreement amount annual answer appointment assessment balance bank benefit bill board budget \
    building business cancel car case change claim clause client clinic company condition contract copy cost course \
    coverage credit customer date deadline deduction delivery department deposit diagnosis discount document due \
    earnings electricity employee employer energy enclosed estimate exam expense filter flight garden gross guest \
    handover heating hospital hotel hour house income increase insurance interest invoice issued item laboratory \
    landlord lease letter liability licence loan local machine manager market material measure medication meeting \
    message method monthly municipal net notice number office operation order original owner page parcel passenger \
    patient payment payslip pension period permit person phone plan policy premium price product project property \
    purchase quantity quarter quote rate reason receipt record reference refund region registration rent repair report \
    request result return review roof salary sample schedule school section service settlement signature statement \
    storage student subject subtotal supply system tariff tax tenant term ticket total transfer travel treatment unit \
    university update vehicle visit volume wage warranty water week window work year the of and to in is for with that \
    on by this we you your our are be has from as at it not or will been within after before please";

/// A file to put in.
pub struct File {
    pub name: String,
    pub content_type: &'static str,
    pub bytes: Vec<u8>,
}

/// A text of some size, one of its own for each number.
pub fn text(series: u64, number: u64, size: usize) -> String {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut dice = StdRng::seed_from_u64(series << 32 | number);
    let mut text = format!("Reference {series}-{number}\n\n");
    while text.len() < size {
        for at in 0..dice.random_range(6..17) {
            let word = words.choose(&mut dice).copied().unwrap_or_default();
            text += if at == 0 { "" } else { " " };
            text += word;
        }
        text += &format!(", {}.\n", dice.random_range(1..10_000));
    }
    text.truncate(size);
    text
}

/// Texts of 4 KB. A series has texts that no other one has: the vault refuses the same bytes twice.
pub fn texts(series: u64, count: usize) -> Vec<File> {
    let file = |number: usize| File {
        name: format!("letter-{series}-{number}.txt"),
        content_type: "text/plain",
        bytes: text(series, number as u64, 4096).into_bytes(),
    };
    (0..count).map(file).collect()
}

/// All PDFs of a folder, in the order of their names.
pub fn pdfs(folder: &Path) -> Result<Vec<File>> {
    let mut paths = fs::read_dir(folder)
        .with_context(|| format!("{} has the PDFs", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let name = path.file_name().context("a name")?.to_string_lossy().into_owned();
            Ok(File { name, content_type: "application/pdf", bytes: fs::read(&path)? })
        })
        .collect()
}

/// PDFs of one page as a scanner makes it: A4 at 300 dots an inch, askew, with noise.
pub fn scanned(count: usize) -> Result<Vec<File>> {
    let file = |number: usize| {
        let degrees = (number % 9) as f32 * 0.25 - 1.0;
        let page = scans::scan(&scans::letter(number as u32 + 1, 260), degrees);
        let mut jpeg = Cursor::new(Vec::new());
        page.write_to(&mut jpeg, ImageFormat::Jpeg)?;
        let bytes = pdf_of_picture(page.width(), page.height(), &jpeg.into_inner());
        Ok(File { name: format!("scan-{number}.pdf"), content_type: "application/pdf", bytes })
    };
    (0..count).map(file).collect()
}

/// A PDF of one page that shows a JPEG at 300 pixels an inch, of which a point is a 72nd.
fn pdf_of_picture(width: u32, height: u32, jpeg: &[u8]) -> Vec<u8> {
    let (points_x, points_y) = (width as f32 * 0.24, height as f32 * 0.24);
    let drawing = format!("{points_x} 0 0 {points_y} 0 0 cm /P Do");
    let objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {points_x} {points_y}] /Contents 4 0 R \
             /Resources << /XObject << /P 5 0 R >> >> >>"
        )
        .into_bytes(),
        format!("<< /Length {} >>\nstream\n{drawing}\nendstream", drawing.len()).into_bytes(),
        [
            format!(
                "<< /Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray \
                 /BitsPerComponent 8 /Filter /DCTDecode /Length {} >>\nstream\n",
                jpeg.len()
            )
            .as_bytes(),
            jpeg,
            b"\nendstream",
        ]
        .concat(),
    ];
    let mut file = b"%PDF-1.4\n".to_vec();
    let mut offsets = Vec::new();
    for (number, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        file.extend(format!("{} 0 obj\n", number + 1).bytes());
        file.extend(object);
        file.extend(b"\nendobj\n");
    }
    let table = file.len();
    file.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for offset in offsets {
        file.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    let trailer = format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1);
    file.extend(trailer.bytes());
    file
}

/// The next `count` of the files.
pub fn take(files: &mut Vec<File>, count: usize) -> Result<Vec<File>> {
    ensure!(files.len() >= count, "{count} files are wanted, and {} are left", files.len());
    Ok(files.drain(..count).collect())
}
