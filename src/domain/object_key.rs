//! Keys in the object store: `{user_id}/{document_id}/{uuid4}{ext}` (D-06).
//!
//! Invariant: an [`ObjectKey`] is made by [`ObjectKey::generate`] alone, or read back from where one was stored. It
//! never carries a file's name, and it never changes. The column's CHECK says the same once more.

use super::{DocumentId, Filename};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types;
use std::fmt;
use std::str::FromStr;
use uuid::{Uuid, Version};

/// Longest extension a key carries, without its dot.
const MAX_EXTENSION: usize = 10;

/// Where a document's bytes lie in the bucket. Keys are in the order of their bytes: so does a store list them, and so
/// does the column sort them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Text)]
pub struct ObjectKey(String);

/// A text that is no object key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an object key of the form user/document/uuid4.ext")]
pub struct ObjectKeyError;

impl ObjectKey {
    /// A fresh key for a document that nobody owns yet (its first part is the nil UUID). Of the file's name only a
    /// plain extension goes in: ASCII letters and digits, lower case, at most ten.
    pub fn generate(document: DocumentId, filename: &Filename) -> Self {
        let extension = match filename.extension() {
            Some(extension) if is_extension(&extension) => format!(".{extension}"),
            _ => String::new(),
        };
        Self(format!("{}/{document}/{}{extension}", Uuid::nil(), Uuid::new_v4()))
    }

    /// The document whose bytes lie here: the key's second part.
    pub fn document(&self) -> DocumentId {
        // A key of any other form can't be made.
        self.0.split('/').nth(1).and_then(parse_uuid).unwrap_or_default().into()
    }

    /// A fresh key for the picture of a document's first page.
    pub fn generate_for_thumbnail(document: DocumentId) -> Self {
        Self(format!("{}/{document}/{}.webp", Uuid::nil(), Uuid::new_v4()))
    }

    /// The part that no other key has: the third, without its extension.
    pub fn random_part(&self) -> &str {
        let last = self.0.rsplit('/').next().unwrap_or_default();
        last.split_once('.').map_or(last, |(random, _)| random)
    }

    /// The key as the object store sees it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_extension(text: &str) -> bool {
    (1..=MAX_EXTENSION).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// Reads a UUID in the one spelling keys use: lower case, with hyphens.
fn parse_uuid(text: &str) -> Option<Uuid> {
    let uuid = Uuid::try_parse(text).ok()?;
    (uuid.hyphenated().to_string() == text).then_some(uuid)
}

impl FromStr for ObjectKey {
    type Err = ObjectKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let mut parts = text.split('/');
            parse_uuid(parts.next()?)?;
            parse_uuid(parts.next()?)?;
            let (name, extension) = match parts.next()?.split_once('.') {
                Some((name, extension)) => (name, Some(extension)),
                None => (text.rsplit('/').next()?, None),
            };
            let random = parse_uuid(name)?;
            let whole = parts.next().is_none()
                && random.get_version() == Some(Version::Random)
                && extension.is_none_or(is_extension);
            whole.then(|| Self(text.to_owned()))
        };
        parse().ok_or(ObjectKeyError)
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ToSql<sql_types::Text, Pg> for ObjectKey {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<sql_types::Text, Pg>::to_sql(self.0.as_str(), &mut out.reborrow())
    }
}

impl FromSql<sql_types::Text, Pg> for ObjectKey {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<sql_types::Text, Pg>>::from_sql(bytes)?;
        Ok(text.parse()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_for(name: &str) -> String {
        let name = name.parse::<Filename>().expect("a valid name");
        ObjectKey::generate(DocumentId::generate(), &name).to_string()
    }

    #[test]
    fn a_key_carries_nothing_of_the_name_but_a_plain_extension() {
        for (name, extension) in [
            ("Lohnabrechnung März.PDF", ".pdf"),
            ("archive.tar.gz", ".gz"),
            ("README", ""),
            (".bashrc", ""),
            ("odd.p d f", ""),
            ("long.abcdefghijk", ""),
            ("umlaut.öff", ""),
        ] {
            let key = key_for(name);
            let (_, last) = key.rsplit_once('/').expect("three parts");
            assert_eq!(&last[36..], extension, "{name}");
            assert!(key.starts_with("00000000-0000-0000-0000-000000000000/"));
            assert_eq!(key.parse::<ObjectKey>().map(|k| k.to_string()), Ok(key));
        }
    }

    #[test]
    fn a_key_names_its_document() {
        let id = DocumentId::generate();
        let name = "a.pdf".parse::<Filename>().expect("a valid name");
        assert_eq!(ObjectKey::generate(id, &name).document(), id);
    }

    #[test]
    fn anything_else_is_refused() {
        let good = key_for("a.pdf");
        for bad in [
            "",
            "a/b/c",
            &good.to_uppercase(),
            &format!("{good}/x"),
            &format!("/{good}"),
            &good.replace(".pdf", ".p-f"),
            &good.replace(".pdf", "."),
            &good.replace('/', "//"),
            &format!("{0}/{0}/{0}", Uuid::nil()),
        ] {
            assert_eq!(bad.parse::<ObjectKey>(), Err(ObjectKeyError), "{bad}");
        }
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// Some key, and a few of its characters changed.
    fn nearly_a_key() -> impl Strategy<Value = String> {
        let edits = vec(
            (0..120_usize, prop_oneof![Just('/'), Just('.'), Just('-'), Just('%'), Just('A'), any::<char>()]),
            0..4,
        );
        ("[0-9a-f]{32}", "(\\.[a-z0-9]{1,12})?", edits).prop_map(|(uuid, extension, edits)| {
            let uuid = Uuid::parse_str(&uuid).unwrap_or_default();
            let random = uuid::Builder::from_random_bytes(*uuid.as_bytes()).into_uuid();
            let mut key: Vec<char> = format!("{}/{uuid}/{random}{extension}", Uuid::nil()).chars().collect();
            for (at, c) in edits {
                let at = at % key.len();
                key[at] = c;
            }
            key.into_iter().collect()
        })
    }

    proptest! {
        #[test]
        fn whatever_the_name_a_key_is_made_that_is_one(chars in vec(any::<char>(), 1..255), id: u128) {
            let name: String = chars.iter().collect();
            let Ok(name) = name.parse::<Filename>() else { return Ok(()) };
            let document = DocumentId::from(Uuid::from_u128(id));
            let key = ObjectKey::generate(document, &name);
            prop_assert_eq!(key.as_str().parse::<ObjectKey>(), Ok(key.clone()));
            let prefix = format!("{}/{document}/", Uuid::nil());
            prop_assert!(key.as_str().starts_with(&prefix));
        }

        #[test]
        fn what_is_read_as_a_key_is_spelled_as_one_and_climbs_nowhere(text in nearly_a_key(), other: String) {
            for text in [text, other] {
                let Ok(key) = text.parse::<ObjectKey>() else { continue };
                prop_assert_eq!(key.to_string(), text.clone());
                prop_assert_eq!(text.split('/').count(), 3);
                prop_assert!(text.split('/').all(|part| part.len() >= 36 && !part.starts_with('.')));
                prop_assert!(text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"/-.".contains(&b)));
            }
        }
    }
}
