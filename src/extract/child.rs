//! The inside of a reading child: sets its own limits for good, then reads standard input.
//!
//! It runs in a process of its own and may be killed at any instruction. It knows no settings, opens no connection, and
//! writes nothing but text to its standard output.

use super::decode;
use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};
use rustix::thread::set_no_new_privs;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The file is broken.
pub const EXIT_DAMAGED: i32 = 65;
/// The file wants a password.
pub const EXIT_PASSWORD: i32 = 77;
/// A program this needs is not installed.
pub const EXIT_TOOL_MISSING: i32 = 69;

/// What a child reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// By poppler's `pdftotext`.
    Pdf,
    /// By html2text.
    Html,
}

/// The limits a child sets on itself.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Limits {
    /// CPU time, in seconds.
    #[arg(long)]
    pub cpu_seconds: u64,
    /// Address space, in bytes.
    #[arg(long)]
    pub memory_bytes: u64,
}

/// Reads standard input as `format` and writes its text to standard output; answers the exit code.
///
/// # Errors
/// When a limit can't be set or a pipe breaks.
pub fn run(format: Format, limits: Limits) -> io::Result<i32> {
    confine(limits)?;
    match format {
        // From here on this process is poppler, under the limits that were set: they outlive exec.
        Format::Pdf => {
            let error = Command::new("pdftotext").args(["-enc", "UTF-8", "-", "-"]).exec();
            writeln!(io::stderr(), "pdftotext: {error}")?;
            Ok(EXIT_TOOL_MISSING)
        }
        Format::Html => html(limits.memory_bytes),
    }
}

fn confine(limits: Limits) -> io::Result<()> {
    let cap = |resource, most| setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    cap(Resource::Cpu, limits.cpu_seconds)?;
    cap(Resource::As, limits.memory_bytes)?;
    // No core file, and no file at all: pipes are not files to this limit.
    cap(Resource::Core, 0)?;
    cap(Resource::Fsize, 0)?;
    set_no_new_privs(true)?;
    set_parent_process_death_signal(Some(Signal::KILL))?;
    Ok(())
}

fn html(memory_bytes: u64) -> io::Result<i32> {
    let mut bytes = Vec::new();
    // A tree takes many times the room of its text; what does not fit is left out.
    io::stdin().lock().take(memory_bytes / 16).read_to_end(&mut bytes)?;
    let page = decode::html_to_utf8(&bytes);
    // Lines as long as the paragraphs: the text is for searching, not for a terminal.
    let config = html2text::config::plain_no_decorate().raw_mode(true).allow_width_overflow();
    match config.string_from_read(page.as_bytes(), 4096) {
        Ok(text) => {
            io::stdout().write_all(text.as_bytes())?;
            Ok(0)
        }
        Err(error) => {
            writeln!(io::stderr(), "{error}")?;
            Ok(EXIT_DAMAGED)
        }
    }
}
