//! Where the next page of a list begins: the last row's sort key and its id, opaque to the client.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A place in a sorted list. It holds the sort it was made under: a cursor of one order means nothing in another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The order of the list, as the client named it.
    pub sort: String,
    /// The sort key of the last row, as text.
    pub key: String,
    /// The id of the last row: breaks ties.
    pub id: Uuid,
}

impl Cursor {
    /// The cursor as it travels: base64url over JSON.
    pub fn encode(&self) -> String {
        // A struct of two strings and a UUID always serialises.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads a cursor back, if it is one and was made under `sort`.
    pub fn decode(text: &str, sort: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let cursor: Self = serde_json::from_slice(&bytes).ok()?;
        // PostgreSQL's text can't hold a NUL.
        (cursor.sort == sort && !cursor.key.contains('\0')).then_some(cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_under_its_own_sort_only() {
        let cursor = Cursor { sort: "-size".into(), key: "42".into(), id: Uuid::nil() };
        assert_eq!(Cursor::decode(&cursor.encode(), "-size"), Some(cursor.clone()));
        assert_eq!(Cursor::decode(&cursor.encode(), "size"), None);
        for bad in ["", "x", "e30", "%%%"] {
            assert_eq!(Cursor::decode(bad, "-size"), None, "{bad}");
        }
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_comes_back_as_it_was(sort: String, key: String, id: u128) {
            let cursor = Cursor { sort, key, id: Uuid::from_u128(id) };
            prop_assert_eq!(Cursor::decode(&cursor.encode(), &cursor.sort), Some(cursor.clone()));
            let other = format!("{}.", cursor.sort);
            prop_assert_eq!(Cursor::decode(&cursor.encode(), &other), None);
        }

        #[test]
        fn what_is_no_cursor_is_refused(text: String, bytes: Vec<u8>, json in "\\{\"sort\":\"size\",.{0,60}\\}") {
            for text in [text, URL_SAFE_NO_PAD.encode(bytes), URL_SAFE_NO_PAD.encode(json)] {
                if let Some(cursor) = Cursor::decode(&text, "size") {
                    prop_assert!(cursor.sort == "size" && !cursor.key.contains('\0'));
                }
            }
        }
    }
}
