//! What a search index is built from where the text itself will not do.
//!
//! PostgreSQL's tsvector holds 1 MiB of words and places, and refuses the row beyond. A long text keeps its beginning
//! with all places (for phrases), and of the rest each word once, which is enough to find the document by it.

use crate::domain::search::is_between_words;
use std::collections::HashSet;

/// A text up to this many bytes goes in as it is. Hyphenated words count up to fourfold (whole, parts, places).
const WHOLE_BYTES: usize = 192 * 1024;
/// Of a longer one, this much of its beginning …
const HEAD_BYTES: usize = 128 * 1024;
/// … and this many bytes of words that come later.
const REST_BYTES: usize = 64 * 1024 + 32 * 1024;
/// A longer word is no word.
const MAX_WORD_BYTES: usize = 64;

/// The text to index in place of another; none where the text itself will do.
pub fn in_place_of(text: &str) -> Option<String> {
    if text.len() <= WHOLE_BYTES {
        return None;
    }
    let (head, rest) = text.split_at(between_words(text, HEAD_BYTES));
    let mut seen: HashSet<&str> = words(head).collect();
    let mut shortened = head.to_owned();
    for word in words(rest).filter(|word| word.len() <= MAX_WORD_BYTES) {
        if shortened.len() + word.len() + 1 > HEAD_BYTES + REST_BYTES {
            break;
        }
        if seen.insert(word) {
            shortened.push(' ');
            shortened.push_str(word);
        }
    }
    Some(shortened)
}

/// The place before `at` where no word is cut in two; what has no such place near is cut where it is.
fn between_words(text: &str, at: usize) -> usize {
    let at = text.floor_char_boundary(at);
    let gap = text[..at].rfind(is_between_words).filter(|gap| at - gap <= MAX_WORD_BYTES);
    gap.unwrap_or(at)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_between_words).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_goes_in_whole() {
        assert_eq!(in_place_of("a few words"), None);
    }

    /// Each line of a log has a time of its own, and they would take all the room.
    #[test]
    fn what_has_several_words_in_it_goes_in_word_by_word() {
        let time = |n: usize| format!("2026-03-{:02}T{:02}:{:02}:{:02}Z tick\n", n % 28 + 1, n % 24, n % 60, n % 59);
        let log: String = (0..30_000).map(time).collect::<String>() + "Schlusswort";
        assert!(in_place_of(&log).expect("a long one").ends_with("Schlusswort"));
    }

    #[test]
    fn a_word_on_the_last_page_of_a_book_is_still_in() {
        let mut book: String = (0..200_000).map(|n| format!("word{} ", n % 5000)).collect();
        book.push_str("Mu\u{308}ller Schlusswort");
        let short = in_place_of(&book).expect("too long to go in whole");
        assert!(short.ends_with("Mu\u{308}ller Schlusswort"));
        assert!(short.len() <= HEAD_BYTES + REST_BYTES);
        assert_eq!(short.matches("word4999 ").count(), book[..HEAD_BYTES].matches("word4999 ").count());
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.div_ceil(32), ..ProptestConfig::default() })]

        #[test]
        fn what_is_indexed_is_bounded_and_has_whole_words_of_the_text(
            words in vec("[a-zäß発]{1,15}[ ,.-]{1,3}", 1..50),
            last in "[a-z]{3,60}",
        ) {
            let once = words.concat();
            let text = once.repeat(WHOLE_BYTES / once.len() + 1) + &last;
            let Some(short) = in_place_of(&text) else { return Err(TestCaseError::fail("it is too long to go in whole")) };
            prop_assert!(short.len() <= HEAD_BYTES + REST_BYTES);
            prop_assert!(text.starts_with(&short[..short.floor_char_boundary(HEAD_BYTES - MAX_WORD_BYTES)]));
            // All of them have room, and none is cut in two.
            let all = once.clone() + &last;
            prop_assert_eq!(super::words(&short).collect::<HashSet<_>>(), super::words(&all).collect());
        }
    }
}
