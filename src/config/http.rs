//! `BIND_ADDR`, `MAX_UPLOAD_BYTES`.

use super::Reader;
use std::net::{Ipv4Addr, SocketAddr};

/// 10,000 parts of 8 MiB: more than that an S3 multipart upload can't hold.
const LARGEST_UPLOAD: u64 = 10_000 * 8 * 1024 * 1024;

/// Settings of the HTTP interface.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Where `serve` listens.
    pub bind_addr: SocketAddr,
    /// Largest file taken, in bytes.
    pub max_upload_bytes: u64,
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
        }
    }
}
