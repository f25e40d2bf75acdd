//! The passages of a text that answer a search.
//!
//! PostgreSQL has this too (`ts_headline`), but takes a text apart by its full parser for it: a page of 25 hits cost it
//! 15 ms. What is marked here follows the same rules as what is found: whole words without their accents, and of the last
//! word that was typed also what only begins with it.

use std::borrow::Cow;
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Passages at most, of so many words each; of these, so many before the first hit.
const PASSAGES: usize = 2;
const WORDS: usize = 24;
const WORDS_BEFORE: usize = 6;
/// A passage is no longer than this, in bytes, whatever its words are.
const MAX_BYTES: usize = 480;
/// Hits that are looked at in one text.
const MAX_HITS: usize = 200;

/// What a search looks for, word by word.
#[derive(Debug, Default)]
pub struct Sought {
    /// Folded.
    words: Vec<String>,
    /// The last of them also as a beginning.
    open_end: bool,
}

/// A word of a text that is sought: where it stands, its number among the text's words, and which it is.
struct Hit {
    at: Range<usize>,
    word: usize,
    which: usize,
}

impl Sought {
    /// Reads a search as `search_query` of the database does: quotes hold a phrase, `or` joins, and `-` leaves out.
    pub fn of(q: &str) -> Self {
        let mut sought = Self::default();
        let mut left_out = false;
        for (n, piece) in q.split('"').enumerate() {
            if n % 2 == 1 {
                sought.add(piece, left_out);
                continue;
            }
            for word in piece.split_whitespace().filter(|word| !word.eq_ignore_ascii_case("or")) {
                sought.add(word, word.starts_with('-'));
            }
            // For the phrase that follows.
            left_out = piece.ends_with('-');
        }
        sought
    }

    fn add(&mut self, piece: &str, left_out: bool) {
        if left_out {
            self.open_end = false;
        } else {
            let before = self.words.len();
            self.words.extend(words_in(piece).map(|at| fold(&piece[at]).into_owned()));
            self.open_end |= self.words.len() > before;
        }
    }

    /// Which of the sought words this is.
    fn which(&self, word: &str) -> Option<usize> {
        // By far the most words are none of them, and ASCII says so at once.
        let first = word.as_bytes().first().filter(|byte| byte.is_ascii());
        let begins_alike =
            |sought: &String| sought.as_bytes().first().zip(first).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b));
        if first.is_some() && word.is_ascii() && !self.words.iter().any(begins_alike) {
            return None;
        }
        let folded = fold(word);
        let last = self.words.len().wrapping_sub(1);
        let begins =
            |beginning: &str| folded.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning));
        self.words
            .iter()
            .enumerate()
            .position(|(n, sought)| begins(sought) && (folded.len() == sought.len() || n == last && self.open_end))
    }

    /// The passages of a text that answer the search best, as HTML that is safe to show: all is escaped, and hits stand
    /// between `<mark>` and `</mark>`. Where the text has none but the heading does, that; else the text's beginning.
    pub fn passages(&self, heading: &str, text: &str) -> String {
        let (words, hits) = self.hits_in(text);
        if hits.is_empty() {
            let (heading_words, in_heading) = self.hits_in(heading);
            return match in_heading.first() {
                Some(hit) => marked(heading, &around(heading, &heading_words, hit.word), &in_heading),
                None => marked(text, &around(text, &words, 0), &[]),
            };
        }
        let mut html = String::new();
        for (n, first) in self.best(&hits).into_iter().enumerate() {
            if n > 0 {
                html.push_str(" … ");
            }
            html.push_str(&marked(text, &around(text, &words, hits[first].word), &hits));
        }
        html
    }

    /// All words of a text, up to some behind the last hit that is looked at, and the hits.
    fn hits_in(&self, text: &str) -> (Vec<Range<usize>>, Vec<Hit>) {
        let (mut words, mut hits) = (Vec::new(), Vec::new());
        let mut rest = usize::MAX;
        for at in words_in(text) {
            if let Some(which) = self.which(&text[at.clone()]).filter(|_| hits.len() < MAX_HITS) {
                hits.push(Hit { at: at.clone(), word: words.len(), which });
                if hits.len() == MAX_HITS {
                    rest = words.len() + WORDS;
                }
            }
            words.push(at);
            if words.len() > rest {
                break;
            }
        }
        (words, hits)
    }

    /// The hits with which the best passages begin, in the order of the text: those with the most of the sought words,
    /// and of equals the first.
    fn best(&self, hits: &[Hit]) -> Vec<usize> {
        let reach = |first: usize| {
            hits[first..].iter().take_while(move |hit| hit.word < hits[first].word + WORDS - WORDS_BEFORE)
        };
        let worth = |first: usize| {
            let mut found = vec![false; self.words.len()];
            reach(first).for_each(|hit| found[hit.which] = true);
            found.into_iter().filter(|found| *found).count()
        };
        let mut by_worth: Vec<(usize, usize)> = (0..hits.len()).map(|first| (first, worth(first))).collect();
        by_worth.sort_by_key(|(first, worth)| (std::cmp::Reverse(*worth), *first));
        let mut chosen: Vec<usize> = Vec::new();
        for (first, _) in by_worth {
            let far = |other: &usize| hits[*other].word.abs_diff(hits[first].word) >= WORDS;
            if chosen.len() < PASSAGES && chosen.iter().all(far) {
                chosen.push(first);
            }
        }
        chosen.sort_unstable();
        chosen
    }
}

