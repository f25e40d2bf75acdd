//! How alike two topics' names are: by their trigrams, as they stand and cut to their stems.

use crate::ai::words::{Language, Words};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

type Trigram = [char; 3];

/// A name, made ready to be compared.
pub(super) struct Name {
    /// As it stands, and by its stems in each language that a name is likely to be in. In order, each once.
    forms: Vec<Vec<Trigram>>,
    /// The numbers in it.
    numbers: Vec<String>,
}

/// Makes names ready to be compared.
pub(super) struct Names {
    words: [Words; 2],
}

impl Names {
    pub(super) fn new() -> Self {
        // A name has no language of its own; these two are those whose common words are known.
        Self { words: [Words::of(Language::English), Words::of(Language::German)] }
    }

    pub(super) fn ready(&self, name: &str) -> Name {
        let name = name.to_lowercase();
        let mut forms = vec![trigrams(name.split(|c: char| !c.is_alphanumeric()).map(str::to_owned))];
        forms.extend(self.words.iter().map(|words| trigrams(words.stems(&name))));
        let numbers = name.split(|c: char| !c.is_numeric()).filter(|run| !run.is_empty()).map(str::to_owned).collect();
        Name { forms, numbers }
    }
}

impl Name {
    /// 0 to 1. Two names in any order of their words are the same.
    pub(super) fn likeness(&self, other: &Self) -> f32 {
        self.forms.iter().zip(&other.forms).map(|(a, b)| shared(a, b)).fold(0.0, f32::max)
    }

    /// "Tax 2025" and "Tax 2026" are kept apart on purpose, however alike they are.
    pub(super) fn has_other_numbers(&self, other: &Self) -> bool {
        self.numbers != other.numbers
    }
}

/// The trigrams of words, each word with two blanks before it and one behind, as PostgreSQL's pg_trgm has them; without
/// accents.
fn trigrams(words: impl Iterator<Item = String>) -> Vec<Trigram> {
    let mut found = Vec::new();
    for word in words.filter(|word| !word.is_empty()) {
        let plain = word.nfd().filter(|c| !is_combining_mark(*c));
        let padded: Vec<char> = [' ', ' '].into_iter().chain(plain).chain([' ']).collect();
        found.extend(padded.windows(3).filter_map(|three| Trigram::try_from(three).ok()));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The part of all trigrams that both have.
fn shared(a: &[Trigram], b: &[Trigram]) -> f32 {
    let both = a.iter().filter(|trigram| b.binary_search(trigram).is_ok()).count();
    let all = a.len() + b.len() - both;
    if all == 0 { 0.0 } else { both as f32 / all as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likeness(a: &str, b: &str) -> f32 {
        let names = Names::new();
        names.ready(a).likeness(&names.ready(b))
    }

    #[test]
    fn names_are_alike_by_their_letters_or_their_stems() {
        for (a, b) in [
            ("Invoice", "Invoices"),
            ("Tax", "Taxes"),
            ("Rechnung", "Rechnungen"),
            ("Car insurance", "Insurance, car"),
            ("Résumé", "resume"),
            ("The tax office", "Tax office"),
            ("Correspondance", "Correspondence"),
        ] {
            assert!(likeness(a, b) >= super::super::SAME_NAME, "{a}, {b}: {}", likeness(a, b));
            assert_eq!(likeness(a, b), likeness(b, a));
        }
        for (a, b) in [("Invoice", "Tax"), ("Contract", "Contact"), ("Import", "Export"), ("Of", "The"), ("", "")] {
            assert!(likeness(a, b) < super::super::SAME_NAME, "{a}, {b}: {}", likeness(a, b));
        }
    }

    #[test]
    fn other_numbers_are_another_thing() {
        let names = Names::new();
        let (a, b, c) = (names.ready("Tax 2025"), names.ready("Tax 2026"), names.ready("Taxes 2025"));
        assert!(a.has_other_numbers(&b) && !a.has_other_numbers(&c));
    }
}
