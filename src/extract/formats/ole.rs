//! Compound files (MS-CFB), the folders within a file that Microsoft's programs wrote for twenty years: XLS, DOC, MSG,
//! and the shell around an encrypted office document.

use super::out::Out;
use super::{Failure, File, doc, msg, ppt, rtf, sheets};
use crate::extract::frames::About;
use cfb::CompoundFile;
use chrono::{DateTime, Utc};
use encoding_rs::{Encoding, UTF_16LE, WINDOWS_1252};
use std::io::{self, Read, Seek, SeekFrom};

/// A compound file that is open.
pub type Compound<'a> = CompoundFile<Padded<'a>>;

/// Most of a stream that is not handed on as a file.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Reads a compound file.
pub fn read(file: &mut dyn File, memory_bytes: u64, out: &mut Out<'_>) -> Result<(), Failure> {
    let most = MOST_BYTES.min(memory_bytes / 6);
    let mut compound = open(&mut *file)?;
    let has = |compound: &Compound<'_>, name: &str| compound.is_stream(name);
    if has(&compound, "EncryptedPackage") {
        out.about(&About { encrypted: Some(true), ..About::default() })?;
        return Err(Failure::Password);
    }
    if has(&compound, "__properties_version1.0") {
        return msg::read(&mut compound, memory_bytes, out);
    }
    let about = summary(&mut compound);
    if has(&compound, "WordDocument") {
        out.content_type("application/msword")?;
        out.about(&about)?;
        return doc::read(&mut compound, most, out);
    }
    if has(&compound, "PowerPoint Document") {
        out.content_type("application/vnd.ms-powerpoint")?;
        out.about(&about)?;
        return ppt::read(&mut compound, most, out);
    }
    for name in ["Workbook", "Book"] {
        if let Some(book) = stream(&mut compound, name, most)? {
            out.content_type("application/vnd.ms-excel")?;
            // A sheet has no pages, whatever it says.
            out.about(&About { pages: None, ..about })?;
            drop(compound);
            file.rewind().map_err(Failure::damaged)?;
            return sheets::xls(file, &book, out);
        }
    }
    out.content_type("application/x-ole-storage")?;
    Err(Failure::Unsupported("a rare kind of compound file"))
}

fn open(file: &mut dyn File) -> Result<Compound<'_>, Failure> {
    let padded = Padded::new(file).map_err(Failure::damaged)?;
    CompoundFile::open(padded).map_err(Failure::damaged)
}

/// A file that ends where its table of sectors (FAT) does, with zeros for what is not there. Some libraries mark sectors
/// behind the end as used, which no other program minds and `cfb` takes for damage.
pub struct Padded<'a> {
    file: &'a mut dyn File,
    at: u64,
    /// Bytes that are there.
    real: u64,
    /// Bytes with the zeros.
    length: u64,
}

impl<'a> Padded<'a> {
    fn new(file: &'a mut dyn File) -> io::Result<Self> {
        let real = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        let mut head = Vec::new();
        (&mut *file).take(48).read_to_end(&mut head)?;
        file.rewind()?;
        // MS-CFB 2.2: sectors are of 512 or 4096 bytes, and each sector of the table has an entry for every four.
        let sector = if u16_at(&head, 30) == Some(12) { 4096 } else { 512 };
        let tables = u64::from(u32_at(&head, 44).unwrap_or(0));
        // The tables themselves lie in the file: more of them than fit is damage, and is found to be.
        let length = match tables <= real / sector {
            true => real.max((1 + tables * sector / 4) * sector),
            false => real,
        };
        Ok(Self { file, at: 0, real, length })
    }
}

impl Read for Padded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = if self.at < self.real {
            self.file.read(buffer)?
        } else {
            let zeros = usize::try_from(self.length.saturating_sub(self.at)).unwrap_or(usize::MAX).min(buffer.len());
            buffer[..zeros].fill(0);
            zeros
        };
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Padded<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        self.file.seek(SeekFrom::Start(self.at.min(self.real)))?;
        Ok(self.at)
    }
}

/// A stream, whole; none where there is none of this name.
pub fn stream(compound: &mut Compound<'_>, name: &str, most: u64) -> Result<Option<Vec<u8>>, Failure> {
    if !compound.is_stream(name) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    let stream = compound.open_stream(name).map_err(Failure::damaged)?;
    stream.take(most + 1).read_to_end(&mut bytes).map_err(Failure::damaged)?;
    if bytes.len() as u64 > most {
        Err(Failure::TooLarge("a stream that is larger than is read"))
    } else {
        Ok(Some(bytes))
    }
}

/// Two, four and eight bytes of a record, where it has them.
pub fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

pub fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

/// The same as a place or a length.
pub fn size_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32_at(bytes, at)?).ok()
}

/// A time in tenths of a microsecond since 1601.
pub fn file_time(ticks: u64) -> Option<DateTime<Utc>> {
    const TO_1970: i64 = 11_644_473_600;
    let seconds = i64::try_from(ticks / 10_000_000).ok()? - TO_1970;
    DateTime::from_timestamp(seconds, 0).filter(|_| ticks > 0)
}

/// The properties of a document (MS-OLEPS); what can't be read is not known.
fn summary(compound: &mut Compound<'_>) -> About {
    let mut about = About::default();
    let Ok(Some(bytes)) = stream(compound, "\u{5}SummaryInformation", 1024 * 1024) else { return about };
    // The first set begins where the header says; it is a list of numbers and offsets.
    let Some(set) = size_at(&bytes, 44).and_then(|at| bytes.get(at..)) else { return about };
    let properties = size_at(set, 4).unwrap_or(0).min(100);
    let mut values = (0..properties).filter_map(|index| {
        let at = 8 + index * 8;
        Some((u32_at(set, at)?, set.get(size_at(set, at + 4)?..)?))
    });
    let pairs: Vec<(u32, &[u8])> = values.by_ref().collect();
    let page = pairs.iter().find(|(number, _)| *number == 1).and_then(|(_, value)| u16_at(value, 4));
    let encoding = page.and_then(rtf::encoding_of_page).unwrap_or(WINDOWS_1252);
    for (number, value) in &pairs {
        match number {
            2 => about.title = words(value, encoding),
            4 => about.author = words(value, encoding),
            12 => about.created = u64_at(value, 4).and_then(file_time),
            13 => about.modified = u64_at(value, 4).and_then(file_time),
            14 => about.pages = u32_at(value, 4).filter(|pages| *pages > 0),
            _ => {}
        }
    }
    about
}

fn words(value: &[u8], encoding: &'static Encoding) -> Option<String> {
    const NARROW: u32 = 0x1e;
    const WIDE: u32 = 0x1f;
    let length = size_at(value, 4)?;
    let text = match u32_at(value, 0)? {
        NARROW => encoding.decode_without_bom_handling(value.get(8..8_usize.checked_add(length)?)?).0,
        WIDE => UTF_16LE.decode_without_bom_handling(value.get(8..8_usize.checked_add(length.checked_mul(2)?)?)?).0,
        _ => return None,
    };
    let text = text.split('\0').next().unwrap_or_default().trim().to_owned();
    Some(text).filter(|text| !text.is_empty())
}
