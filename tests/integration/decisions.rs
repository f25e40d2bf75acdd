//! The fixed decisions, D-01 to D-16: a test for each that fails when it is broken. (D-07 is in `faults.rs`, D-08 and
//! D-10 in `worker.rs`.)

use crate::support::process::SETTINGS;
use crate::support::{TestDatabase, TestVault, id_of, setting};
use docuvault::config::{Config, Variables};
use docuvault::domain::{DocumentId, Filename, ObjectKey};
use docuvault::storage::{self, StorageError};
use std::fs;

fn file(name: &str) -> String {
    let path = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What a statement of a role comes to: its SQLSTATE, or none where it is allowed.
async fn refusal(url: &str, sql: &str) -> Option<String> {
    let client = TestDatabase::connect(url).await;
    client.batch_execute(sql).await.err().map(|error| error.code().expect("a database's answer").code().to_owned())
}

/// insufficient_privilege
const FORBIDDEN: Option<&str> = Some("42501");
/// check_violation
const CHECKED: Option<&str> = Some("23514");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d01_d02_the_first_migration_creates_the_whole_skeleton() {
    let vault = TestVault::new().await;
    let rows = vault.superuser().await;
    let rows =
        rows.query("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'", &[]).await.expect("rows");
    let tables: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    for table in [
        "users",
        "refresh_tokens",
        "quotas",
        "documents",
        "topics",
        "document_topics",
        "folders",
        "shares",
        "audit_log",
        "cloud_connections",
        "jobs",
        "groups",
    ] {
        assert!(tables.iter().any(|have| have == table), "{table} is missing");
    }
    let first = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).expect("a folder");
    let mut folders: Vec<_> = first.flatten().filter(|entry| entry.path().is_dir()).map(|entry| entry.path()).collect();
    folders.sort();
    for later in &folders[1..] {
        let sql = fs::read_to_string(later.join("up.sql")).expect("up.sql").to_lowercase();
        assert!(!sql.contains("create table"), "{} creates a table", later.display());
    }
    assert_eq!(vault.count("SELECT count(*) FROM groups").await, 0);
    let keys = "SELECT count(*) FROM pg_constraint WHERE conrelid = 'groups'::regclass AND contype = 'f'";
    assert_eq!(vault.count(keys).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d03_a_document_needs_no_user_yet() {
    let vault = TestVault::new().await;
    vault.put_in("a.txt", "words").await;
    assert_eq!(vault.count("SELECT count(*) FROM documents WHERE user_id IS NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d04_d05_the_bytes_lie_in_the_object_store_and_not_in_the_database() {
    let vault = TestVault::new().await;
    let bytes = crate::support::files::noise(9, 1_000_000);
    vault.put_in("a.bin", bytes.clone()).await;
    let key: ObjectKey = vault.object_keys().await[0].parse().expect("a key");
    use futures_util::TryStreamExt;
    let stored = vault.vault.storage.get(&key, None).await.expect("an object");
    let stored: Vec<u8> = stored
        .try_fold(Vec::new(), |mut all, piece| async move {
            all.extend_from_slice(&piece);
            Ok(all)
        })
        .await
        .expect("bytes");
    assert!(stored == bytes);
    assert!(vault.count("SELECT pg_total_relation_size('documents')").await < 1_000_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d06_keys_are_opaque_and_the_column_checks_them() {
    let vault = TestVault::new().await;
    let document = vault.put_in("Geheime Kündigung.PDF", "secret words").await;
    let id = id_of(&document);
    let key = vault.object_keys().await.remove(0);
    let parts: Vec<&str> = key.split('/').collect();
    assert_eq!((parts.len(), parts[0], parts[1]), (3, "00000000-0000-0000-0000-000000000000", id.as_str()));
    let (random, extension) = parts[2].split_once('.').expect("an extension");
    assert_eq!(uuid::Uuid::parse_str(random).expect("a UUID").get_version_num(), 4);
    assert_eq!(extension, "pdf");
    assert!(!key.to_lowercase().contains("geheim") && !key.contains("ndigung"), "{key}");
    let stored: String =
        vault.superuser().await.query_one("SELECT object_key FROM documents", &[]).await.expect("a row").get(0);
    assert_eq!(stored, key);

    let nil = "00000000-0000-0000-0000-000000000000";
    let v4 = "123e4567-e89b-42d3-a456-426614174000";
    for wrong in [
        "Geheime Kündigung.pdf".to_owned(),
        format!("{nil}/{id}/name.pdf"),
        format!("{nil}/{id}/{v4}.PDF"),
        format!("{nil}/{id}/{v4}/more"),
        format!("{nil}/{id}/{}", v4.replace("-42d3", "-12d3")),
        format!("{nil}/{v4}/{v4}.pdf"),
        format!("../{id}/{v4}"),
        format!("{nil}/{id}/{v4}.pdf\nx"),
    ] {
        let sql = format!("UPDATE documents SET object_key = E'{}'", wrong.replace('\n', "\\n"));
        assert_eq!(refusal(&vault.database.app_url(), &sql).await.as_deref(), CHECKED, "{wrong:?}");
    }
    // The one type that can build a key builds no other.
    let name: Filename = "x.pdf".parse().expect("a name");
    let fresh = ObjectKey::generate(id.parse::<DocumentId>().expect("an id"), &name);
    let sql = format!("UPDATE documents SET object_key = '{fresh}'");
    assert_eq!(refusal(&vault.database.app_url(), &sql).await, None);
}

#[tokio::test]
async fn d09_redis_has_a_password_even_in_development() {
    let compose = file("docker-compose.yml");
    assert!(compose.contains("requirepass"), "compose sets the password");
    assert!(file(".env.example").contains("redis://:${REDIS_PASSWORD}@redis:6379/0"));
    let variables = Variables::from([("REDIS_URL", "redis://127.0.0.1:6379/0")]);
    let refused = Config::read(&variables).expect_err("no password").to_string();
    assert!(refused.contains("REDIS_URL must carry a password"));
    let url = url::Url::parse(&setting("TEST_REDIS_URL")).expect("a URL");
    assert!(url.password().is_some_and(|password| !password.is_empty()), "the tests' own Redis as well");
}

#[tokio::test]
async fn d11_d12_d15_d16_every_setting_is_explained_and_no_secret_is_committed() {
    assert!(file(".gitignore").lines().any(|line| line == ".env"));
    let example = file(".env.example");
    let compose = file("docker-compose.yml");
    let mut explained = false;
    let mut names = Vec::new();
    for line in example.lines() {
        if line.starts_with('#') {
            explained = true;
        } else if let Some((name, _)) = line.split_once('=') {
            assert!(explained, "{name} has no comment");
            names.push(name);
            explained = false;
        }
    }
    // What the program reads, what sets up the stores, and what is for the login to come.
    for name in SETTINGS.iter().chain(&["REDIS_PASSWORD", "MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD", "SECRET_KEY"]) {
        assert!(names.contains(name), "{name} is not in .env.example");
    }
    assert!(example.contains("MINIO_BUCKET=docuvault"));
    assert!(
        compose.contains("env_file: ${DOCUVAULT_ENV_FILE:-.env}") || compose.contains("- ${DOCUVAULT_ENV_FILE:-.env}")
    );
    assert!(compose.contains("${REDIS_PASSWORD"), "compose reads its values from the file");
    assert!(file("docs/deployment.md").contains("/etc/docuvault/env"));
    // The program reads those settings and no other: not the login's to come, and not root's keys of the stores.
    for source in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/config")).expect("a folder").flatten() {
        let source = fs::read_to_string(source.path()).expect("a source");
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        let quoted = code.split('"').skip(1).step_by(2);
        for name in quoted.filter(|text| text.len() > 3 && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')) {
            assert!(SETTINGS.contains(&name), "{name} is read, and is not in the list of settings");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d13_d14_the_applications_role_changes_data_and_nothing_else() {
    let vault = TestVault::new().await;
    vault.put_in("a.txt", "words").await;
    let app = vault.database.app_url();
    for sql in [
        "CREATE TABLE x (id int)",
        "CREATE TEMPORARY TABLE x (id int)",
        "CREATE SCHEMA x",
        "CREATE VIEW x AS SELECT 1",
        "CREATE FUNCTION x() RETURNS int LANGUAGE sql RETURN 1",
        "CREATE EXTENSION hstore",
        "CREATE ROLE x",
        "CREATE DATABASE x",
        "ALTER TABLE documents ADD COLUMN x int",
        "DROP TABLE documents",
        "TRUNCATE documents CASCADE",
        "CREATE INDEX x ON documents (id)",
        "UPDATE audit_log SET action = 'nothing.happened'",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        "UPDATE __diesel_schema_migrations SET version = 'x'",
        "GRANT ALL ON documents TO PUBLIC",
    ] {
        let state = refusal(&app, sql).await;
        // GRANT without the right to is a mere warning to PostgreSQL where nothing could be granted.
        assert!(state.as_deref() == FORBIDDEN || (sql.starts_with("GRANT") && state.is_none()), "{sql}: {state:?}");
    }
    for sql in ["UPDATE documents SET title = 'x'", "SELECT * FROM audit_log", "DELETE FROM documents"] {
        assert_eq!(refusal(&app, sql).await, None, "{sql}");
    }
    let granted = "SELECT count(*) FROM information_schema.role_table_grants WHERE grantee = 'PUBLIC' AND table_schema = 'public' AND table_name IN ('documents', 'audit_log')";
    assert_eq!(vault.count(granted).await, 0);
    let client = TestDatabase::connect(&app).await;
    let row = client
        .query_one("SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user", &[])
        .await;
    let row = row.expect("a row");
    assert_eq!((row.get::<_, bool>(0), row.get::<_, bool>(1), row.get::<_, bool>(2)), (false, false, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d15_the_applications_key_can_not_touch_another_bucket() {
    let vault = TestVault::new().await;
    let mut config = vault.vault.config.storage.clone();
    config.bucket = "other".to_owned();
    let other = storage::open(&config, vault.vault.metrics.clone()).expect("a handle");
    let name: Filename = "x.txt".parse().expect("a name");
    let key = ObjectKey::generate(DocumentId::generate(), &name);
    let refused = |result: Result<(), StorageError>| matches!(result, Err(StorageError::Refused(403, _)));
    assert!(refused(other.put(&key, "text/plain", &mut &b"words"[..]).await.map(drop)), "write");
    assert!(refused(other.list(None).await.map(drop)), "list");
    assert!(refused(other.get(&key, None).await.map(drop)), "read");
    assert!(refused(other.delete(&key).await), "delete");
    assert!(refused(other.check_writable().await), "the check at start");
    // And its own bucket it can use.
    vault.vault.storage.check_writable().await.expect("its own bucket");
}
