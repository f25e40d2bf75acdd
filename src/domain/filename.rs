//! The name a person gave a file. It lives in a column, never in a path or a key.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// Longest name, in characters; what common file systems take too.
const MAX_CHARS: usize = 255;

/// A file's name: 1 to 255 characters, no path, nothing that can't be printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Text)]
#[serde(transparent)]
#[schema(value_type = String, min_length = 1, max_length = 255)]
pub struct Filename(String);

/// Why a name can't be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FilenameError {
    /// Nothing but white space.
    #[error("The file's name is empty.")]
    Empty,
    /// More than 255 characters.
    #[error("The file's name is longer than 255 characters.")]
    TooLong,
    /// `/`, `\`, `.` or `..`: a path, not a name.
    #[error("The file's name must not contain a path: no / and no \\, and not . or .. alone.")]
    Path,
    /// A NUL, a line break or another control character, or one that turns the direction of writing.
    #[error("The file's name must not contain control characters.")]
    ControlCharacter,
}

/// Characters that change the direction of writing: `fdp.exe` can be made to look like `exe.pdf` with them.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

impl Filename {
    /// The name as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the last dot, in lower case; none for `name`, `.name` and `name.`.
    pub fn extension(&self) -> Option<String> {
        let (stem, extension) = self.0.rsplit_once('.')?;
        (!stem.is_empty() && !extension.is_empty()).then(|| extension.to_lowercase())
    }
}

impl FromStr for Filename {
    type Err = FilenameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.trim_matches(' ');
        if name.trim().is_empty() {
            Err(FilenameError::Empty)
        } else if name.chars().count() > MAX_CHARS {
            Err(FilenameError::TooLong)
        } else if name.contains(['/', '\\']) || name == "." || name == ".." {
            Err(FilenameError::Path)
        } else if name.chars().any(|c| c.is_control() || turns_direction(c)) {
            Err(FilenameError::ControlCharacter)
        } else {
            Ok(Self(name.to_owned()))
        }
    }
}

impl fmt::Display for Filename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ToSql<sql_types::Text, Pg> for Filename {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<sql_types::Text, Pg>::to_sql(self.0.as_str(), &mut out.reborrow())
    }
}

impl FromSql<sql_types::Text, Pg> for Filename {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<sql_types::Text, Pg>>::from_sql(bytes)?;
        Ok(text.parse()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in ["a", "März 2026.pdf", "he said \"no\".txt", "100%.csv", "発票.pdf", ".env", &"ä".repeat(255)] {
            assert_eq!(name.parse::<Filename>().map(|n| n.to_string()), Ok(name.to_owned()));
        }
    }

    #[test]
    fn names_that_attack_or_confuse_are_refused_with_a_reason() {
        for (name, error) in [
            ("", FilenameError::Empty),
            ("   ", FilenameError::Empty),
            (&"a".repeat(256), FilenameError::TooLong),
            ("../../etc/passwd", FilenameError::Path),
            ("..", FilenameError::Path),
            ("C:\\temp\\a.txt", FilenameError::Path),
            ("a\0b", FilenameError::ControlCharacter),
            ("a\r\nSet-Cookie: x", FilenameError::ControlCharacter),
            ("invoice\u{202E}fdp.exe", FilenameError::ControlCharacter),
        ] {
            assert_eq!(name.parse::<Filename>(), Err(error), "{name:?}");
        }
    }

    #[test]
    fn the_extension_is_what_follows_the_last_dot() {
        let extension = |name: &str| name.parse::<Filename>().expect("a name").extension();
        assert_eq!(extension("a.tar.GZ").as_deref(), Some("gz"));
        assert_eq!(extension("a"), None);
        assert_eq!(extension(".env"), None);
        assert_eq!(extension("a."), None);
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_name_that_is_taken_is_no_path_can_be_shown_and_is_taken_again(chars in vec(any::<char>(), 0..300)) {
            let text: String = chars.iter().collect();
            if let Ok(name) = text.parse::<Filename>() {
                let kept = name.as_str();
                prop_assert_eq!(kept, text.trim_matches(' '));
                prop_assert!((1..=MAX_CHARS).contains(&kept.chars().count()));
                prop_assert!(!kept.contains(['/', '\\']) && kept != "." && kept != "..");
                prop_assert!(!kept.chars().any(|c| c.is_control() || turns_direction(c)));
                prop_assert_eq!(kept.parse::<Filename>(), Ok(name.clone()));
            }
        }

        #[test]
        fn an_extension_is_the_end_of_its_name(stem in "[^/\\\\\\pC]{0,20}", end in "[^/\\\\\\pC]{0,20}") {
            let Ok(name) = format!("{stem}.{end}").parse::<Filename>() else { return Ok(()) };
            if let Some(extension) = name.extension() {
                prop_assert!(!extension.is_empty() && !extension.contains('.'));
                let end = [".", &extension].concat();
                prop_assert!(name.as_str().to_lowercase().ends_with(&end));
            }
        }
    }
}
