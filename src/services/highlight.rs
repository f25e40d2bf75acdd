//! The passages of a text that answer a search.
//!
//! PostgreSQL has this too (`ts_headline`), but takes a text apart by its full parser for it: a page of 25 hits cost it
//! 15 ms. What is marked here follows the same rules as what is found: whole words without their accents, and of the last
//! word that was typed also what only begins with it.

mod words;

use self::words::{Initials, fold, runs_in, words_in};
use crate::domain::search::parts_of;
use std::ops::Range;

/// Passages at most, of so many words each; of these, so many before the first hit.
const PASSAGES: usize = 2;
const WORDS: usize = 24;
const WORDS_BEFORE: usize = 6;
/// A passage is no longer than this, in bytes, whatever its words are.
const MAX_BYTES: usize = 480;
/// Hits that are looked at in one text, the sought words' together; each has its share, and a common one leaves the others theirs.
const MAX_HITS: usize = 200;

/// What a search looks for, word by word.
#[derive(Debug, Default)]
pub struct Sought {
    /// Folded.
    words: Vec<String>,
    /// The last of them also as a beginning.
    open_end: bool,
    /// The letters of ASCII with which one of them begins.
    initials: Initials,
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
        for part in parts_of(q) {
            sought.open_end = !part.left_out;
            for at in words_in(part.typed).filter(|_| !part.left_out) {
                let word = fold(&part.typed[at]).into_owned();
                if let Some(first) = word.as_bytes().first() {
                    sought.initials.insert(*first);
                }
                sought.words.push(word);
            }
        }
        sought
    }

    /// A word that begins with this byte is none of them, as by far the most words.
    fn none_begins(&self, first: u8) -> bool {
        first.is_ascii() && !self.initials.contains(first)
    }

    /// Which of the sought words this is.
    fn which(&self, word: &str) -> Option<usize> {
        if word.as_bytes().first().is_some_and(|first| self.none_begins(*first)) {
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
        let hits = self.hits_in(text);
        if hits.is_empty() {
            let in_heading = self.hits_in(heading);
            return match in_heading.first() {
                Some(hit) => marked(heading, &around(heading, hit), &in_heading),
                None => marked(text, &beginning(text), &[]),
            };
        }
        let mut html = String::new();
        for (n, first) in self.best(&hits).into_iter().enumerate() {
            if n > 0 {
                html.push_str(" … ");
            }
            html.push_str(&marked(text, &around(text, &hits[first]), &hits));
        }
        html
    }

    /// The hits in a text, as many as are looked at.
    fn hits_in(&self, text: &str) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut left = vec![(MAX_HITS / self.words.len().max(1)).max(1); self.words.len()];
        let mut word = 0;
        for run in runs_in(text) {
            if run.is_one_word && self.none_begins(text.as_bytes()[run.start]) {
                word += 1;
                continue;
            }
            let end = run.end_in(text);
            for at in words_in(&text[run.start..end]) {
                let at = run.start + at.start..run.start + at.end;
                if let Some(which) = self.which(&text[at.clone()]).filter(|which| left[*which] > 0) {
                    hits.push(Hit { at, word, which });
                    left[which] -= 1;
                    if left.iter().all(|left| *left == 0) {
                        return hits;
                    }
                }
                word += 1;
            }
        }
        hits
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

/// The passage around a hit.
fn around(text: &str, hit: &Hit) -> Range<usize> {
    let before = hit.word.min(WORDS_BEFORE);
    let earliest = text.floor_char_boundary(hit.at.start.saturating_sub(MAX_BYTES / 4));
    // Where fewer words than that are so near, the first of them is cut off.
    let near: Vec<usize> = words_in(&text[earliest..hit.at.start]).map(|word| earliest + word.start).collect();
    let start = match near.len().checked_sub(before) {
        Some(first) => near.get(first).copied().unwrap_or(hit.at.start),
        None => earliest,
    };
    let last = words_in(&text[hit.at.start..]).take(WORDS - before).last();
    let end = hit.at.start + last.map_or(0, |word| word.end);
    start..text.floor_char_boundary(end.min(start + MAX_BYTES))
}

/// The passage with which a text begins.
fn beginning(text: &str) -> Range<usize> {
    let mut words = words_in(text).take(WORDS);
    let Some(first) = words.next() else { return 0..text.floor_char_boundary(MAX_BYTES) };
    let end = words.last().map_or(first.end, |word| word.end);
    first.start..text.floor_char_boundary(end.min(first.start + MAX_BYTES))
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
        fn hits_are_the_words_that_are_sought(q in "([abü]{1,2} ?){0,3}", text in "([abABüß7]{1,9}[ .,\u{301}–]{0,3}){0,60}|[a-cé \u{301}]{0,200}") {
            let sought = Sought::of(&q);
            let hits: Vec<_> = sought.hits_in(&text).into_iter().map(|hit| (hit.word, hit.at, hit.which)).collect();
            let words = words_in(&text).enumerate();
            let expected: Vec<_> =
                words.filter_map(|(word, at)| Some((word, at.clone(), sought.which(&text[at])?))).take(MAX_HITS).collect();
            prop_assert_eq!(hits, expected);
        }

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
