//! A search as a person types it: words, phrases in quotes, `or` between two of them, and `-` before what is left out.

use unicode_normalization::char::is_combining_mark;

/// Signs that nobody sees, and that would cut words in two: the soft hyphen, the word joiner and the mark of the byte order. Neither
/// a text nor a search has them.
pub const UNSEEN: [char; 3] = ['\u{ad}', '\u{2060}', '\u{feff}'];

/// A word or a phrase of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// As it was typed, without quotes and hyphen. A word may have several in it, as `2026-0815` has.
    pub typed: &'a str,
    /// What is found must not have it.
    pub left_out: bool,
    /// It, or what stands before it.
    pub or: bool,
}

/// Takes a search apart. What has no letter and no digit in it asks for nothing.
pub fn parts_of(q: &str) -> Vec<Part<'_>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    let (mut or, mut left_out) = (false, false);
    let mut add = |typed, left_out, or: &mut bool| {
        if has_words(typed) {
            parts.push(Part { typed, left_out, or: *or && !parts.is_empty() });
            *or = false;
        }
    };
    for (n, piece) in q.split('"').enumerate() {
        if n % 2 == 1 {
            add(piece, left_out, &mut or);
            continue;
        }
        for word in piece.split_whitespace() {
            if is_or(word) {
                or = true;
            } else {
                add(word.trim_start_matches('-'), word.starts_with('-'), &mut or);
            }
        }
        // For the phrase that follows.
        let before = piece.trim_end_matches('-');
        left_out = before.len() < piece.len() && !before.ends_with(|c: char| !c.is_whitespace());
    }
    parts
}

fn has_words(typed: &str) -> bool {
    typed.contains(char::is_alphanumeric)
}

/// How the words are sought of which a word that was typed has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// As a phrase, one after the other.
    Together,
    /// Anywhere.
    Apart,
}

/// The same search for PostgreSQL's `websearch_to_tsquery`. What was typed as one and has several words in it, and what was
/// quoted, is a phrase of them, as the index has it: so each of them is found by itself, and the whole as well. Or it is only all
/// of them: the index does not have all places of a word that comes often, or late in a book. What is left out is a phrase in any
/// case.
pub fn for_websearch(q: &str, within: Within) -> String {
    let mut text = String::new();
    for part in parts_of(q) {
        let words: Vec<&str> = part.words().collect();
        text.push_str(if part.or { " or " } else { " " });
        text.push_str(if part.left_out { "-" } else { "" });
        if words.len() > 1 && (part.left_out || within == Within::Together) {
            text.push_str(&format!("\"{}\"", words.join(" ")));
        } else {
            let words = words.into_iter().map(|word| if is_or(word) { "\"or\"" } else { word });
            text.push_str(&words.collect::<Vec<_>>().join(" "));
        }
    }
    text
}

/// What is a phrase of a search, as regular expressions that find it in a text, in PostgreSQL's kind. Of each alternative of the
/// search all that it has; an alternative without any is left out.
pub fn as_written(q: &str) -> Vec<Vec<String>> {
    let parts = parts_of(q);
    let mut alternatives: Vec<Vec<String>> = Vec::new();
    for (n, part) in parts.iter().enumerate() {
        if n == 0 || part.or {
            alternatives.push(Vec::new());
        }
        let words: Vec<&str> = part.words().collect();
        if let Some(alternative) = alternatives.last_mut().filter(|_| !part.left_out && words.len() > 1) {
            alternative.push(in_a_text(&words, n + 1 == parts.len()));
        }
    }
    alternatives.retain(|phrases| !phrases.is_empty());
    alternatives
}

/// A regular expression, in PostgreSQL's kind, for words that stand one after the other in a text; the last of them may only
/// begin one.
pub fn in_a_text(words: &[&str], open_end: bool) -> String {
    let end = if open_end { "" } else { "([\\W_]|$)" };
    format!("(^|[\\W_]){}{end}", words.join("[\\W_]+"))
}

impl<'a> Part<'a> {
    /// Its words.
    pub fn words(&self) -> impl Iterator<Item = &'a str> {
        self.typed.split(is_between_words).filter(|word| has_words(word))
    }
}

/// It is part of no word; a mark belongs to the letter before it.
pub fn is_between_words(c: char) -> bool {
    !c.is_alphanumeric() && !is_combining_mark(c)
}

fn is_or(word: &str) -> bool {
    word.eq_ignore_ascii_case("or")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_within_a_word_are_a_phrase() {
        for (typed, expected) in [
            ("boiler", " boiler"),
            ("2026-0815", " \"2026 0815\""),
            ("Rechnung RE-2026-0815", " Rechnung \"RE 2026 0815\""),
            ("max.mustermann@example.com", " \"max mustermann example com\""),
            ("-Kfz-Steuer Gas", " -\"Kfz Steuer\" Gas"),
            ("\"heating boiler\" or \"x-y\"", " \"heating boiler\" or \"x y\""),
            ("-\"a b\" c", " -\"a b\" c"),
            ("\"or\"", " \"or\""),
            ("Müller’s Straße", " \"Müller s\" Straße"),
            ("Portland-OR-97201 OR.", " \"Portland OR 97201\" \"or\""),
        ] {
            assert_eq!(for_websearch(typed, Within::Together), expected, "{typed}");
        }
        let apart = for_websearch("-a-b OR-2026-0815 \"x-y\" or z", Within::Apart);
        assert_eq!(apart, " -\"a b\" \"or\" 2026 0815 x y or z");
    }

    #[test]
    fn a_phrase_is_found_as_it_is_written() {
        let between = r"[\W_]+";
        let (start, end) = (r"(^|[\W_])", r"([\W_]|$)");
        assert_eq!(as_written("a \"b c\" or d"), [[format!("{start}b{between}c{end}")]]);
        let (first, last) = (format!("{start}a{between}b{end}"), format!("{start}c{between}d"));
        assert_eq!(as_written("a-b c/d"), [[first.clone(), last.clone()]]);
        assert_eq!(as_written("-x-y a-b or c.d"), [[first], [last]]);
        assert_eq!(as_written("-x-y a or b"), [[""; 0]; 0]);
    }

    #[test]
    fn what_is_no_word_asks_for_nothing() {
        for (typed, expected) in [
            ("Rechnung - Mai", " Rechnung Mai"),
            ("- \"a b\"", " \"a b\""),
            ("--x", " -x"),
            (&"-".repeat(400), ""),
            ("|---|---| a", " a"),
            ("% or b", " b"),
            ("a or -", " a"),
            ("a \"\" b", " a b"),
            ("a\"b", " a b"),
        ] {
            assert_eq!(for_websearch(typed, Within::Together), expected, "{typed}");
        }
    }
}
