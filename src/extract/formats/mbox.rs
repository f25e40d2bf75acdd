//! Folders of mails in one file (mbox, RFC 4155), as most programs write them out: each mail comes behind a line that
//! says when it came.

use super::Failure;
use std::io::{BufRead, Read};

/// What such a line begins with.
pub const FROM: &[u8] = b"From ";

/// The mails of a folder, in order.
pub struct Mails<R> {
    source: R,
    most: u64,
    line: Vec<u8>,
}

impl<R: BufRead> Mails<R> {
    /// `source` begins with [`FROM`]. Of a mail no more than `most` bytes are held.
    pub fn new(source: R, most: u64) -> Self {
        Self { source, most, line: Vec::new() }
    }

    /// The next mail; none in its place where it is larger than is held.
    pub fn next_mail(&mut self) -> Result<Option<Option<Vec<u8>>>, Failure> {
        // The line in front of it was read with the one before.
        if self.line.is_empty() && !self.read_line()? {
            return Ok(None);
        }
        let mut mail = Vec::new();
        let (mut fits, mut behind_empty) = (true, false);
        while self.read_line()? {
            if behind_empty && is_start(&self.line) {
                return Ok(Some(fits.then_some(mail)));
            }
            behind_empty = self.line.trim_ascii().is_empty();
            let line = unquoted(&self.line);
            fits &= (mail.len() + line.len()) as u64 <= self.most;
            if fits {
                mail.extend_from_slice(line);
            }
        }
        Ok(Some(fits.then_some(mail)))
    }

    /// Reads a line, or as much of it as a mail may have.
    fn read_line(&mut self) -> Result<bool, Failure> {
        self.line.clear();
        let read = (&mut self.source).take(self.most + 1).read_until(b'\n', &mut self.line);
        Ok(read.map_err(Failure::damaged)? > 0)
    }
}

/// It says when a mail came. A sentence may begin with "From", too.
fn is_start(line: &[u8]) -> bool {
    let is_time = |three: &[u8]| matches!(three, [b'0'..=b'9', b':', b'0'..=b'9']);
    line.starts_with(FROM) && line.windows(3).any(is_time)
}

/// A line of a mail that looks like one in front of a mail is written with a `>` before it.
fn unquoted(line: &[u8]) -> &[u8] {
    match line.strip_prefix(b">") {
        Some(rest) if rest[rest.iter().take_while(|byte| **byte == b'>').count()..].starts_with(FROM) => rest,
        _ => line,
    }
}
