//! `BIND_ADDR`, `MAX_UPLOAD_BYTES`, `UPLOAD_MEMORY_BYTES`, `UPLOAD_TIMEOUT_SECONDS`, `BODY_IDLE_SECONDS`.

use super::Reader;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// 10,000 parts of 8 MiB: more than that an S3 multipart upload can't hold.
const LARGEST_UPLOAD: u64 = 10_000 * 8 * 1024 * 1024;

/// Settings of the HTTP interface.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Where `serve` listens.
    pub bind_addr: SocketAddr,
    /// Largest file taken, in bytes.
    pub max_upload_bytes: u64,
    /// Memory that all uploads together may take, in bytes.
    pub upload_memory_bytes: u64,
    /// Longest time that a request's body may take.
    pub body_timeout: Duration,
    /// Longest wait for the next bytes of a body.
    pub body_idle: Duration,
}

impl HttpConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            bind_addr: reader.value(
                "BIND_ADDR",
                SocketAddr::from((Ipv4Addr::LOCALHOST, 8000)),
                |_| true,
                "an address and a port, such as 127.0.0.1:8000",
            ),
            max_upload_bytes: reader.value(
                "MAX_UPLOAD_BYTES",
                5 * 1024 * 1024 * 1024,
                |bytes| (1..=LARGEST_UPLOAD).contains(bytes),
                "a whole number of bytes, from 1 to 83886080000",
            ),
            upload_memory_bytes: reader.value(
                "UPLOAD_MEMORY_BYTES",
                192 * 1024 * 1024,
                // Three quarters are for parts, and one large upload takes 16 MiB and a little.
                |bytes| (64 * 1024 * 1024..=1 << 40).contains(bytes),
                "a whole number of bytes, from 67108864 to 1099511627776",
            ),
            body_timeout: reader.seconds("UPLOAD_TIMEOUT_SECONDS", 6 * 3600),
            body_idle: reader.seconds("BODY_IDLE_SECONDS", 30),
        }
    }
}
