//! The vault against the real PostgreSQL, Redis and S3 server that `script/test` starts. Each test has its own
//! database, its own prefix in Redis and its own prefix in the bucket, so that all run side by side.

#[path = "../support/mod.rs"]
mod support;

mod bad_input;
mod content;
#[cfg(feature = "fault-injection")]
mod crashes;
mod decisions;
mod documents;
mod faults;
mod formats;
mod health;
mod history;
mod import_export;
mod interface;
mod learning;
mod limits;
mod llama;
mod llm;
mod llm_limits;
mod logs;
mod migrations;
mod page;
mod pictures;
mod processes;
mod reading;
mod runs;
mod sandbox;
mod search;
mod suggestions;
mod topics;
mod trash;
mod undo;
mod upload;
mod verify;
mod watch;
mod worker;
