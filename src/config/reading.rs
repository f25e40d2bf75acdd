//! `READ_TIMEOUT_SECONDS`, `READ_MEMORY_BYTES`, `READ_MAX_TEXT_BYTES`.

use super::Reader;
use std::time::Duration;

/// The limits under which one file is read.
#[derive(Debug, Clone)]
pub struct ReadingConfig {
    /// CPU time of the reading child; five seconds more by the clock on the wall.
    pub timeout: Duration,
    /// Address space of the reading child, in bytes.
    pub memory_bytes: u64,
    /// Most text kept of one document, in bytes of UTF-8; what is beyond is left out and marked.
    pub max_text_bytes: usize,
}

impl ReadingConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            timeout: reader.seconds("READ_TIMEOUT_SECONDS", 60),
            memory_bytes: reader.value(
                "READ_MEMORY_BYTES",
                1024 * MIB,
                |bytes| (64 * MIB..=1 << 40).contains(bytes),
                "a whole number of bytes, from 67108864 to 1099511627776",
            ),
            // A text column holds 1 GB, and a worker holds the text in memory a few times.
            max_text_bytes: reader.value(
                "READ_MAX_TEXT_BYTES",
                16 * 1024 * 1024,
                |bytes| (1024..=256 * 1024 * 1024).contains(bytes),
                "a whole number of bytes, from 1024 to 268435456",
            ),
        }
    }
}
