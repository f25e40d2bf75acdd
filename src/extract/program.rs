//! Which program reading children are.
//!
//! A child starts for each file that is parsed, often several times, and its start is most of what it costs: of all that
//! DocuVault can do the linker moves a megabyte of constants to where the program lies. The children that PDFs, scans
//! and pictures take, several for each document, need next to none of them. So there is a small program for these
//! alone. The others, and all of them where it is missing, are the worker's own executable. What draws PDFs has tables of
//! its own, for fonts above all, which neither of the two is to carry: it is a third program.

use super::child::Format;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The small program, which lies beside `docuvault`. It takes the same words.
pub const READER: &str = "docuvault-reader";
/// What draws PDFs, which lies there too.
pub const RENDERER: &str = "docuvault-renderer";

/// What reading children are started from.
#[derive(Debug, Clone)]
pub struct Program {
    own: PathBuf,
    reader: Option<PathBuf>,
    renderer: Option<PathBuf>,
}

impl Program {
    /// Of a worker whose executable is `own`: that, and [`READER`] and [`RENDERER`] where they lie beside it and are of the
    /// same version, which they are asked for.
    pub fn beside(own: PathBuf) -> Self {
        let (reader, renderer) = (helper(&own, READER), helper(&own, RENDERER));
        Self { own, reader, renderer }
    }

    /// `own` alone.
    pub fn alone(own: PathBuf) -> Self {
        Self { own, reader: None, renderer: None }
    }

    /// Whether there is one that draws PDFs: `own` does not.
    pub fn renders(&self) -> bool {
        self.renderer.is_some()
    }

    /// What is started for a child that reads `format`.
    pub fn of(&self, format: Format) -> &Path {
        let helper = match format {
            Format::PdfThumbnail => &self.renderer,
            #[cfg(feature = "fault-injection")]
            Format::ProbeRenderer => &self.renderer,
            _ if format.family().is_none() => &self.reader,
            _ => &None,
        };
        helper.as_ref().unwrap_or(&self.own)
    }
}

/// The program of that name beside `own`. One of an earlier installation may take other words.
fn helper(own: &Path, name: &str) -> Option<PathBuf> {
    let program = own.with_file_name(name);
    let (there, fits) = (program.is_file(), is_of_this_version(&program, name));
    if there && !fits {
        log::warn!("{} is of another version, and is not used", program.display());
    }
    fits.then_some(program)
}

fn is_of_this_version(program: &Path, name: &str) -> bool {
    let said = Command::new(program).arg("--version").env_clear().stdin(Stdio::null()).stderr(Stdio::null()).output();
    said.is_ok_and(|said| said.stdout.trim_ascii() == format!("{name} {}", env!("CARGO_PKG_VERSION")).as_bytes())
}
