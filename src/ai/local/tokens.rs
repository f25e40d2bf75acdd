//! A text as counted, hashed words.
//!
//! Words are cut at what is neither letter nor digit, lower-cased, cut to their stem by the rules of the text's
//! language, and hashed to 32 bits. The linear model looks at the upper 18 of them (`bucket`); BM25, which must not see
//! a query's word where there is none, at all 32. Chinese, Japanese and Korean, which are written without spaces or
//! with endings that no stemmer here knows, are cut into pairs of characters.
//!
//! The same text in the same language always gives the same words; what a `Tokenizer` remembers only makes it fast.

use crate::ai::words::{Language, Words};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// Buckets of the linear model, as a power of two.
pub(super) const BUCKET_BITS: u32 = 18;
/// What is looked at of a long text, in bytes: its beginning says what it is.
const LOOKED_AT: usize = 64 * 1024;
/// A word of the title stands for this many in the text.
const TITLE_WEIGHT: usize = 3;
/// What is longer is no word, but code or a number.
const LONGEST_WORD: usize = 64;
/// Remembered stems, as a power of two.
const MEMORY_BITS: u32 = 15;

/// The bucket of a word's hash.
pub(super) fn bucket(hash: u32) -> u32 {
    hash >> (32 - BUCKET_BITS)
}

/// A word of a text, and how often it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) hash: u32,
    pub(super) times: u16,
}

/// A text's words in the order of their hashes, each once.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    pub(super) words: Vec<Count>,
    /// Words of the text, without the title's.
    pub(super) length: u32,
}

/// A word's stem, by the word's 64-bit hash.
#[derive(Clone, Copy, Default)]
struct Remembered {
    word: u64,
    /// 0 for a word that is not counted.
    stem: u32,
}

/// Cuts texts into counted words. Keeps its buffers and the stems of words it has seen.
pub(super) struct Tokenizer {
    languages: Vec<(Language, Words)>,
    memory: Vec<Remembered>,
    word: String,
    hashes: Vec<u32>,
}

impl Default for Tokenizer {
    fn default() -> Self {
        Self {
            languages: Vec::new(),
            memory: vec![Remembered::default(); 1 << MEMORY_BITS],
            word: String::new(),
            hashes: Vec::new(),
        }
    }
}

impl Tokenizer {
    /// The words of a title and a text.
    pub(super) fn count(&mut self, title: &str, text: &str, language: Language) -> Counts {
        let mut counts = Counts::default();
        self.count_into(title, text, language, &mut counts);
        counts
    }

    /// As `count`, into what is there.
    pub(super) fn count_into(&mut self, title: &str, text: &str, language: Language, counts: &mut Counts) {
        let mut hashes = std::mem::take(&mut self.hashes);
        hashes.clear();
        self.each(&text[..text.floor_char_boundary(LOOKED_AT)], language, |_, hash| hashes.push(hash));
        counts.length = hashes.len() as u32;
        self.each(&title[..title.floor_char_boundary(LOOKED_AT)], language, |_, hash| {
            hashes.extend([hash; TITLE_WEIGHT]);
        });
        hashes.sort_unstable();
        counts.words.clear();
        for hash in &hashes {
            match counts.words.last_mut() {
                Some(last) if last.hash == *hash => last.times = last.times.saturating_add(1),
                _ => counts.words.push(Count { hash: *hash, times: 1 }),
            }
        }
        self.hashes = hashes;
    }

