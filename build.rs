//! Has cargo take up a new web page, and packs the program's relocations. It builds no page: that is for
//! `script/build-page`.

use std::path::Path;

fn main() {
    // A path that is missing counts as changed at each build: without a page its folder is watched, for one to come.
    let watched = if Path::new("frontend/dist").exists() { "frontend/dist" } else { "frontend" };
    println!("cargo::rerun-if-changed={watched}");
    // The program starts anew for each file that is parsed. Unpacked, the linker's list of what to move is 1.2 MB that
    // every start reads. Wants glibc 2.36 to run, which Debian 12 and all later ones have.
    if std::env::var_os("CARGO_CFG_TARGET_ENV").is_some_and(|env| env == "gnu") {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
