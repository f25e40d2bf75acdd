//! DocuVault: a self-hosted document vault. One binary, three roles: `serve`, `worker`, `migrate`.
//!
//! ARCHITECTURE.md walks through the rooms; imports run downwards only, and `tests/architecture.rs` holds them to it.

pub mod ai;
pub mod api;
pub mod app;
pub mod cli;
pub mod client;
pub mod clock;
pub mod commands;
pub mod config;
pub mod crash;
pub mod db;
pub mod domain;
pub mod error;
pub mod extract;
pub mod lifecycle;
pub mod metrics;
pub mod queue;
pub mod services;
pub mod storage;
pub mod worker;
