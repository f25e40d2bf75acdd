//! Files of this machine: opened with care, hashed piece by piece, and named so that a terminal is safe.

use super::http::Failure;
use crate::domain::{ContentHash, ContentHasher};
use rustix::fs::OFlags;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// What is read at once.
pub(super) const PIECE: usize = 256 * 1024;

/// Opens a regular file. A symbolic link in its place is refused, and a pipe does not block.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no regular file")) }
}

/// The SHA-256 of a file, and how many bytes that were. Ends early, as interrupted, when it is told to stop.
pub(super) fn hash(path: &Path, stop: &CancellationToken) -> io::Result<(ContentHash, u64)> {
    let mut file = open(path)?;
    let mut hasher = ContentHasher::default();
    let (mut piece, mut size) = (vec![0; PIECE], 0);
    loop {
        if stop.is_cancelled() {
            return Err(io::Error::other("stopped"));
        }
        match file.read(&mut piece) {
            Ok(0) => return Ok((hasher.finish(), size)),
            Ok(length) => {
                hasher.update(&piece[..length]);
                size += length as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// As [`hash`], on a thread that may block.
pub(super) async fn hash_aside(path: PathBuf, stop: CancellationToken) -> Result<(ContentHash, u64), Failure> {
    let hashed = tokio::task::spawn_blocking(move || hash(&path, &stop)).await;
    hashed.map_err(io::Error::other).flatten().map_err(|error| unreadable(&error))
}

/// A file that can't be read.
pub(super) fn unreadable(error: &io::Error) -> Failure {
    Failure::Here(format!("it can't be read: {error}"))
}

/// A path as it is shown: nothing in it can steer a terminal.
pub(super) fn shown(path: &Path) -> String {
    harmless(&path.to_string_lossy())
}

/// A text from elsewhere without what could steer a terminal or turn the direction of writing.
pub(super) fn harmless(text: &str) -> String {
    let strange = |c: &char| c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if strange(&c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_is_no_file_is_not_opened_and_does_not_block() {
        let folder = tempfile::tempdir().expect("a folder");
        let (real, link, pipe) = (folder.path().join("real"), folder.path().join("link"), folder.path().join("pipe"));
        fs::write(&real, "abc").expect("a file");
        symlink(&real, &link).expect("a link");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a pipe");
        assert!(open(&real).is_ok());
        for other in [&link, &pipe, &folder.path().to_owned(), &folder.path().join("missing")] {
            assert!(open(other).is_err(), "{}", other.display());
        }
        let (hash, size) = hash(&real, &CancellationToken::new()).expect("a hash");
        assert_eq!(
            (hash.to_string().as_str(), size),
            ("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 3)
        );
    }

    #[test]
    fn nothing_that_is_shown_steers_a_terminal() {
        assert_eq!(harmless("a\u{1b}[31m\r\n\u{9b}b\u{202E}c"), "a\u{FFFD}[31m\u{FFFD}\u{FFFD}\u{FFFD}b\u{FFFD}c");
        assert_eq!(harmless("März 発票.pdf"), "März 発票.pdf");
    }
}
