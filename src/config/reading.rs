//! `READ_TIMEOUT_SECONDS`, `READ_MEMORY_BYTES`, `READ_MAX_TEXT_BYTES`, `OCR_LANGUAGES`, `OCR_MAX_PAGES`,
//! `OCR_TIMEOUT_SECONDS`.

use super::Reader;
use std::time::Duration;

/// The limits under which one file is read.
#[derive(Debug, Clone)]
pub struct ReadingConfig {
    /// CPU time of the reading child; five seconds more by the clock on the wall.
    pub timeout: Duration,
    /// Address space of the reading child, in bytes.
    pub memory_bytes: u64,
    /// Most text kept of one document, in bytes of UTF-8; what is beyond is left out and marked.
    pub max_text_bytes: usize,
    /// Languages that scans are read in, as tesseract calls them (`eng`, `deu`, `chi_sim`); none: scans are not read.
    pub ocr_languages: Vec<String>,
    /// Pages of one document that are read off pictures, at most; what is beyond is left out and marked.
    pub ocr_max_pages: u32,
    /// Time for reading one document off pictures; what is not read by then is left out and marked.
    pub ocr_timeout: Duration,
}

/// A language as tesseract calls it: it names a file, and is part of a command line.
fn is_language(name: &str) -> bool {
    (2..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn languages(reader: &mut Reader<'_>, default: Vec<String>) -> Vec<String> {
    match reader.optional("OCR_LANGUAGES") {
        None => default,
        Some("none") => Vec::new(),
        Some(names) => {
            let names: Vec<String> =
                names.split(['+', ',', ' ']).filter(|name| !name.is_empty()).map(str::to_owned).collect();
            if names.len() > 16 || !names.iter().all(|name| is_language(name)) {
                reader.problem("OCR_LANGUAGES", "must be languages as tesseract calls them, like eng+deu, or none");
            }
            names
        }
    }
}

const MIB: u64 = 1024 * 1024;

impl Default for ReadingConfig {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(60),
            memory_bytes: 1024 * MIB,
            max_text_bytes: 16 * 1024 * 1024,
            ocr_languages: vec!["eng".to_owned()],
            ocr_max_pages: 200,
            ocr_timeout: Duration::from_secs(900),
        }
    }
}

impl ReadingConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let default = Self::default();
        Self {
            timeout: reader.seconds("READ_TIMEOUT_SECONDS", default.timeout.as_secs()),
            memory_bytes: reader.value(
                "READ_MEMORY_BYTES",
                default.memory_bytes,
                |bytes| (64 * MIB..=1 << 40).contains(bytes),
                "a whole number of bytes, from 67108864 to 1099511627776",
            ),
            // A text column holds 1 GB, and a worker holds the text in memory a few times.
            max_text_bytes: reader.value(
                "READ_MAX_TEXT_BYTES",
                default.max_text_bytes,
                |bytes| (1024..=256 * 1024 * 1024).contains(bytes),
                "a whole number of bytes, from 1024 to 268435456",
            ),
            ocr_languages: languages(reader, default.ocr_languages),
            ocr_max_pages: reader.value(
                "OCR_MAX_PAGES",
                default.ocr_max_pages,
                |pages| *pages >= 1,
                "a whole number, 1 or more",
            ),
            ocr_timeout: reader.seconds("OCR_TIMEOUT_SECONDS", default.ocr_timeout.as_secs()),
        }
    }
}
