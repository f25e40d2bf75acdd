//! Which program reading children are.
//!
//! A child starts for each file that is parsed, and what it starts is most of what it costs: of all that DocuVault can
//! do the linker moves a megabyte of constants to where the program lies, for a child that needs a tenth of them. So
//! they have a program of their own, which is [`super::child`] and nothing else. Without it reading goes as well.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The program of reading children, which lies beside `docuvault`.
pub const READER: &str = "docuvault-reader";

/// What `own`, the executable of this process, starts for a reading child: [`READER`] where it lies beside it and is of
/// the same version, which it is asked for; else `own`, whose subcommand `read-child` does the same.
pub fn program(own: PathBuf) -> PathBuf {
    let reader = own.with_file_name(READER);
    if !reader.is_file() {
        return own;
    }
    // One of an earlier installation may speak in other frames.
    if is_of_this_version(&reader) {
        return reader;
    }
    log::warn!("{} is of another version, and is not used", reader.display());
    own
}

fn is_of_this_version(reader: &Path) -> bool {
    let said = Command::new(reader).arg("--version").env_clear().stdin(Stdio::null()).stderr(Stdio::null()).output();
    said.is_ok_and(|said| said.stdout.trim_ascii() == format!("{READER} {}", env!("CARGO_PKG_VERSION")).as_bytes())
}
