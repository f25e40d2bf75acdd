//! What people, or programs, may throw at the vault: files that bomb, loop and lie, names that attack, forms that are
//! broken. Every hostile file is made anew by `corpus/`, the same each time; none lies in the repository.

#[path = "../support/mod.rs"]
mod support;

mod corpus;
mod files;
mod mutants;
mod names;
mod properties;
