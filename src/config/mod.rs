//! Settings: all from the environment, read once, checked together.
//!
//! One file a concern, headed by its variables. Every wrong or missing one is collected and named in one message
//! ([`ConfigError`]); no message ever holds a value, since any of them may be a secret.

mod ai;
mod database;
mod http;
mod log;
mod reader;
mod reading;
mod redis;
mod storage;
mod work;

pub use ai::{AiConfig, AiFallback, AiProviderKind};
pub use database::DatabaseConfig;
pub use http::HttpConfig;
pub use reader::{ConfigError, Variables};
pub use reading::ReadingConfig;
pub use redis::RedisConfig;
pub use storage::StorageConfig;
pub use work::WorkConfig;

use reader::Reader;

/// What `serve` and `worker` need.
#[derive(Debug, Clone)]
pub struct Config {
    /// The HTTP interface.
    pub http: HttpConfig,
    /// PostgreSQL, as the application's role.
    pub database: DatabaseConfig,
    /// Redis.
    pub redis: RedisConfig,
    /// The object store.
    pub storage: StorageConfig,
    /// Jobs, leases, sweeps.
    pub work: WorkConfig,
    /// The limits under which files are read.
    pub reading: ReadingConfig,
    /// The AI provider.
    pub ai: AiConfig,
}

