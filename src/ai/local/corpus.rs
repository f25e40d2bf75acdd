//! What training holds of the texts: their words' hashes and counts, five bytes a word, and nothing of the texts.
//!
//! Bounded: beyond `MOST_WORDS` a document is refused.

use super::tokens::{BUCKET_BITS, Count, Counts, bucket};
use crate::ai::words::Language;

/// Different words of all documents together: 60,000 documents of four pages, in 80 MB.
const MOST_WORDS: usize = 16 << 20;

/// What is known of a document's topics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Label {
    /// A person has not said.
    Unknown,
    /// These, by their places; none of them where it is empty.
    Known(Vec<u16>),
}

impl Label {
    /// The topics that are known.
    pub(super) fn topics(&self) -> &[u16] {
        match self {
            Self::Unknown => &[],
            Self::Known(topics) => topics,
        }
    }
}

struct Document {
    end: usize,
    length: u32,
    language: Language,
    label: Label,
}

/// Documents as counted words.
pub(super) struct Corpus {
    hashes: Vec<u32>,
    times: Vec<u8>,
    documents: Vec<Document>,
    /// In how many documents each bucket occurs.
    holders: Vec<u32>,
}

impl Corpus {
    pub(super) fn new() -> Self {
        Self { hashes: Vec::new(), times: Vec::new(), documents: Vec::new(), holders: vec![0; 1 << BUCKET_BITS] }
    }

    /// Takes a document; `false` where there is no more room.
    pub(super) fn add(&mut self, counts: &Counts, language: Language, label: Label) -> bool {
        if self.hashes.len() + counts.words.len() > MOST_WORDS {
            return false;
        }
        let mut before = None;
        for word in &counts.words {
            self.hashes.push(word.hash);
            self.times.push(word.times.min(255) as u8);
            let at = bucket(word.hash);
            if before != Some(at)
                && let Some(holders) = self.holders.get_mut(at as usize)
            {
                *holders += 1;
            }
            before = Some(at);
        }
        self.documents.push(Document { end: self.hashes.len(), length: counts.length, language, label });
        true
    }

    pub(super) fn len(&self) -> usize {
        self.documents.len()
    }

    pub(super) fn label(&self, document: usize) -> &Label {
        self.documents.get(document).map_or(&Label::Unknown, |document| &document.label)
    }

    pub(super) fn language(&self, document: usize) -> Language {
        self.documents.get(document).map_or(Language::English, |document| document.language)
    }

    pub(super) fn holders(&self) -> &[u32] {
        &self.holders
    }

    /// The counted words of a document, into what is there.
    pub(super) fn counts_into(&self, document: usize, counts: &mut Counts) {
        counts.words.clear();
        counts.length = 0;
        if let Some(known) = self.documents.get(document) {
            counts.length = known.length;
            let start = document.checked_sub(1).and_then(|at| self.documents.get(at)).map_or(0, |before| before.end);
            let words = self.hashes[start..known.end].iter().zip(&self.times[start..known.end]);
            counts.words.extend(words.map(|(hash, times)| Count { hash: *hash, times: u16::from(*times) }));
        }
    }
}
