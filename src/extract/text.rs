//! The last step of reading: a text is tidied up, and looked at for what it is.

use super::reader::Parsed;
use super::{ReadText, Reading, index_text};
use crate::domain::search::UNSEEN;
use crate::domain::{DocumentProblem, TextSource};

/// What the language is told from, in bytes.
const LANGUAGE_SAMPLE: usize = 8 * 1024;

/// What was made of a file, as it goes into the row.
pub(super) fn finish(parsed: Parsed, thumbnail: Option<Vec<u8>>) -> Reading {
    let Parsed { content_type, about, text, truncated, source, problem } = parsed;
    let about = about.tidied();
    let text = tidy(text);
    // What was read before it went wrong is worth more than the reason.
    let text = if text.contains(char::is_alphanumeric) {
        let sample = &text[..text.floor_char_boundary(LANGUAGE_SAMPLE)];
        // A file may claim any language; what it says counts where its text is too short, or too mixed, to tell.
        let language = whatlang::detect(sample)
            .filter(whatlang::Info::is_reliable)
            .map(|info| info.lang().code())
            .or_else(|| about.named_language())
            .map(ToOwned::to_owned);
        Ok(ReadText {
            truncated,
            search_text: index_text::in_place_of(&text),
            language,
            page_count: about.page_count,
            source: source.unwrap_or(TextSource::Embedded),
            text,
        })
    } else {
        Err(problem.unwrap_or(DocumentProblem::Empty))
    };
    Reading { content_type, about, text, thumbnail }
}

/// Line ends as `\n`, and nothing that nobody sees but that, tab and form feed: PostgreSQL can't hold a NUL, and the others would
/// stand in the middle of words (see [`UNSEEN`]).
fn tidy(text: String) -> String {
    let odd = |c: char| match c {
        '\n' | '\t' | '\u{c}' => false,
        c => c.is_control() || UNSEEN.contains(&c),
    };
    // Most texts are tidy, and long ones are better not held twice.
    if !text.contains(odd) {
        return text;
    }
    let mut tidied = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' => tidied.push('\n'),
            c if odd(c) => {}
            c => tidied.push(c),
        }
    }
    tidied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_out_tidy_and_with_its_language() {
        let text = "The quick brown fox jumps over the lazy dog, and then it goes home to sleep.\r\n\0\u{7}B\u{ad}ye";
        let read = finish(Parsed { text: text.to_owned(), ..Parsed::default() }, None).text.expect("text");
        assert_eq!(read.language.as_deref(), Some("eng"));
        assert!(read.text.ends_with("sleep.\nBye"));
    }

    #[test]
    fn what_a_file_says_of_its_language_counts_where_its_text_does_not_tell() {
        let read = |text: &str, said: &str| {
            let about = crate::extract::About { language: Some(said.to_owned()), ..Default::default() };
            finish(Parsed { text: text.to_owned(), about, ..Parsed::default() }, None).text.expect("text").language
        };
        assert_eq!(read("42 – 7", "de-AT").as_deref(), Some("deu"));
        assert_eq!(read("42 – 7", "eng").as_deref(), Some("eng"));
        assert_eq!(read("42 – 7", "x-klingon"), None);
        let english = "The quick brown fox jumps over the lazy dog, and then it goes home to sleep. It has been a long \
            day, and nobody thought that there would be another one like this.";
        assert_eq!(read(english, "de").as_deref(), Some("eng"));
    }

    #[test]
    fn what_was_read_before_it_went_wrong_is_kept() {
        let read = |text: &str| {
            let problem = Some(DocumentProblem::TimedOut);
            finish(Parsed { text: text.to_owned(), truncated: true, problem, ..Parsed::default() }, None).text
        };
        assert_eq!(read("words").map(|read| (read.text, read.truncated)), Ok(("words".to_owned(), true)));
        assert_eq!(read(" \n").map(|read| read.text), Err(DocumentProblem::TimedOut));
        assert_eq!(finish(Parsed::default(), None).text.map(|read| read.text), Err(DocumentProblem::Empty));
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_tidy_text_can_be_stored_and_stays_as_it_is(chars in vec(prop_oneof![any::<char>(), Just('\r'), Just('\n')], 0..200)) {
            let text: String = chars.into_iter().collect();
            let tidied = tidy(text.clone());
            let unseen = |c: char| c.is_control() || UNSEEN.contains(&c);
            let printable = |c: char| !unseen(c) || matches!(c, '\n' | '\t' | '\u{c}');
            prop_assert!(tidied.chars().all(printable));
            prop_assert!(tidied.len() <= text.len());
            // Nothing else is lost, and no end of a line.
            let lines = text.replace("\r\n", "\n").replace('\r', "\n");
            prop_assert_eq!(&tidied, &lines.chars().filter(|c| printable(*c)).collect::<String>());
            prop_assert_eq!(tidy(tidied.clone()), tidied);
        }

        // Letters of one to four bytes, so that the sample for the language ends within one of them.
        #[test]
        fn a_text_is_one_where_there_is_a_word_in_it(text in "[aß発𝔸]{0,8}[ .\\f]{0,3}", times in 1..2000_usize) {
            let text = text.repeat(times);
            let read = finish(Parsed { text: text.clone(), ..Parsed::default() }, None).text;
            prop_assert_eq!(read.is_ok(), text.chars().any(char::is_alphanumeric));
            if let Ok(read) = read {
                prop_assert_eq!(read.text, text);
                prop_assert!(read.language.is_none_or(|code| code.len() == 3));
            }
        }
    }
}
