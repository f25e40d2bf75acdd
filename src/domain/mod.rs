//! The words of the vault: values that are parsed once, at the edge, and trusted from then on.
//!
//! Nothing here reads or writes anything. The database types are derived here so that a query can't mix up two ids or
//! store a status nobody knows.

mod cursor;
mod filename;
mod hash;
mod ids;
mod loopback;
mod named;
mod object_key;
mod run;
pub mod search;
mod states;
mod time;
mod topic;

pub use cursor::Cursor;
pub use filename::{Filename, FilenameError};
pub use hash::{ContentHash, ContentHashError, ContentHasher};
pub use ids::{DocumentId, JobId, TopicId};
pub use loopback::is_loopback;
pub(crate) use named::named;
pub use object_key::{ObjectKey, ObjectKeyError};
pub use run::{Run, Selection};
pub use states::{DocumentProblem, DocumentStatus, JobKind, JobState, TextSource, TopicSource, UnknownWord};
pub use time::parse_time;
pub use topic::{Color, TopicName, TopicRuleError};
