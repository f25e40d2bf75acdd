//! What a file says of itself.

use super::frames;
use chrono::{DateTime, Utc};

/// Longest title and author that are believed to be ones, in characters: as long as their columns are.
const MAX_CHARS: usize = 500;
/// Titles that programs give what has none.
const NO_TITLES: &[&str] =
    &["untitled", "unbenannt", "document", "dokument", "presentation", "slide 1", "sheet1", "(anonymous)"];
/// What programs put before the title: the name of their own kind of file.
const PREFIXES: &[&str] = &["Microsoft Word - ", "Microsoft PowerPoint - ", "Microsoft Excel - "];

/// What a file says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Its title.
    pub title: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// When it was written.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was last changed.
    pub modified_at: Option<DateTime<Utc>>,
    /// Pages, where the format has them.
    pub page_count: Option<i32>,
    /// The language that it says it is in, as BCP 47 (`de-AT`) or ISO 639.
    pub language: Option<String>,
}

/// ISO 639-1 and -3 of the languages that a file may name: those that words are cut in (`ai/words.rs`).
const LANGUAGES: &[(&str, &str)] = &[
    ("ar", "ara"),
    ("da", "dan"),
    ("de", "deu"),
    ("el", "ell"),
    ("en", "eng"),
    ("es", "spa"),
    ("fi", "fin"),
    ("fr", "fra"),
    ("hu", "hun"),
    ("it", "ita"),
    ("nb", "nob"),
    ("nl", "nld"),
    ("no", "nob"),
    ("pt", "por"),
    ("ro", "ron"),
    ("ru", "rus"),
    ("sv", "swe"),
    ("ta", "tam"),
    ("tr", "tur"),
];

impl About {
    /// The language that it says it is in, as ISO 639-3, where that is one that is known here.
    pub(super) fn named_language(&self) -> Option<&'static str> {
        let named = self.language.as_deref()?.to_lowercase();
        let primary = named.split(['-', '_']).next()?;
        LANGUAGES.iter().find(|(two, three)| primary == *two || primary == *three).map(|(_, three)| *three)
    }
}

impl From<frames::About> for About {
    fn from(said: frames::About) -> Self {
        let frames::About { title, author, created, modified, pages, language, .. } = said;
        let page_count = pages.and_then(|pages| i32::try_from(pages).ok());
        Self { title, author, created_at: created, modified_at: modified, page_count, language }
    }
}

impl About {
    /// Without what nobody means: a file may say anything of itself.
    pub(super) fn tidied(self) -> Self {
        let title = self.title.as_deref().map(|title| {
            let plain = PREFIXES.iter().find_map(|prefix| title.trim_start().strip_prefix(prefix));
            plain.unwrap_or(title)
        });
        let title = title.and_then(line).filter(|title| !NO_TITLES.contains(&title.to_lowercase().as_str()));
        Self {
            title,
            author: self.author.as_deref().and_then(line),
            created_at: self.created_at.and_then(stored),
            modified_at: self.modified_at.and_then(stored),
            page_count: self.page_count.filter(|pages| *pages > 0),
            language: self.language,
        }
    }
}

/// One line of words; none where there is no letter and no digit in it.
fn line(text: &str) -> Option<String> {
    let words: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = words.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(MAX_CHARS).collect();
    line.contains(char::is_alphanumeric).then(|| line.trim_end().to_owned())
}

/// A time that PostgreSQL can hold and a person can mean.
fn stored(time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    use chrono::Datelike;
    (1..=9999).contains(&time.year()).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(text: &str) -> Option<String> {
        About { title: Some(text.to_owned()), ..About::default() }.tidied().title
    }

    #[test]
    fn a_title_is_one_that_a_person_could_mean() {
        assert_eq!(title("  Tax\u{0}  return\n2026 ").as_deref(), Some("Tax return 2026"));
        assert_eq!(title("Microsoft Word - offer.doc").as_deref(), Some("offer.doc"));
        for nothing in ["", "  ", "Untitled", "---", "Dokument"] {
            assert_eq!(title(nothing), None, "{nothing}");
        }
        assert_eq!(title(&"ä".repeat(2000)).map(|title| title.chars().count()), Some(500));
    }

    #[test]
    fn a_time_outside_all_calendars_is_none() {
        let about = About { created_at: Some(DateTime::<Utc>::MIN_UTC), page_count: Some(-3), ..About::default() };
        assert_eq!(about.tidied(), About::default());
    }
}
