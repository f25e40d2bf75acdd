//! `MINIO_ENDPOINT`, `MINIO_BUCKET`, `MINIO_ACCESS_KEY`, `MINIO_SECRET_KEY`, `MINIO_REGION`, `MINIO_KEY_PREFIX`.
//!
//! The names keep MINIO_ because MinIO is the store of choice; any S3 service works behind them.
//! `MINIO_ROOT_USER` and `MINIO_ROOT_PASSWORD` are for the set-up alone and never read here.

use super::Reader;
use secrecy::SecretString;
use url::Url;

/// How to reach the object store.
#[derive(Debug, Clone)]
pub struct StorageConfig {
    /// Scheme, host and port of the S3 service.
    pub endpoint: String,
    /// The one bucket.
    pub bucket: String,
    /// Access key of a user with rights on that bucket alone (D-15).
    pub access_key: SecretString,
    /// Its secret.
    pub secret_key: SecretString,
    /// The region requests are signed for.
    pub region: String,
    /// Put in front of every key, where several vaults share one bucket; empty otherwise.
    pub key_prefix: String,
}

impl StorageConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let plain = |text: &String| {
            text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._".contains(&b))
                && !text.starts_with('.')
        };
        let endpoint = reader.url("MINIO_ENDPOINT", &["http", "https"]);
        let is_bare = |url: &Url| {
            let more = url.query().or(url.fragment()).or(url.password());
            url.path() == "/" && url.username().is_empty() && more.is_none()
        };
        if endpoint.as_ref().is_some_and(|url| !is_bare(url)) {
            reader.problem("MINIO_ENDPOINT", "must hold scheme, host and port alone");
        }
        Self {
            endpoint: endpoint.map(|url: Url| url.as_str().trim_end_matches('/').to_owned()).unwrap_or_default(),
            bucket: reader.value(
                "MINIO_BUCKET",
                "docuvault".to_owned(),
                |name| plain(name) && (3..=63).contains(&name.len()),
                "a bucket's name: 3 to 63 lower-case letters, digits, - and .",
            ),
            access_key: reader.secret("MINIO_ACCESS_KEY"),
            secret_key: reader.secret("MINIO_SECRET_KEY"),
            region: reader.value("MINIO_REGION", "us-east-1".to_owned(), |_| true, "a region's name"),
            key_prefix: reader.value(
                "MINIO_KEY_PREFIX",
                String::new(),
                plain,
                "lower-case letters, digits, -, _ and .",
            ),
        }
    }
}
