//! A search as a person types it: words, phrases in quotes, `or` between two of them, and `-` before what is left out.

/// A word or a phrase of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// As it was typed, without quotes and hyphen. A word may have several in it, as `2026-0815` has.
    pub typed: &'a str,
    /// What is found must not have it.
    pub left_out: bool,
    /// It, or what stands before it.
    pub or: bool,
    quoted: bool,
}

/// Takes a search apart. What has no letter and no digit in it asks for nothing.
pub fn parts_of(q: &str) -> Vec<Part<'_>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    let (mut or, mut left_out) = (false, false);
    let mut add = |typed, left_out, quoted, or: &mut bool| {
        if has_words(typed) {
            parts.push(Part { typed, left_out, or: *or && !parts.is_empty(), quoted });
            *or = false;
        }
    };
    for (n, piece) in q.split('"').enumerate() {
        if n % 2 == 1 {
            add(piece, left_out, true, &mut or);
            continue;
        }
        for word in piece.split_whitespace() {
            if word.eq_ignore_ascii_case("or") {
                or = true;
            } else {
                add(word.trim_start_matches('-'), word.starts_with('-'), false, &mut or);
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

/// The same search for PostgreSQL's `websearch_to_tsquery`. A word that has several in it is a phrase of them, as the index has
/// it: so each of them is found by itself, and the whole as well. Or it is only all of them: the index does not have all places
/// of a long text. What was quoted or is left out is a phrase in any case.
pub fn for_websearch(q: &str, within: Within) -> String {
    let mut text = String::new();
    for Part { typed, left_out, or, quoted } in parts_of(q) {
        let words: Vec<&str> =
            typed.split(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let words = words.join(" ");
        text.push_str(if or { " or " } else { " " });
        text.push_str(if left_out { "-" } else { "" });
        if quoted || words.contains(' ') && (left_out || within == Within::Together) {
            text.push('"');
            text.push_str(&words);
            text.push('"');
        } else {
            text.push_str(&words);
        }
    }
    text
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
            ("Müller’s Straße", " Müller’s Straße"),
        ] {
            assert_eq!(for_websearch(typed, Within::Together), expected, "{typed}");
        }
        let apart = for_websearch("-a-b 2026-0815 \"x-y\" z", Within::Apart);
        assert_eq!(apart, " -\"a b\" 2026 0815 \"x y\" z");
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
            ("a\"b", " a \"b\""),
        ] {
            assert_eq!(for_websearch(typed, Within::Together), expected, "{typed}");
        }
    }
}
