//! Folders of mails in one file (mbox, RFC 4155), as most programs write them out: each mail comes behind a line that
//! may say when it came.

use super::Failure;
use std::io::{BufRead, Read};

/// What such a line begins with.
pub const FROM: &[u8] = b"From ";
/// A line that is longer stands in no mail (RFC 5322, 2.1.1).
const MOST_LINE_BYTES: usize = 1000;

/// The mails of a folder, in order.
pub struct Mails<R> {
    source: R,
    most: u64,
    line: Vec<u8>,
    /// The line behind it, where that was looked at.
    ahead: Vec<u8>,
}

impl<R: BufRead> Mails<R> {
    /// `source` begins with [`FROM`]. Of a mail no more than `most` bytes are held.
    pub fn new(source: R, most: u64) -> Self {
        Self { source, most, line: Vec::new(), ahead: Vec::new() }
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
            if behind_empty && self.is_start()? {
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
        if self.ahead.is_empty() {
            read_line(&mut self.source, self.most, &mut self.line)?;
        } else {
            self.line = std::mem::take(&mut self.ahead);
        }
        Ok(!self.line.is_empty())
    }

    /// The line is one in front of a mail. A sentence may begin as it does, but no head comes behind it.
    fn is_start(&mut self) -> Result<bool, Failure> {
        if !may_be_start(&self.line) {
            return Ok(false);
        }
        read_line(&mut self.source, self.most, &mut self.ahead)?;
        Ok(is_field(&self.ahead))
    }
}

fn read_line(source: &mut impl BufRead, most: u64, line: &mut Vec<u8>) -> Result<(), Failure> {
    source.take(most + 1).read_until(b'\n', line).map_err(Failure::damaged)?;
    Ok(())
}

/// It says when a mail came, or nothing at all, as newer Thunderbird has it.
fn may_be_start(line: &[u8]) -> bool {
    let is_time = |three: &[u8]| matches!(three, [b'0'..=b'9', b':', b'0'..=b'9']);
    let Some(rest) = line.strip_prefix(FROM) else { return false };
    line.len() <= MOST_LINE_BYTES && (rest.trim_ascii().is_empty() || rest.windows(3).any(is_time))
}

/// A line of a mail's head: a name, and a colon behind it, in old mails behind a blank (RFC 5322, 4.5). Before them some have a
/// line of their own that says where they came from.
fn is_field(line: &[u8]) -> bool {
    let name = line.iter().take_while(|byte| byte.is_ascii_graphic() && **byte != b':').count();
    name > 0 && line[name..].trim_ascii_start().first() == Some(&b':') || line.starts_with(b">From ")
}

/// A line of a mail that looks like one in front of a mail is written with a `>` before it.
fn unquoted(line: &[u8]) -> &[u8] {
    match line.strip_prefix(b">") {
        Some(rest) if rest[rest.iter().take_while(|byte| **byte == b'>').count()..].starts_with(FROM) => rest,
        _ => line,
    }
}
