//! What a search index is built from where the text itself will not do.
//!
//! To PostgreSQL's parser, `<word>` is a tag and no word, and what follows `<script>` or `<style>` is no text at all, to its
//! very end where nothing closes it. Texts come here out of their markup: what is left of it is meant to be read, so
//! each `<` goes in as a blank.
//!
//! PostgreSQL's tsvector holds 1 MiB of words and places, and refuses the row beyond. A long text keeps its beginning
//! with all places (for phrases), and of the rest each word once, which is enough to find the document by it. What has
//! several words in it, as `2026-0815` has, stays together: who looks for it looks for them one after the other.

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
    let shortened = shortened(text);
    let indexed = shortened.as_deref().unwrap_or(text);
    if indexed.contains('<') { Some(indexed.replace('<', " ")) } else { shortened }
}

fn shortened(text: &str) -> Option<String> {
    if text.len() <= WHOLE_BYTES {
        return None;
    }
    let (head, rest) = text.split_at(between_words(text, HEAD_BYTES));
    let mut seen: HashSet<&str> = words(head).collect();
    let mut shortened = head.to_owned();
    let full = HEAD_BYTES + REST_BYTES;
    for written in rest.split_whitespace().map(|written| written.trim_matches(|c: char| !c.is_alphanumeric())) {
        let together = written.len() <= MAX_WORD_BYTES;
        let apart = words(written).filter(|word| !together && word.len() <= MAX_WORD_BYTES);
        for word in Some(written).filter(|_| together).into_iter().chain(apart) {
            if shortened.len() + word.len() + 1 > full {
                return Some(shortened);
            }
            if !word.is_empty() && seen.insert(word) {
                shortened.push(' ');
                shortened.push_str(word);
            }
        }
    }
    Some(shortened)
}

/// The place before `at` where no word is cut in two; what has no such place near is cut where it is.
fn between_words(text: &str, at: usize) -> usize {
    let at = text.floor_char_boundary(at);
    let gap = text[..at].rfind(|c: char| !c.is_alphanumeric()).filter(|gap| at - gap <= MAX_WORD_BYTES);
    gap.unwrap_or(at)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_goes_in_whole() {
        assert_eq!(in_place_of("a few words"), None);
    }

    #[test]
    fn nothing_in_a_text_is_a_tag() {
        assert_eq!(in_place_of("the <script> element").as_deref(), Some("the  script> element"));
        assert!(!in_place_of(&"List<Word> ".repeat(WHOLE_BYTES)).expect("a long one").contains('<'));
    }

    #[test]
    fn a_word_on_the_last_page_of_a_book_is_still_in() {
        let mut book: String = (0..200_000).map(|n| format!("word{} ", n % 5000)).collect();
        book.push_str("Schlusswort");
        let short = in_place_of(&book).expect("too long to go in whole");
        assert!(short.ends_with("Schlusswort"));
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
