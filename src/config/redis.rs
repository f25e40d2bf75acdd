//! `REDIS_URL`, `REDIS_KEY_PREFIX`.

use super::Reader;
use secrecy::SecretString;

/// How to reach Redis.
#[derive(Debug, Clone)]
pub struct RedisConfig {
    /// The URL, with its password (D-09).
    pub url: SecretString,
    /// First part of every key: several vaults can share one Redis.
    pub key_prefix: String,
}

impl RedisConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let url = reader.url("REDIS_URL", &["redis"]);
        if url.as_ref().is_some_and(|url| url.password().is_none_or(str::is_empty)) {
            reader.problem("REDIS_URL", "must carry a password (redis://:PASSWORD@HOST:6379/0)");
        }
        let plain = |text: &String| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        Self {
            url: url.map(String::from).unwrap_or_default().into(),
            key_prefix: reader.value("REDIS_KEY_PREFIX", "docuvault".to_owned(), plain, "letters, digits, - and _"),
        }
    }
}
