//! Has cargo take up a new web page. It builds none: that is for `script/build-page`.

use std::path::Path;

fn main() {
    // A path that is missing counts as changed at each build: without a page its folder is watched, for one to come.
    let watched = if Path::new("frontend/dist").exists() { "frontend/dist" } else { "frontend" };
    println!("cargo::rerun-if-changed={watched}");
}