/// Where the words of a text stand.
fn words_in(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(char::is_alphanumeric)?;
        let bytes = text.as_bytes();
        // Most texts are ASCII for most of their way.
        let ascii = bytes[start..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        at = start + ascii;
        if bytes.get(at).is_some_and(|byte| !byte.is_ascii()) {
            // A mark belongs to the letter before it.
            let more = text[at..].find(|c: char| !c.is_alphanumeric() && !is_combining_mark(c));
            at += more.unwrap_or(text.len() - at);
        }
        Some(start..at)
    })
}

/// A word in lower case and without accents. ASCII stays as it is, and is compared without regard to case.
fn fold(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        return Cow::Borrowed(word);
    }
    let mut folded = String::with_capacity(word.len());
    for c in word.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' => folded.push('d'),
            c => folded.push(c),
        }
    }
    Cow::Owned(folded)
}

/// The passage around the word of this number.
fn around(text: &str, words: &[Range<usize>], word: usize) -> Range<usize> {
    let Some(centre) = words.get(word) else { return 0..text.floor_char_boundary(MAX_BYTES) };
    let first = word.saturating_sub(WORDS_BEFORE);
    let last = (first + WORDS).min(words.len()) - 1;
    let earliest = text.floor_char_boundary(centre.start.saturating_sub(MAX_BYTES / 4));
    let start = words[first].start.max(earliest);
    start..text.floor_char_boundary(words[last].end.min(start + MAX_BYTES))
}

/// A passage as HTML: escaped, its white space made one blank each, its hits marked.
fn marked(text: &str, passage: &Range<usize>, hits: &[Hit]) -> String {
    let mut html = String::with_capacity(passage.len() + 32);
    let mut at = passage.start;
    for hit in hits.iter().filter(|hit| hit.at.start >= passage.start && hit.at.end <= passage.end) {
        escape(&text[at..hit.at.start], &mut html);
        html.push_str("<mark>");
        escape(&text[hit.at.clone()], &mut html);
        html.push_str("</mark>");
        at = hit.at.end;
    }
    escape(&text[at..passage.end], &mut html);
    html
}

fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c if c.is_whitespace() || c.is_control() => {
                if !html.ends_with(' ') {
                    html.push(' ');
                }
            }
            c => html.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passages(q: &str, text: &str) -> String {
        Sought::of(q).passages("a heading", text)
    }

    #[test]
    fn what_was_typed_is_marked_as_it_is_found() {
        for (q, text, expected) in [
            ("boiler", "The Boiler, again.", "The <mark>Boiler</mark>, again"),
            // The last word also as a beginning; the others whole.
            ("heat boil", "heating heat boilers", "heating <mark>heat</mark> <mark>boilers</mark>"),
            ("muller", "Herr Müller", "Herr <mark>Müller</mark>"),
            ("Straße", "in der Strasse", "in der <mark>Strasse</mark>"),
            ("straße", "in der STRASSE 5", "in der <mark>STRASSE</mark> 5"),
            ("cafe", "le cafe\u{301} noir", "le <mark>cafe\u{301}</mark> noir"),
            ("landlord or tenant", "or the tenant", "or the <mark>tenant</mark>"),
            ("\"hot water\" -cold", "cold and hot water", "cold and <mark>hot</mark> <mark>water</mark>"),
            ("water -\"cold pipe\"", "a cold pipe, water", "a cold pipe, <mark>water</mark>"),
            // What is left out ends the search: nothing is open then.
            ("wat -cold", "water wat", "water <mark>wat</mark>"),
            ("tax_2025.pdf", "see tax 2025", "see <mark>tax</mark> <mark>2025</mark>"),
            ("nowhere", "The beginning\n\n stands in.", "The beginning stands in"),
            ("head", "a text", "a <mark>heading</mark>"),
            ("-", "a text", "a text"),
            ("x", "", ""),
        ] {
            assert_eq!(passages(q, text), expected, "{q}");
        }
    }

    #[test]
    fn the_passage_with_the_most_of_what_is_sought_is_shown_and_one_more() {
        let filler = "lorem ipsum dolor sit amet ".repeat(20);
        let text = format!("tax alone {filler} tax and rent together {filler} rent at the end");
        let html = passages("rent tax", &text);
        assert!(html.contains("<mark>tax</mark> and <mark>rent</mark> together"), "{html}");
        assert_eq!(html.matches(" … ").count(), 1, "{html}");
        assert!(html.len() < 2 * MAX_BYTES, "{html}");
    }

    #[test]
    fn a_word_without_an_end_costs_no_more_than_a_passage() {
        let text = "a".repeat(100_000);
        assert!(passages("a", &text).len() <= MAX_BYTES + 20);
        assert!(passages("b", &text).len() <= MAX_BYTES);
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_but_closed_marks_is_markup(q in "\\PC{0,20}", text in "(\\PC|[<>&ab \u{301}]){0,400}") {
            let html = Sought::of(&q).passages(&q, &text);
            let mut pieces = html.split("<mark>");
            prop_assert!(!pieces.next().unwrap_or_default().contains(['<', '>', '"', '\'']));
            for piece in pieces {
                let (marked, rest) = piece.split_once("</mark>").ok_or_else(|| TestCaseError::fail(html.clone()))?;
                prop_assert!(!marked.contains(['<', '>', '"', '\'']) && !rest.contains(['<', '>', '"', '\'']), "{}", html);
            }
        }
    }
}
