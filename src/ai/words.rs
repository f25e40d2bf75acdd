//! A text as stems of words, by the language's own rules (Snowball).

use rust_stemmers::{Algorithm, Stemmer};
use std::collections::HashSet;
use std::panic::{self, AssertUnwindSafe};

/// Words so common in English and German that they tell nothing about a topic.
const STOP_WORDS: &[&str] = &[
    "a", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "for", "from", "had", "has", "have",
    "how", "if", "in", "into", "is", "it", "its", "may", "more", "not", "of", "on", "or", "other", "our", "out",
    "over", "shall", "so", "such", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this",
    "to", "under", "up", "was", "we", "were", "what", "when", "where", "which", "who", "will", "with", "would", "you",
    "your", "aber", "als", "am", "auch", "auf", "aus", "bei", "bis", "das", "dass", "dem", "den", "der", "des", "die",
    "durch", "ein", "eine", "einem", "einen", "einer", "eines", "er", "es", "für", "haben", "hat", "ich", "im", "ist",
    "mit", "nach", "nicht", "nur", "oder", "sich", "sie", "sind", "so", "und", "uns", "unter", "vom", "von", "vor",
    "war", "werden", "wie", "wir", "wird", "zu", "zum", "zur",
];

/// Cuts texts into stems.
pub struct Words {
    stemmer: Stemmer,
    stop: HashSet<&'static str>,
}

impl Words {
    /// For a text in `language` (ISO 639-3); English where there is no stemmer for it. Topic and text must be cut by
    /// the same rules to meet.
    pub fn of(language: Option<&str>) -> Self {
        let algorithm = match language {
            Some("ara") => Algorithm::Arabic,
            Some("dan") => Algorithm::Danish,
            Some("deu") => Algorithm::German,
            Some("ell") => Algorithm::Greek,
            Some("fin") => Algorithm::Finnish,
            Some("fra") => Algorithm::French,
            Some("hun") => Algorithm::Hungarian,
            Some("ita") => Algorithm::Italian,
            Some("nld") => Algorithm::Dutch,
            Some("nob") => Algorithm::Norwegian,
            Some("por") => Algorithm::Portuguese,
            Some("ron") => Algorithm::Romanian,
            Some("rus") => Algorithm::Russian,
            Some("spa") => Algorithm::Spanish,
            Some("swe") => Algorithm::Swedish,
            Some("tam") => Algorithm::Tamil,
            Some("tur") => Algorithm::Turkish,
            _ => Algorithm::English,
        };
        Self { stemmer: Stemmer::create(algorithm), stop: STOP_WORDS.iter().copied().collect() }
    }

    /// One word's stem. The Greek stemmer panics on some words; such a word stands for itself.
    fn stem(&self, word: String) -> String {
        let stem = panic::catch_unwind(AssertUnwindSafe(|| self.stemmer.stem(&word).into_owned()));
        stem.unwrap_or(word)
    }

    /// The stems of a text, in order. Numbers and single letters are left out: they name no topic.
    pub fn stems<'a>(&'a self, text: &'a str) -> impl Iterator<Item = String> + 'a {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.len() > 1 && !word.chars().all(char::is_numeric))
            .map(str::to_lowercase)
            .filter(|word| !self.stop.contains(word.as_str()))
            .map(|word| self.stem(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_meet_by_their_stems() {
        let stems: Vec<_> = Words::of(None).stems("The invoices of 2026: paid, paying!").collect();
        assert_eq!(stems, ["invoic", "paid", "pay"]);
        let german: Vec<_> = Words::of(Some("deu")).stems("Die Rechnungen und die Rechnung").collect();
        assert_eq!(german[0], german[1]);
        assert_eq!(Words::of(Some("ell")).stems("αντίθετε ισαίσα").count(), 2);
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use proptest::prelude::*;

    const LANGUAGES: [&str; 18] = [
        "ara", "dan", "deu", "ell", "fin", "fra", "hun", "ita", "nld", "nob", "por", "ron", "rus", "spa", "swe", "tam",
        "tur", "eng",
    ];

    proptest! {
        #[test]
        fn any_text_is_cut_in_any_language(text: String, at in 0..LANGUAGES.len(), letters in "[a-zα-ώа-яأ-يஅ-ஹğışß ]{0,60}") {
            let words = Words::of(Some(LANGUAGES[at]));
            for text in [text, letters] {
                let most = text.split(|c: char| !c.is_alphanumeric()).count();
                prop_assert!(words.stems(&text).count() <= most);
            }
        }
    }
}
