//! Has cargo take up a new web page. It builds none: that is for `script/build-page`.

use std::path::Path;

fn main() {
    // A path that is missing counts as changed at each build, so the nearest one that is there is named.
    let watched = ["frontend/dist", "frontend"].into_iter().find(|path| Path::new(path).exists());
    println!("cargo::rerun-if-changed={}", watched.unwrap_or("Cargo.toml"));
}
