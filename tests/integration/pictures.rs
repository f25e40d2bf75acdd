//! Writing on pictures is read, whatever the picture; small pictures are made; what means harm ends with a code.

use crate::sandbox::Users;
use crate::support::files::{pdf, pdf_in};
use crate::support::program;
use crate::support::scans::{accuracy, file_of, letter, scan, scanned_pdf, scanned_pdf_with, written};
use docuvault::config::ReadingConfig;
use docuvault::domain::{DocumentProblem, TextSource};
use docuvault::extract::child::{EXIT_UNSUPPORTED, Format};
use docuvault::extract::ocr::{Ocr, OcrSettings, OcrText};
use docuvault::extract::thumbnail::{SIDE, Thumbnailer};
use docuvault::extract::{Hint, Program, ReadError, Reader, unlock};
use flate2::write::ZlibEncoder;
use image::{GrayImage, ImageFormat, Luma};
use std::convert::Infallible;
use std::fs::File;
use std::io::{Cursor, Read, Seek, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::Semaphore;

/// A font that a PDF does not bring.
const JAPANESE: &str = "<< /Type /Font /Subtype /Type0 /BaseFont /HeiseiMin-W3 /Encoding /UniJIS-UCS2-H \
    /DescendantFonts [<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HeiseiMin-W3 \
    /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> >>] >>";

fn limits() -> ReadingConfig {
    ReadingConfig {
        timeout: Duration::from_secs(60),
        memory_bytes: 1 << 30,
        max_text_bytes: 64 * 1024,
        ..ReadingConfig::default()
    }
}

fn settings() -> OcrSettings {
    OcrSettings { languages: "eng".to_owned(), max_pages: 100, timeout: Duration::from_secs(500) }
}

fn ocr(program: Program, settings: OcrSettings) -> Ocr {
    Ocr::new(settings, limits(), program, Arc::new(Semaphore::new(2)))
}

fn scratch(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(bytes).expect("it is written");
    file
}

async fn picture_text(ocr: &Ocr, bytes: &[u8]) -> Result<OcrText, ReadError<Infallible>> {
    ocr.pages_of_picture(&scratch(bytes)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scans_that_lie_askew_are_read_word_for_word() {
    let texts: Vec<String> = (0..4).map(|seed| letter(seed, 350)).collect();
    let pages: Vec<GrayImage> =
        texts.iter().zip([-2.0, 0.0, 1.2, 2.0]).map(|(text, degrees)| scan(text, degrees)).collect();
    let file = scratch(&scanned_pdf(&pages));
    let read = ocr(program(), settings()).pages_of_pdf::<Infallible>(&file, &[1, 2, 3, 4]).await.expect("text");
    assert_eq!(read.pages.iter().map(|page| page.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(!read.truncated);
    let right: f64 = texts.iter().zip(&read.pages).map(|(text, page)| accuracy(text, &page.text)).sum();
    assert!(right / 4.0 >= 0.995, "{right} of 4: {read:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_on_which_a_line_of_text_stands_is_read() {
    let text = letter(3, 80);
    let file = scanned_pdf_with("Scanned with CamScanner", &[written(&text, (1240, 1754), 40.0)]);
    let source = futures_util::stream::iter([Ok::<_, Infallible>(file.into())]);
    let hint = Hint { content_type: "application/pdf", extension: None };
    let reading = Reader::new(limits(), program()).read(hint, None, source).await.expect("it is read");
    let read = reading.text.expect("there is text");
    assert_eq!(read.source, TextSource::Ocr);
    assert!(accuracy(&text, &read.text) > 0.95, "{}", read.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_read_whichever_side_is_up_and_blank_ones_are_empty() {
    let text = letter(9, 120);
    let upright = scan(&text, 0.0);
    let blank = scan("", 0.0);
    let pages = [
        image::imageops::rotate90(&upright),
        blank,
        image::imageops::rotate180(&upright),
        image::imageops::rotate270(&upright),
    ];
    let file = scratch(&scanned_pdf(&pages));
    let read = ocr(program(), settings()).pages_of_pdf::<Infallible>(&file, &[1, 2, 3, 4]).await.expect("text");
    assert_eq!(read.pages[1].text, "");
    for page in [0, 2, 3] {
        let page = &read.pages[page];
        assert!(accuracy(&text, &page.text) > 0.95, "page {}: {}", page.number, page.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_of_all_kinds_are_read_under_all_bounds_as_any_user() {
    let users = Users::new().await;
    let small = written("Payment is due on Friday", (700, 120), 22.0);
    for program in users.programs() {
        let ocr = ocr(program, settings());
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::WebP] {
            let read = picture_text(&ocr, &file_of(&small, format)).await.expect("text");
            assert_eq!(read.pages[0].text, "Payment is due on Friday", "{format:?}");
        }
        let read = picture_text(&ocr, &tiff(&[&small, &written("and a second page", (700, 120), 22.0)])).await;
        let texts: Vec<String> = read.expect("text").pages.into_iter().map(|page| page.text).collect();
        assert_eq!(texts, ["Payment is due on Friday", "and a second page"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_of_pages_or_of_time_ends_with_what_was_read() {
    let page = written("Payment is due on Friday", (700, 120), 22.0);
    let many = tiff(&[&page, &page, &page]);
    let few = OcrSettings { max_pages: 2, ..settings() };
    let read = picture_text(&ocr(program(), few), &many).await.expect("text");
    assert_eq!((read.pages.len(), read.asked, read.truncated), (2, 3, true));
    let hurried = OcrSettings { timeout: Duration::ZERO, ..settings() };
    let read = picture_text(&ocr(program(), hurried), &many).await;
    assert!(matches!(read, Err(ReadError::Unreadable(DocumentProblem::TimedOut))), "{read:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_language_that_is_not_installed_says_nothing_of_the_file() {
    let page = file_of(&written("Payment is due on Friday", (700, 120), 22.0), ImageFormat::Png);
    let unknown = OcrSettings { languages: "tlh".to_owned(), ..settings() };
    let read = picture_text(&ocr(program(), unknown), &page).await;
    assert!(matches!(read, Err(ReadError::Failed(_))), "{read:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_that_mean_harm_end_with_a_code() {
    let ocr = ocr(program(), settings());
    let thumbnailer = Thumbnailer::new(limits(), program());
    let noisy = scan(&letter(1, 50), 0.0);
    let jpeg = file_of(&noisy, ImageFormat::Jpeg);
    let png = file_of(&noisy, ImageFormat::Png);
    let mut gif = file_of(&written("words", (60, 20), 9.0), ImageFormat::Gif);
    // The size of its screen.
    gif[6..10].fill(0xff);
    for (name, bytes, problem) in [
        ("a huge PNG", huge_png(30_000, 30_000), DocumentProblem::TooLarge),
        ("a PNG of the largest size", huge_png(u32::MAX >> 1, 1), DocumentProblem::TooLarge),
        ("a huge GIF", gif, DocumentProblem::TooLarge),
        ("half a PNG", png[..png.len() / 2].to_vec(), DocumentProblem::Damaged),
        ("the head of a JPEG", jpeg[..100].to_vec(), DocumentProblem::Damaged),
        ("a TIFF without an end", looping_tiff(), DocumentProblem::Damaged),
        ("no picture", b"words".to_vec(), DocumentProblem::Unsupported),
        ("nothing", Vec::new(), DocumentProblem::Unsupported),
    ] {
        let read = picture_text(&ocr, &bytes).await;
        assert!(matches!(read, Err(ReadError::Unreadable(is)) if is == problem), "{name}: {read:?}");
        let small = thumbnailer.of_picture::<Infallible>(&scratch(&bytes)).await;
        assert!(matches!(small, Err(ReadError::Unreadable(is)) if is == problem), "{name}: {small:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_pictures_are_made_of_all_kinds_of_documents_as_any_user() {
    let users = Users::new().await;
    let photograph = file_of(&scan(&letter(2, 100), 0.0), ImageFormat::Jpeg);
    for program in users.programs() {
        let renderer = program.of(Format::PdfThumbnail).to_owned();
        let thumbnailer = Thumbnailer::new(limits(), program);
        let page = thumbnailer.of_pdf::<Infallible>(&scratch(&pdf(&["words on a page"]))).await.expect("a picture");
        assert_eq!(size_of(&page), (283, SIDE));
        assert!(ink(&page) > 0, "the words are there");
        // A font that no standard font stands in for: poppler draws it, with what this machine has.
        let japanese = pdf_in(JAPANESE, "<65E5672C>", &[]);
        let page = thumbnailer.of_pdf::<Infallible>(&scratch(&japanese)).await.expect("a picture");
        assert_eq!(size_of(&page), (283, SIDE));
        assert_eq!(drawn_alone(&renderer, &pdf(&["words on a page"])).await, Some(0));
        assert_eq!(drawn_alone(&renderer, &japanese).await, Some(EXIT_UNSUPPORTED));
        let picture = thumbnailer.of_picture::<Infallible>(&scratch(&photograph)).await.expect("a picture");
        assert_eq!(size_of(&picture), (283, SIDE));
        let sheet = thumbnailer.of_text::<Infallible>("Grüße\n\nA text without pages.").await.expect("a picture");
        assert_eq!(size_of(&sheet), (282, SIDE));
        assert!(ink(&sheet) > 20, "the words are there");
        // As a telephone takes it that is held upright: turned by a quarter to the left, and says so.
        let turned = thumbnailer.of_picture::<Infallible>(&scratch(&with_orientation(&photograph, 6))).await;
        assert_eq!(size_of(&turned.expect("a picture")), (SIDE, 283));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_protected_pdf_is_opened_with_its_password_alone() {
    let users = Users::new().await;
    let locked =
        File::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/locked.pdf")).expect("a fixture");
    for program in users.programs() {
        let open =
            async |password: &str| unlock::pdf::<Infallible>(&program, &limits(), &locked, &password.into()).await;
        let mut bytes = Vec::new();
        open("secret").await.expect("it opens").read_to_end(&mut bytes).expect("it is read");
        assert!(bytes.starts_with(b"%PDF-") && !bytes.windows(8).any(|window| window == b"/Encrypt"));
        for wrong in ["another", "", "secret\nsecret", &"x".repeat(10_000)] {
            let opened = open(wrong).await;
            assert!(matches!(opened, Err(ReadError::Unreadable(DocumentProblem::Password))), "{opened:?}");
        }
    }
}

/// How the program that draws PDFs ends, as it is started for one: poppler draws what it does not.
async fn drawn_alone(renderer: &Path, pdf: &[u8]) -> Option<i32> {
    let mut file = scratch(pdf);
    file.rewind().expect("its beginning");
    let mut child = Command::new(renderer);
    child.args(["read-child", "pdf-thumbnail", "--side", "400", "--cpu-seconds", "10", "--memory-bytes", "1000000000"]);
    child.args(["--parent-pid", &std::process::id().to_string()]).stdin(file).stdout(Stdio::null());
    // Where this test's own is a file the child could not even complain: it may write to none.
    child.stderr(Stdio::null());
    child.status().await.expect("it runs").code()
}

fn size_of(webp: &[u8]) -> (u32, u32) {
    let picture = image::load_from_memory_with_format(webp, ImageFormat::WebP).expect("a WebP");
    (picture.width(), picture.height())
}

/// Dark pixels.
fn ink(webp: &[u8]) -> usize {
    let picture = image::load_from_memory_with_format(webp, ImageFormat::WebP).expect("a WebP").into_luma8();
    picture.pixels().filter(|Luma([level])| *level < 160).count()
}

/// A TIFF with these pages.
fn tiff(pages: &[&GrayImage]) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut file).expect("an encoder");
    for page in pages {
        encoder.write_image::<tiff::encoder::colortype::Gray8>(page.width(), page.height(), page).expect("a page");
    }
    file.into_inner()
}

/// A TIFF whose first page is followed by itself, and has no pixels.
fn looping_tiff() -> Vec<u8> {
    [&b"II*\0\x08\0\0\0"[..], &[0, 0], &[8, 0, 0, 0]].concat()
}

/// A PNG of that size, black and white, all of it there: a few hundred KB where it is square.
fn huge_png(width: u32, height: u32) -> Vec<u8> {
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([1, 0, 0, 0, 0]);
    let mut pixels = ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    // Of the widest not all: nobody should come that far.
    let row = vec![0; 1 + width.div_ceil(8).min(100_000) as usize];
    for _ in 0..height {
        pixels.write_all(&row).expect("it is packed");
    }
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, data) in [(b"IHDR", header), (b"IDAT", pixels.finish().expect("it is packed")), (b"IEND", Vec::new())] {
        let mut crc = flate2::Crc::new();
        crc.update(name);
        crc.update(&data);
        file.extend((data.len() as u32).to_be_bytes());
        file.extend([&name[..], &data, &crc.sum().to_be_bytes()].concat());
    }
    file
}

/// The JPEG with a note of how it was held, as in EXIF 2.3.
fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let exif =
        [&b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"[..], &[orientation, 0, 0, 0, 0, 0, 0]].concat();
    let length = (exif.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}
