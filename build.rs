//! Has cargo take up a new web page, and packs the program's relocations. It builds no page: that is for
//! `script/build-page`.

use std::path::Path;
use std::process::Command;

fn main() {
    // A path that is missing counts as changed at each build: without a page its folder is watched, for one to come.
    let watched = if Path::new("frontend/dist").exists() { "frontend/dist" } else { "frontend" };
    println!("cargo::rerun-if-changed={watched}");
    // The program starts anew for each file that is parsed. Unpacked, the linker's list of what to move is 1.2 MB that
    // every start reads. Wants glibc 2.36 to run: an older one, as that of Ubuntu 22.04, refuses the packed program.
    if std::env::var_os("CARGO_CFG_TARGET_ENV").is_some_and(|env| env == "gnu") && glibc() >= Some((2, 36)) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Of this machine, where the program is likely to run; none where it can't be found out.
fn glibc() -> Option<(u32, u32)> {
    let said = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?.stdout;
    let said = String::from_utf8(said).ok()?;
    let (major, minor) = said.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
