//! The fault suite: the vault as it really runs, one `serve` and its workers as processes, on a PostgreSQL, a Redis and
//! an S3 server that the suite starts for itself, kills, wipes and cuts off; and a client that uploads all the while and
//! remembers each 201 with the hash of its bytes. docs/reliability.md says which promise is held to where.
//!
//! `rows.rs` proves one loss after the other that is known of other products. `random.rs` draws faults from a seeded
//! deck; `script/soak` runs that for long.
//!
//! The tests take turns: a store that is killed is killed for all.

#[path = "../support/mod.rs"]
mod support;

mod check;
mod client;
mod deck;
mod house;
mod random;
mod report;
mod rows;
mod stores;