impl Config {
    /// Reads all settings.
    ///
    /// # Errors
    /// Names every variable that is missing or wrong.
    pub fn read(variables: &Variables) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(variables);
        log::check(&mut reader);
        let config = Self {
            http: HttpConfig::read(&mut reader),
            database: DatabaseConfig::read(&mut reader, "DATABASE_URL"),
            redis: RedisConfig::read(&mut reader),
            storage: StorageConfig::read(&mut reader),
            work: WorkConfig::read(&mut reader),
            reading: ReadingConfig::read(&mut reader),
            ai: AiConfig::read(&mut reader),
        };
        reader.finish(config)
    }

    /// Reads what `migrate` needs: the DSN of the role that may change the schema.
    ///
    /// # Errors
    /// Names `DATABASE_MIGRATE_URL` when it is missing or wrong, and `RUST_LOG`.
    pub fn read_for_migrate(variables: &Variables) -> Result<DatabaseConfig, ConfigError> {
        let mut reader = Reader::new(variables);
        log::check(&mut reader);
        let database = DatabaseConfig::read(&mut reader, "DATABASE_MIGRATE_URL");
        reader.finish(database)
    }

    /// Settings that are legal together, but that an operator should know of.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.http.bind_addr.ip().is_loopback() {
            warnings.push(
                "BIND_ADDR is open to the network, and there is no login yet: put a proxy with a password in front"
                    .to_owned(),
            );
        }
        if self.ai.is_open_to_listeners() {
            warnings.push(
                "AI_BASE_URL is http:// and not on this machine: what documents say, and AI_API_KEY, can be read on the way"
                    .to_owned(),
            );
        }
        if self.ai.is_never_asked() {
            warnings.push(
                "AI_DAILY_TOKENS or AI_DAILY_REQUESTS is below what one question may cost: the AI provider will never be \
                 asked"
                    .to_owned(),
            );
        }
        if self.work.orphan_grace <= self.http.body_timeout {
            warnings.push(
                "ORPHAN_GRACE_SECONDS is not above UPLOAD_TIMEOUT_SECONDS: an upload that takes longer than that is swept \
                 away"
                    .to_owned(),
            );
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete() -> Variables {
        Variables::from([
            ("DATABASE_URL", "postgres://docuvault_app:s3cret-app@127.0.0.1:5432/docuvault"),
            ("REDIS_URL", "redis://:s3cret-redis@127.0.0.1:6379/0"),
            ("MINIO_ENDPOINT", "http://127.0.0.1:9000"),
            ("MINIO_ACCESS_KEY", "docuvault"),
            ("MINIO_SECRET_KEY", "s3cret-minio"),
        ])
    }

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let config = Config::read(&complete()).expect("complete");
        assert_eq!(config.http.bind_addr.to_string(), "127.0.0.1:8000");
        assert_eq!(config.http.max_upload_bytes, 5 * 1024 * 1024 * 1024);
        assert_eq!(config.storage.bucket, "docuvault");
        assert_eq!(config.ai.provider, AiProviderKind::Local);
        assert!(config.work.concurrency >= 1);
        assert!(config.warnings().is_empty());
    }

    #[test]
    fn an_empty_value_counts_as_unset() {
        let mut variables = complete();
        variables.set("WORKER_CONCURRENCY", "");
        variables.set("MINIO_BUCKET", "");
        assert_eq!(Config::read(&variables).map(|c| c.storage.bucket).ok().as_deref(), Some("docuvault"));
    }

    #[test]
    fn every_wrong_variable_is_named_in_one_go_and_no_value_is_shown() {
        let mut variables = complete();
        for (name, value) in [
            ("DATABASE_URL", "mysql://u:hunter2@h/d"),
            ("REDIS_URL", "redis://127.0.0.1:6379/0"),
            ("MINIO_ENDPOINT", "http://hunter2@127.0.0.1:9000"),
            ("MINIO_REGION", "hunter2\u{fffd}"),
            ("MINIO_SECRET_KEY", ""),
            ("MAX_UPLOAD_BYTES", "hunter2"),
            ("WORKER_CONCURRENCY", "0"),
            ("AI_PROVIDER", "hunter2"),
            ("AI_MIN_CONFIDENCE", "1.5"),
            ("BIND_ADDR", "hunter2"),
            ("RUST_LOG", "hunter2"),
        ] {
            variables.set(name, value);
        }
        let message = Config::read(&variables).expect_err("eleven mistakes").to_string();
        for name in [
            "DATABASE_URL",
            "REDIS_URL",
            "MINIO_ENDPOINT",
            "MINIO_REGION",
            "MINIO_SECRET_KEY",
            "MAX_UPLOAD_BYTES",
            "WORKER_CONCURRENCY",
            "AI_PROVIDER",
            "AI_MIN_CONFIDENCE",
            "BIND_ADDR",
            "RUST_LOG",
        ] {
            assert!(message.contains(name), "{name} is missing in {message}");
        }
        assert!(!message.contains("hunter2"), "{message}");
    }

    #[test]
    fn a_remote_provider_has_what_it_needs_or_says_what_is_missing() {
        let mut variables = complete();
        variables.set("AI_PROVIDER", "anthropic");
        let message = Config::read(&variables).expect_err("no model, no key").to_string();
        assert!(message.contains("AI_MODEL is not set") && message.contains("AI_API_KEY is not set"), "{message}");
        variables.set("AI_PROVIDER", "ollama");
        variables.set("AI_MODEL", "llama3.2");
        let config = Config::read(&variables).expect("Ollama needs no key");
        assert_eq!(config.ai.base_url.as_ref().map(|url| url.as_str()), Some("http://127.0.0.1:11434/"));
        assert_eq!((config.ai.fallback, config.warnings()), (AiFallback::Local, Vec::new()));
        variables.set("AI_BASE_URL", "http://gpu.example:11434");
        variables.set("AI_FALLBACK", "retry");
        let config = Config::read(&variables).expect("right");
        assert_eq!(config.ai.fallback, AiFallback::Retry);
        assert!(config.warnings()[0].starts_with("AI_BASE_URL is http://"));

        for (name, value) in [
            ("AI_BASE_URL", "https://me:hunter2@gpu.example"),
            ("AI_MODEL", "hunter2\u{7}"),
            ("AI_API_KEY", "hunter2 and more"),
            ("AI_TIMEOUT_SECONDS", "0"),
            ("AI_MAX_INPUT_TOKENS", "hunter2"),
            ("AI_SUGGEST_TOPICS", "hunter2"),
            ("AI_DAILY_TOKENS", "-1"),
            ("AI_DAILY_REQUESTS", "hunter2"),
            ("AI_MAX_CONCURRENCY", "0"),
            ("AI_FALLBACK", "hunter2"),
        ] {
            variables.set(name, value);
            let message = Config::read(&variables).expect_err(name).to_string();
            assert!(message.contains(name) && !message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn debug_output_hides_every_secret() {
        let mut variables = complete();
        variables.set("AI_API_KEY", "s3cret-ai");
        let shown = format!("{:?}", Config::read(&variables).expect("complete"));
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
