//! The SHA-256 of a document's bytes: its identity for duplicates, and its ETag.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// A SHA-256, 32 bytes; printed as 64 lower-case hexadecimal digits.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, AsExpression, FromSqlRow,
)]
#[diesel(sql_type = sql_types::Binary)]
#[serde(try_from = "String", into = "String")]
pub struct ContentHash([u8; 32]);

/// A text that is no SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 has 64 hexadecimal digits")]
pub struct ContentHashError;

impl FromStr for ContentHash {
    type Err = ContentHashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| ContentHashError)?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for ContentHash {
    type Error = ContentHashError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> Self {
        hash.to_string()
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl ToSql<sql_types::Binary, Pg> for ContentHash {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<sql_types::Binary, Pg>::to_sql(self.0.as_slice(), &mut out.reborrow())
    }
}

impl FromSql<sql_types::Binary, Pg> for ContentHash {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<sql_types::Binary, Pg>>::from_sql(bytes)?;
        Ok(Self(bytes.try_into().map_err(|_| "a SHA-256 has 32 bytes")?))
    }
}

/// Hashes bytes as they flow by.
#[derive(Default)]
pub struct ContentHasher(Sha256);

impl ContentHasher {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all bytes taken.
    pub fn finish(self) -> ContentHash {
        ContentHash(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_what_flows_by_as_fips_180_4_says() {
        let mut hasher = ContentHasher::default();
        hasher.update(b"a");
        hasher.update(b"bc");
        assert_eq!(hasher.finish().to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_hash_does_not_hang_on_how_its_bytes_come(pieces: Vec<Vec<u8>>) {
            let (mut apart, mut whole) = (ContentHasher::default(), ContentHasher::default());
            pieces.iter().for_each(|piece| apart.update(piece));
            whole.update(&pieces.concat());
            let hash = apart.finish();
            prop_assert_eq!(hash, whole.finish());
            prop_assert_eq!(hex::decode(hash.to_string()).ok(), Some(hash.0.to_vec()));
        }

        #[test]
        fn only_64_digits_are_a_hash(bytes: [u8; 32], nearly in "[0-9a-fA-FgG]{62,66}") {
            let text = hex::encode(bytes);
            prop_assert_eq!(text.parse::<ContentHash>(), Ok(ContentHash(bytes)));
            prop_assert_eq!(text.to_uppercase().parse::<ContentHash>(), Ok(ContentHash(bytes)));
            let right = nearly.len() == 64 && nearly.bytes().all(|b| b.is_ascii_hexdigit());
            prop_assert_eq!(nearly.parse::<ContentHash>().is_ok(), right);
        }
    }
}
