//! The hostile files. Each is made when it is sent, in pieces, so that the test's own memory stays small as well.

mod archives;
mod lies;
mod markup;
mod pdfs;
mod texts;

use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress};

/// A file, piece by piece.
pub type Pieces = Box<dyn Iterator<Item = Bytes> + Send>;

/// How the reading of a hostile file may end.
pub enum End {
    /// It has a text like any other.
    Read,
    /// It can't be read, for one of these reasons.
    Not(&'static [&'static str]),
    /// As far as the reader came within its limits; else one of these reasons. What a reader makes of rubbish is its own
    /// affair, and may be another with its next version.
    Either(&'static [&'static str]),
}

/// A file that means harm.
pub struct Hostile {
    pub name: &'static str,
    pub make: fn() -> Pieces,
    pub end: End,
}

/// All of them; the largest comes last.
pub fn all() -> impl Iterator<Item = Hostile> {
    [archives::all(), lies::all(), markup::all(), pdfs::all(), texts::all()].into_iter().flatten()
}

/// One piece.
fn whole(bytes: impl Into<Bytes>) -> Pieces {
    Box::new(std::iter::once(bytes.into()))
}

/// The same piece, time and again; held once.
fn repeated(piece: impl Into<Bytes>, times: usize) -> Pieces {
    Box::new(std::iter::repeat_n(piece.into(), times))
}

/// `piece`, `times` in a row, as raw DEFLATE (RFC 1951), without ever holding them: after a full flush a piece is
/// compressed as if it stood alone, so one compressed piece can be repeated.
fn deflated(piece: &[u8], times: usize) -> Vec<u8> {
    let mut once = Vec::with_capacity(piece.len() + 1024);
    Compress::new(Compression::best(), false)
        .compress_vec(piece, &mut once, FlushCompress::Full)
        .expect("there is room for it");
    let mut bytes = once.repeat(times);
    // The last block: of fixed codes, and empty.
    bytes.extend_from_slice(&[0x03, 0x00]);
    bytes
}
