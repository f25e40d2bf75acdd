//! The schema: up, down, and what the application's role finds in it.

use crate::support::process::output;
use crate::support::{TestDatabase, TestVault};
use docuvault::config::Variables;
use docuvault::db::schema;
use tokio::process::Command;

/// The schema as SQL, as PostgreSQL's own tool tells it.
async fn dump(database: &TestDatabase) -> String {
    let output = Command::new("pg_dump")
        .args(["--schema-only", "--no-comments", &database.superuser_url()])
        .output()
        .await
        .expect("pg_dump runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    // A dump carries a random key of its own since PostgreSQL 15.14.
    text.lines()
        .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_migration_goes_up_and_down_and_up_again_without_a_trace() {
    let database = TestDatabase::create().await;
    let superuser: bool = {
        let client = TestDatabase::connect(&database.migrate_url()).await;
        let row = client.query_one("SELECT rolsuper FROM pg_roles WHERE rolname = current_user", &[]).await;
        row.expect("a row").get(0)
    };
    assert!(!superuser, "this must work for a role that is no superuser");
    // diesel's own table comes with the first look, and stays.
    let count = database.migrate(|migrator| migrator.status().expect("a list").len()).await;
    let empty = dump(&database).await;
    database.migrate(|migrator| migrator.up()).await.expect("up");
    let full = dump(&database).await;
    assert_ne!(full, empty);
    for steps in 1..=count {
        database.migrate(move |migrator| migrator.down(steps)).await.expect("down");
        if steps == count {
            assert_eq!(dump(&database).await, empty, "what is taken back leaves nothing behind");
        }
        database.migrate(|migrator| migrator.up()).await.expect("up again");
        assert_eq!(dump(&database).await, full, "up again is as up before");
    }
}

/// Of an index that was being built an invalid one is left, or a whole one that nobody noted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_broke_off_while_an_index_was_built_is_gone_on_with() {
    let database = TestDatabase::create().await;
    database.migrate(|migrator| migrator.up()).await.expect("up");
    let full = dump(&database).await;
    let states = database.migrate(|migrator| migrator.status().expect("a list")).await;
    let back = states.iter().rev().position(|state| state.name.contains("index_trash")).expect("it is there") + 1;
    for valid in [true, false] {
        database.migrate(move |migrator| migrator.down(back)).await.expect("down");
        let owner = TestDatabase::connect(&database.migrate_url()).await;
        let index = "CREATE INDEX documents_deleted_idx ON documents (deleted_at, id) WHERE deleted_at IS NOT NULL";
        owner.batch_execute(index).await.expect("an index");
        if !valid {
            let broken_off =
                "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'documents_deleted_idx'::regclass";
            TestDatabase::connect(&database.superuser_url()).await.batch_execute(broken_off).await.expect("invalid");
        }
        assert_eq!(database.migrate(|migrator| migrator.up()).await.expect("up again"), back);
        assert_eq!(dump(&database).await, full, "valid: {valid}");
        let invalid = owner.query_one("SELECT count(*) FROM pg_index WHERE NOT indisvalid", &[]).await.expect("a row");
        assert_eq!(invalid.get::<_, i64>(0), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_migrates_tells_where_it_stands_and_takes_back() {
    let database = TestDatabase::create().await;
    let variables = Variables::from([("DATABASE_MIGRATE_URL", database.migrate_url().as_str())]);
    let run = |arguments: &'static [&'static str]| {
        let variables = &variables;
        async move {
            let output = output(arguments, variables).await;
            let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            (output.status.code(), text)
        }
    };
    let (code, text) = run(&["migrate", "status"]).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("[ ] 2026-11-23-000001_v1_skeleton"), "{text}");
    // Two at once: one waits for the other.
    let (first, second) =
        tokio::join!(run(&["migrate", "--starter-topics"]), run(&["migrate", "up", "--starter-topics"]));
    assert_eq!((first.0, second.0), (Some(0), Some(0)), "{} {}", first.1, second.1);
    let added = [&first.1, &second.1].iter().filter(|text| text.contains("12 topics to start with")).count();
    assert_eq!(added, 1, "{} {}", first.1, second.1);
    let (code, text) = run(&["migrate", "status"]).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("[x] 2026-11-23-000001_v1_skeleton"), "{text}");
    let (code, text) = run(&["migrate", "down", "--steps", "1"]).await;
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(run(&["migrate", "status"]).await.0, Some(1));
    // However many there are by now.
    while run(&["migrate", "status"]).await.1.contains("[x]") {
        let (code, text) = run(&["migrate", "down", "--steps", "1"]).await;
        assert_eq!(code, Some(0), "{text}");
    }
    let (code, text) = run(&["migrate", "down", "--steps", "1"]).await;
    assert_eq!(code, Some(1), "there is none left to take back: {text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_foreign_key_has_an_index_and_every_table_its_grants() {
    let vault = TestVault::new().await;
    let client = vault.superuser().await;
    let without_index = client
        .query(
            "SELECT conrelid::regclass::text, conname::text FROM pg_constraint c WHERE contype = 'f' AND NOT EXISTS (
                 SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid
                 AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] = c.conkey)",
            &[],
        )
        .await
        .expect("rows");
    let without_index: Vec<(String, String)> = without_index.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(without_index, []);
    let grants = client
        .query(
            "SELECT c.relname::text, has_table_privilege('docuvault_app', c.oid, 'SELECT'),
                    has_table_privilege('docuvault_app', c.oid, 'INSERT'),
                    has_table_privilege('docuvault_app', c.oid, 'UPDATE'),
                    has_table_privilege('docuvault_app', c.oid, 'DELETE'),
                    has_table_privilege('docuvault_app', c.oid, 'TRUNCATE')
             FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
            &[],
        )
        .await
        .expect("rows");
    assert_eq!(grants.len(), 15);
    for row in grants {
        let table: String = row.get(0);
        let have: [bool; 5] = [row.get(1), row.get(2), row.get(3), row.get(4), row.get(5)];
        let expected = match table.as_str() {
            "audit_log" => [true, true, false, false, false],
            "__diesel_schema_migrations" => [true, false, false, false, false],
            _ => [true, true, true, true, false],
        };
        assert_eq!(have, expected, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schema_in_the_code_is_the_schema_in_the_database() {
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;
    let vault = TestVault::new().await;
    vault.put_in("a.txt", "words").await;
    let mut conn = vault.vault.db.get().await.expect("a connection");
    // Reading every column as the type the code gives it; a wrong type or name is an error, also without rows.
    macro_rules! reads {
        ($($table:ident: $row:ty),+ $(,)?) => {$(
            let read: QueryResult<Vec<$row>> = schema::$table::table.limit(1).load(&mut conn).await;
            read.expect(stringify!($table));
        )+};
    }
    use chrono::{DateTime, Utc};
    use uuid::Uuid;
    type Time = DateTime<Utc>;
    reads! {
        documents: (
            Uuid, String, Option<String>, String, String, i64, Vec<u8>, bool, String, Option<String>, Option<String>,
            bool, Option<String>, bool, Option<String>, Option<String>, Option<i32>, Option<String>, Option<String>,
            Option<Time>, Option<Time>, Option<String>, Option<String>, Option<i32>, Option<Time>, Time, Time,
        ),
        topics: (Uuid, String, String, String, Time, Time, i64),
        document_topics: (Uuid, Uuid, String, Option<f32>, Time),
        jobs: (
            Uuid, String, Option<Uuid>, String, i32, Time, Option<String>, Option<Time>, Option<String>, Option<Uuid>,
            Option<Vec<u8>>, Option<String>, Option<serde_json::Value>, Time, Time,
        ),
        leases: (String, String, Time),
        audit_log: (i64, Time, String, String, String, Uuid, serde_json::Value),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_column_with_a_list_of_words_takes_no_other() {
    let vault = TestVault::new().await;
    vault.put_in("a.txt", "words").await;
    let client = vault.superuser().await;
    client.batch_execute("INSERT INTO topics (id, name) VALUES (gen_random_uuid(), 'Heating')").await.expect("a topic");
    for (check, sql) in [
        ("documents_status_check", "UPDATE documents SET status = 'lost'"),
        ("documents_text_source_check", "UPDATE documents SET text_source = 'guessed'"),
        ("jobs_kind_check", "UPDATE jobs SET kind = 'idle'"),
        ("jobs_state_check", "UPDATE jobs SET state = 'lost'"),
        (
            "document_topics_source_check",
            "INSERT INTO document_topics (document_id, topic_id, source)
             SELECT documents.id, topics.id, 'nobody' FROM documents, topics",
        ),
        (
            "audit_log_actor_check",
            "INSERT INTO audit_log (actor, action, subject_type, subject_id)
             VALUES ('nobody', 'document.created', 'document', gen_random_uuid())",
        ),
        (
            "audit_log_subject_type_check",
            "INSERT INTO audit_log (actor, action, subject_type, subject_id)
             VALUES ('user', 'document.created', 'nothing', gen_random_uuid())",
        ),
    ] {
        let refused = client.batch_execute(sql).await.expect_err(check);
        let refused = refused.as_db_error().expect("a database's answer");
        assert_eq!(refused.constraint(), Some(check), "{refused}");
    }
    let unseen = "SELECT count(*) FROM pg_constraint WHERE NOT convalidated";
    assert_eq!(vault.count(unseen).await, 0, "all rows were looked at");
}
