//! The words of a text: where they stand, and how they are compared.

use std::borrow::Cow;
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Where the words of a text stand.
pub fn words_in(text: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        // Most texts are ASCII for most of their way.
        at += bytes[at..].iter().take_while(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric()).count();
        let start = at + text[at..].find(char::is_alphanumeric)?;
        at = start + bytes[start..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if bytes.get(at).is_some_and(|byte| !byte.is_ascii()) {
            // A mark belongs to the letter before it.
            let more = text[at..].find(|c: char| !c.is_alphanumeric() && !is_combining_mark(c));
            at += more.unwrap_or(text.len() - at);
        }
        Some(start..at)
    })
}

/// Bytes of a text that stand together and of which words are made: letters and digits of ASCII, and all that is not ASCII.
#[derive(Debug)]
pub struct Run {
    /// Where it begins.
    pub start: usize,
    /// It has nothing but ASCII. Else it may be a word, or hold some, or none.
    pub is_one_word: bool,
}

impl Run {
    /// Where it ends.
    pub fn end_in(&self, text: &str) -> usize {
        let bytes = &text.as_bytes()[self.start..];
        self.start + bytes.iter().take_while(|byte| PART[usize::from(**byte)] == 1).count()
    }
}

/// 1 for each byte that is part of a run.
const PART: [u64; 256] = {
    let mut part = [0; 256];
    let mut byte = 0_u8;
    loop {
        part[byte as usize] = (byte.is_ascii_alphanumeric() || !byte.is_ascii()) as u64;
        if byte == u8::MAX {
            break part;
        }
        byte += 1;
    }
};

/// The runs of a text, 64 bytes at a time. Word by word is twice as slow: words end where no processor expects it.
pub fn runs_in(text: &str) -> impl Iterator<Item = Run> {
    let mut before = 0;
    text.as_bytes().chunks(64).enumerate().flat_map(move |(n, block)| {
        // A bit for each byte.
        let parts = block.iter().rev().fold(0, |parts, byte| parts << 1 | PART[usize::from(*byte)]);
        let mut starts = parts & !(parts << 1 | before);
        before = parts >> 63;
        let foreign = match block.is_ascii() {
            true => 0,
            false => block.iter().rev().fold(0, |foreign, byte| foreign << 1 | u64::from(byte >> 7)),
        };
        std::iter::from_fn(move || {
            let at = (starts != 0).then(|| starts.trailing_zeros())?;
            starts &= starts - 1;
            let length = (!parts >> at).trailing_zeros();
            // What goes on in the next block may have more in it.
            let ends_here = at + length < u64::BITS;
            let is_one_word = ends_here && foreign >> at & ((1 << length) - 1) == 0;
            Some(Run { start: n * 64 + at as usize, is_one_word })
        })
    })
}

/// A set of letters of ASCII.
#[derive(Debug, Default)]
pub struct Initials(u128);

impl Initials {
    /// Puts in a letter, small and capital; what is not ASCII is left out.
    pub fn insert(&mut self, letter: u8) {
        self.0 |= Self::bit(letter.to_ascii_lowercase()) | Self::bit(letter.to_ascii_uppercase());
    }

    /// It is in there.
    pub fn contains(&self, letter: u8) -> bool {
        self.0 & Self::bit(letter) != 0
    }

    /// None for what is not ASCII.
    fn bit(letter: u8) -> u128 {
        1_u128.checked_shl(letter.into()).unwrap_or(0)
    }
}

/// A word in lower case and without accents. ASCII stays as it is, and is compared without regard to case.
pub fn fold(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        return Cow::Borrowed(word);
    }
    let mut folded = String::with_capacity(word.len());
    for c in word.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' => folded.push('d'),
            c => folded.push(c),
        }
    }
    Cow::Owned(folded)
}
