//! Words as their stems, by the language's own rules (Snowball).

use rust_stemmers::{Algorithm, Stemmer};
use std::borrow::Cow;
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

/// A language whose words are cut by its own rules. Those that have no stemmer are cut as English is: topic and text must
/// be cut by the same rules to meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// And all that are not known.
    English,
    /// `ara`.
    Arabic,
    /// `dan`.
    Danish,
    /// `deu`.
    German,
    /// `ell`.
    Greek,
    /// `fin`.
    Finnish,
    /// `fra`.
    French,
    /// `hun`.
    Hungarian,
    /// `ita`.
    Italian,
    /// `nld`.
    Dutch,
    /// `nob`.
    Norwegian,
    /// `por`.
    Portuguese,
    /// `ron`.
    Romanian,
    /// `rus`.
    Russian,
    /// `spa`.
    Spanish,
    /// `swe`.
    Swedish,
    /// `tam`.
    Tamil,
    /// `tur`.
    Turkish,
}

impl Language {
    /// From ISO 639-3.
    pub fn of(code: Option<&str>) -> Self {
        match code {
            Some("ara") => Self::Arabic,
            Some("dan") => Self::Danish,
            Some("deu") => Self::German,
            Some("ell") => Self::Greek,
            Some("fin") => Self::Finnish,
            Some("fra") => Self::French,
            Some("hun") => Self::Hungarian,
            Some("ita") => Self::Italian,
            Some("nld") => Self::Dutch,
            Some("nob") => Self::Norwegian,
            Some("por") => Self::Portuguese,
            Some("ron") => Self::Romanian,
            Some("rus") => Self::Russian,
            Some("spa") => Self::Spanish,
            Some("swe") => Self::Swedish,
            Some("tam") => Self::Tamil,
            Some("tur") => Self::Turkish,
            _ => Self::English,
        }
    }
}

/// Knows the stems of one language's words.
pub struct Words {
    stemmer: Stemmer,
    stop: HashSet<&'static str>,
}

impl Words {
    /// For words of `language`.
    pub fn of(language: Language) -> Self {
        let algorithm = match language {
            Language::English => Algorithm::English,
            Language::Arabic => Algorithm::Arabic,
            Language::Danish => Algorithm::Danish,
            Language::German => Algorithm::German,
            Language::Greek => Algorithm::Greek,
            Language::Finnish => Algorithm::Finnish,
            Language::French => Algorithm::French,
            Language::Hungarian => Algorithm::Hungarian,
            Language::Italian => Algorithm::Italian,
            Language::Dutch => Algorithm::Dutch,
            Language::Norwegian => Algorithm::Norwegian,
            Language::Portuguese => Algorithm::Portuguese,
            Language::Romanian => Algorithm::Romanian,
            Language::Russian => Algorithm::Russian,
            Language::Spanish => Algorithm::Spanish,
            Language::Swedish => Algorithm::Swedish,
            Language::Tamil => Algorithm::Tamil,
            Language::Turkish => Algorithm::Turkish,
        };
        Self { stemmer: Stemmer::create(algorithm), stop: STOP_WORDS.iter().copied().collect() }
    }

    /// The stem of a lower-cased word; `None` where the word tells nothing of a topic: numbers, single letters, and the
    /// commonest words.
    pub fn stem_of<'a>(&self, word: &'a str) -> Option<Cow<'a, str>> {
        if word.len() < 2 || word.chars().all(char::is_numeric) || self.stop.contains(word) {
            return None;
        }
        // The Greek stemmer panics on some words; such a word stands for itself.
        let stem = panic::catch_unwind(AssertUnwindSafe(|| self.stemmer.stem(word)));
        Some(stem.unwrap_or(Cow::Borrowed(word)))
    }

    /// The stems of a text, in order.
    pub fn stems<'a>(&'a self, text: &'a str) -> impl Iterator<Item = String> + 'a {
        text.split(|c: char| !c.is_alphanumeric())
            .map(str::to_lowercase)
            .filter_map(|word| self.stem_of(&word).map(Cow::into_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_meet_by_their_stems() {
        let english = Words::of(Language::of(None));
        assert_eq!(english.stem_of("invoices").as_deref(), Some("invoic"));
        assert_eq!(english.stem_of("paying").as_deref(), Some("pay"));
        for nothing in ["the", "2026", "x", ""] {
            assert_eq!(english.stem_of(nothing), None, "{nothing}");
        }
        let german = Words::of(Language::of(Some("deu")));
        assert_eq!(german.stem_of("rechnungen"), german.stem_of("rechnung"));
        let greek = Words::of(Language::of(Some("ell")));
        assert!(["αντίθετε", "ισαίσα"].into_iter().all(|word| greek.stem_of(word).is_some()));
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
        fn any_word_has_a_stem_in_any_language(word: String, at in 0..LANGUAGES.len(), letters in "[a-zα-ώа-яأ-يஅ-ஹğışß]{2,60}") {
            let words = Words::of(Language::of(Some(LANGUAGES[at])));
            for word in [word, letters] {
                let tells = word.len() > 1 && !word.chars().all(char::is_numeric);
                prop_assert!(tells || words.stem_of(&word).is_none());
            }
        }
    }
}
