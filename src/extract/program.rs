//! Which program reading children are.
//!
//! A child starts for each file that is parsed, often several times, and its start is most of what it costs: of all that
//! DocuVault can do the linker moves a megabyte of constants to where the program lies. The children that PDFs, scans
//! and pictures take, several for each document, need next to none of them. So there is a small program for these
//! alone. The others, and all of them where it is missing, are the worker's own executable.

use super::child::Format;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The small program, which lies beside `docuvault`. It takes the same words.
pub const READER: &str = "docuvault-reader";

/// What reading children are started from.
#[derive(Debug, Clone)]
pub struct Program {
    own: PathBuf,
    small: Option<PathBuf>,
}

impl Program {
    /// Of a worker whose executable is `own`: that, and [`READER`] where it lies beside it and is of the same version,
    /// which it is asked for.
    pub fn beside(own: PathBuf) -> Self {
        let small = own.with_file_name(READER);
        // One of an earlier installation may take other words.
        let (there, fits) = (small.is_file(), is_of_this_version(&small));
        if there && !fits {
            log::warn!("{} is of another version, and is not used", small.display());
        }
        Self { own, small: fits.then_some(small) }
    }

    /// `own` alone.
    pub fn alone(own: PathBuf) -> Self {
        Self { own, small: None }
    }

    /// What is started for a child that reads `format`.
    pub fn of(&self, format: Format) -> &Path {
        match &self.small {
            Some(small) if format.family().is_none() => small,
            _ => &self.own,
        }
    }
}

fn is_of_this_version(small: &Path) -> bool {
    let said = Command::new(small).arg("--version").env_clear().stdin(Stdio::null()).stderr(Stdio::null()).output();
    said.is_ok_and(|said| said.stdout.trim_ascii() == format!("{READER} {}", env!("CARGO_PKG_VERSION")).as_bytes())
}