    /// Calls `seen` with each word that counts, lower-cased, and its stem's hash.
    pub(super) fn each(&mut self, text: &str, language: Language, mut seen: impl FnMut(&str, u32)) {
        let text = composed(text);
        let mut word = std::mem::take(&mut self.word);
        let mut hash = Fnv::start(language);
        // The character before, where it was one of those that are cut in pairs; and whether it stands in a pair.
        let mut before: Option<(char, bool)> = None;
        word.clear();
        for c in text.chars().chain(Some(' ')) {
            let paired = is_paired(c);
            if let Some((first, in_pair)) = before.take() {
                if paired || !in_pair {
                    word.push(first);
                    word.extend(paired.then_some(c));
                    seen(&word, folded(word.bytes()));
                    word.clear();
                }
                if paired {
                    before = Some((c, true));
                    continue;
                }
            }
            if c.is_ascii_alphanumeric() {
                let lower = c.to_ascii_lowercase();
                hash.add(lower as u8);
                push(&mut word, lower);
            } else if !paired && c.is_alphanumeric() {
                for lower in c.to_lowercase() {
                    lower.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| hash.add(byte));
                    push(&mut word, lower);
                }
            } else {
                if !word.is_empty() {
                    if let Some(stem) = self.stem(&word, hash.0, language) {
                        seen(&word, stem);
                    }
                    word.clear();
                    hash = Fnv::start(language);
                }
                before = paired.then_some((c, false));
            }
        }
        self.word = word;
    }

    /// The hash of a word's stem; `None` for a word that tells nothing.
    fn stem(&mut self, word: &str, hash: u64, language: Language) -> Option<u32> {
        let slot = (hash >> (64 - MEMORY_BITS)) as usize;
        if let Some(known) = self.memory.get(slot)
            && known.word == hash
        {
            return (known.stem != 0).then_some(known.stem);
        }
        let at = match self.languages.iter().position(|(known, _)| *known == language) {
            Some(at) => at,
            None => {
                self.languages.push((language, Words::of(language)));
                self.languages.len() - 1
            }
        };
        let stem = if word.len() > LONGEST_WORD {
            None
        } else {
            self.languages.get(at).and_then(|(_, words)| words.stem_of(word)).map(|stem| folded(stem.bytes()))
        };
        if let Some(known) = self.memory.get_mut(slot) {
            *known = Remembered { word: hash, stem: stem.unwrap_or(0) };
        }
        stem
    }
}

/// A word's beginning is enough to know that it is too long.
fn push(word: &mut String, c: char) {
    if word.len() <= LONGEST_WORD {
        word.push(c);
    }
}

/// Accents that stand behind their letter are put on it, so that both ways of writing meet.
fn composed(text: &str) -> Cow<'_, str> {
    // The combining marks U+0300 to U+036F begin with one of these two bytes.
    let marked = text.bytes().any(|byte| byte == 0xCC || byte == 0xCD);
    if marked { Cow::Owned(text.nfc().collect()) } else { Cow::Borrowed(text) }
}

/// Han, Kana and Hangul.
fn is_paired(c: char) -> bool {
    c >= '\u{3041}'
        && matches!(c,
        '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
        && c.is_alphanumeric()
}

/// FNV-1a, with one more multiplication at the end so that the upper bits are worth as much as the lower.
struct Fnv(u64);

impl Fnv {
    fn start(language: Language) -> Self {
        let mut hash = Self(0xCBF2_9CE4_8422_2325);
        hash.add(language as u8);
        hash
    }

    fn add(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    }
}

/// A stem's 32 bits; never 0.
fn folded(bytes: impl Iterator<Item = u8>) -> u32 {
    let mut hash = Fnv(0xCBF2_9CE4_8422_2325);
    bytes.for_each(|byte| hash.add(byte));
    let mixed = (hash.0 ^ (hash.0 >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed >> 32) as u32).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, language: Option<&str>) -> Vec<(String, u32)> {
        let mut words = Vec::new();
        let mut tokenizer = Tokenizer::default();
        tokenizer.each(text, Language::of(language), |word, hash| words.push((word.to_owned(), hash)));
        words
    }

    fn surfaces(text: &str) -> Vec<String> {
        words(text, None).into_iter().map(|(word, _)| word).collect()
    }

    #[test]
    fn words_are_cut_where_neither_letter_nor_digit_stands_and_meet_by_their_stems() {
        assert_eq!(surfaces("The INVOICES of 2026: paid,paying!"), ["invoices", "paid", "paying"]);
        assert_eq!(words("invoices", None)[0].1, words("Invoice", None)[0].1);
        assert_eq!(words("Rechnungen", Some("deu"))[0].1, words("RECHNUNG", Some("deu"))[0].1);
        assert_eq!(surfaces(&format!("a{} end", "x".repeat(5000))), ["end"]);
    }

    #[test]
    fn scripts_without_spaces_are_cut_in_pairs() {
        assert_eq!(surfaces("東京都, 犬 in Tokyo都"), ["東京", "京都", "犬", "tokyo", "都"]);
        assert_eq!(surfaces("계약서"), ["계약", "약서"]);
    }

    #[test]
    fn an_accent_is_the_same_on_its_letter_and_behind_it() {
        assert_eq!(words("caf\u{e9}", Some("fra")), words("cafe\u{301}", Some("fra")));
    }

    #[test]
    fn counts_rise_by_hash_and_the_title_counts_more() {
        let counts = Tokenizer::default().count("Lease", "The lease of a house. A house!", Language::English);
        assert!(counts.words.windows(2).all(|pair| pair[0].hash < pair[1].hash));
        let mut times: Vec<u16> = counts.words.iter().map(|word| word.times).collect();
        times.sort_unstable();
        assert_eq!((times, counts.length), (vec![2, 4], 3));
    }
}
