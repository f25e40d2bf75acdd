//! A ZIP as a folder of named members, each read as a stream, all of them within one bound.

use super::{Failure, File};
use std::collections::HashMap;
use std::io::{self, Read, SeekFrom};
use zip::ZipArchive;
use zip::result::ZipError;

/// A directory with more members is not read: each takes a few hundred bytes of memory.
pub const MOST_MEMBERS: u64 = 200_000;
/// Bytes that are unpacked of one file, all its members together.
const MOST_UNPACKED: u64 = 2 * 1024 * 1024 * 1024;

/// A ZIP that is open.
pub struct Package<'a> {
    zip: ZipArchive<&'a mut dyn File>,
    /// Where a member is, by its name in lower case: the parts of an office document go by any case.
    places: HashMap<String, usize>,
    left: u64,
}

impl<'a> Package<'a> {
    /// Reads the directory.
    pub fn open(file: &'a mut dyn File) -> Result<Self, Failure> {
        if members(file).map_err(Failure::damaged)? > MOST_MEMBERS {
            return Err(Failure::TooLarge("more members than are read"));
        }
        let zip = ZipArchive::new(file).map_err(failure)?;
        let mut places = HashMap::new();
        for at in 0..zip.len() {
            if let Some(Ok(name)) = zip.name_for_index(at) {
                places.entry(name.to_lowercase()).or_insert(at);
            }
        }
        Ok(Self { zip, places, left: MOST_UNPACKED })
    }

    pub fn has(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.places.get(&name.trim_start_matches('/').to_lowercase()).copied()
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.zip.len()
    }

    /// What the directory says of a member.
    pub fn member(&self, at: usize) -> Option<Member> {
        let data = self.zip.by_index_data(at).ok()?;
        let name = data.name().ok()?.into_owned();
        Some(Member { name, bytes: data.size(), folder: data.is_dir(), encrypted: data.encrypted() })
    }

    /// A member as a stream; none where there is none of this name.
    pub fn stream(&mut self, name: &str) -> Result<Option<impl Read + '_>, Failure> {
        match self.place(name) {
            Some(at) => self.stream_at(at).map(Some),
            None => Ok(None),
        }
    }

    /// A member by its place in the directory.
    pub fn stream_at(&mut self, at: usize) -> Result<impl Read + '_, Failure> {
        let member = self.zip.by_index(at).map_err(failure)?;
        Ok(Bounded { source: member, left: &mut self.left })
    }

    /// How many bytes the directory says that a member has.
    pub fn size(&self, name: &str) -> Option<u64> {
        Some(self.zip.by_index_data(self.place(name)?).ok()?.size())
    }

    /// The first bytes of a member; none where there is none of this name.
    pub fn bytes(&mut self, name: &str, most: u64) -> Result<Option<Vec<u8>>, Failure> {
        let Some(stream) = self.stream(name)? else { return Ok(None) };
        let mut bytes = Vec::new();
        stream.take(most).read_to_end(&mut bytes).map_err(read_failure)?;
        Ok(Some(bytes))
    }
}

/// What the directory says of a member.
pub struct Member {
    pub name: String,
    pub bytes: u64,
    pub folder: bool,
    pub encrypted: bool,
}

/// What an error in the middle of a member means.
pub fn read_failure(error: io::Error) -> Failure {
    if error.kind() == io::ErrorKind::FileTooLarge {
        Failure::TooLarge("more than is unpacked")
    } else {
        Failure::damaged(error)
    }
}

fn failure(error: ZipError) -> Failure {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => Failure::Password,
        ZipError::UnsupportedArchive(what) => Failure::Unsupported(what),
        ZipError::CompressionMethodNotSupported(_) => Failure::Unsupported("a rare way of compression"),
        error => Failure::damaged(error),
    }
}

/// Stops where all members together have been unpacked far enough.
struct Bounded<'a, R> {
    source: R,
    left: &'a mut u64,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if *self.left == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let length = self.source.read(bytes)?;
        *self.left = self.left.saturating_sub(length as u64);
        Ok(length)
    }
}

/// How many members the directory claims to have (APPNOTE 6.3, 4.3.14 and 4.3.16), before anything is made of it: the
/// most that any record at the end of the file says.
fn members(file: &mut dyn File) -> io::Result<u64> {
    const END: &[u8] = b"PK\x05\x06";
    const END_64: &[u8] = b"PK\x06\x06";
    let length = file.seek(SeekFrom::End(0))?;
    // A comment of 64 KiB, and both records before it.
    let tail = length.min(66 * 1024);
    file.seek(SeekFrom::Start(length - tail))?;
    let mut bytes = Vec::new();
    Read::take(&mut *file, tail).read_to_end(&mut bytes)?;
    file.rewind()?;
    let mut most = 0;
    for (at, window) in bytes.windows(4).enumerate() {
        let number = |from: usize, length: usize| -> u64 {
            let digits = bytes.get(at + from..at + from + length).unwrap_or_default();
            digits.iter().rev().fold(0, |number, digit| number << 8 | u64::from(*digit))
        };
        match window {
            END if number(10, 2) < 0xffff => most = most.max(number(10, 2)),
            END_64 => most = most.max(number(32, 8)),
            _ => {}
        }
    }
    Ok(most)
}

/// The name of a member that another one points to: a path relative to the folder of `base`, or from the top.
pub fn resolve(base: &str, target: &str) -> String {
    let target = percent_decoded(target.split(['#', '?']).next().unwrap_or_default());
    let mut steps: Vec<&str> = match target.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => base.rsplit_once('/').map_or(Vec::new(), |(folder, _)| folder.split('/').collect()),
    };
    for step in target.split(['/', '\\']) {
        match step {
            "" | "." => {}
            ".." => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    steps.join("/")
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let byte = after.get(..2).filter(|_| *first == b'%').and_then(|two| {
            let digits = std::str::from_utf8(two).ok()?;
            u8::from_str_radix(digits, 16).ok()
        });
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_found_from_where_they_are_named() {
        assert_eq!(resolve("ppt/presentation.xml", "slides/slide1.xml"), "ppt/slides/slide1.xml");
        assert_eq!(resolve("ppt/slides/slide1.xml", "../notesSlides/n.xml"), "ppt/notesSlides/n.xml");
        assert_eq!(resolve("ppt/slides/slide1.xml", "/word/a.xml"), "word/a.xml");
        assert_eq!(resolve("a.opf", "Kapitel%201.xhtml#top"), "Kapitel 1.xhtml");
        assert_eq!(resolve("a/b", "../../../../etc/passwd"), "etc/passwd");
        assert_eq!(resolve("", "100%"), "100%");
    }
}
