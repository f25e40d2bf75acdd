//! What a reading child puts on itself for good, before it looks at its file.
//!
//! Each bound is one that the kernel never takes back, and that outlives `exec`. They overlap on purpose: what Landlock
//! refuses by path and the filter by call (`files.rs`, `calls.rs`) is refused even where one of them is missing or has
//! a hole. The child has no place to write at all: its file comes on standard input, opened for reading, and its text
//! leaves by a pipe.

mod calls;
mod files;

use nix::errno::Errno;
use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs};
use std::fs;
use std::io;
use std::os::fd::RawFd;

/// Open files that a child needs at once: its three pipes, and the few that a tool reads beside them.
const OPEN_FILES: u64 = 32;

/// The limits a child is given by its parent.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Limits {
    /// CPU time, in seconds.
    #[arg(long)]
    pub cpu_seconds: u64,
    /// Address space, in bytes.
    #[arg(long)]
    pub memory_bytes: u64,
    /// The process that started this one, and that it must not outlive.
    #[arg(long)]
    pub parent_pid: u32,
}

/// What a child still has to do once it is confined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Nothing but its own code: it may open no file, and become no other program.
    Nothing,
    /// To become poppler's `pdftotext`: it may read and execute what that consists of.
    Poppler,
    /// To become poppler's `pdftoppm`, which draws with the fonts of this machine.
    Drawing,
    /// To become tesseract, which reads the letters of its languages.
    Tesseract,
    /// To become qpdf, which opens its standard input by name.
    Qpdf,
}

/// Confines this process for good.
///
/// # Errors
/// When a bound can't be set, or the parent is gone. Then nothing may be read. Landlock alone may be missing: many
/// kernels are built or started without it ([`lacks_landlock`]).
pub(super) fn confine(limits: Limits, needs: Needs) -> io::Result<()> {
    confine_but_files(limits)?;
    files::restrict(needs).map_err(io::Error::other)?;
    calls::restrict(needs)
}

/// As [`confine`] on a kernel without Landlock.
#[cfg(feature = "fault-injection")]
pub(super) fn confine_without_landlock(limits: Limits, needs: Needs) -> io::Result<()> {
    confine_but_files(limits)?;
    calls::restrict(needs)
}

/// This kernel has no Landlock, or it is switched off. A child that is taken over could then read the files that its
/// user may read; it still has no way to write, and nowhere to send what it has read but into the text of its own
/// document.
pub fn lacks_landlock() -> bool {
    files::unsupported()
}

fn confine_but_files(limits: Limits) -> io::Result<()> {
    die_with_parent(limits.parent_pid)?;
    close_inherited()?;
    let cap = |resource, most| setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    cap(Resource::Cpu, limits.cpu_seconds)?;
    cap(Resource::As, limits.memory_bytes)?;
    cap(Resource::Nofile, OPEN_FILES)?;
    // No core file, and no file at all: pipes are not files to this limit.
    cap(Resource::Core, 0)?;
    cap(Resource::Fsize, 0)?;
    // No second process and no thread. It does not bind root, so the filter refuses them as well.
    cap(Resource::Nproc, 0)?;
    set_no_new_privs(true)?;
    // A worker that runs as root has children that are root by name alone: the limits above bind them too.
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    Ok(())
}

/// Closes every file but standard input, output and error. The worker's own are closed at exec; but what it inherited
/// itself, from whatever started it, would be handed on.
fn close_inherited() -> io::Result<()> {
    let mut open = Vec::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        open.extend(entry?.file_name().to_str().and_then(|number| number.parse::<RawFd>().ok()));
    }
    for number in open.into_iter().filter(|number| *number > 2) {
        // Nothing in this process holds it: it has only just begun, and has one thread.
        match nix::unistd::close(number) {
            // The list's own.
            Ok(()) | Err(Errno::EBADF) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The kernel kills this process when its parent ends. Strictly it is the parent's *thread* that counts: the worker
/// starts children on threads of its runtime, which live as long as the process.
fn die_with_parent(parent_pid: u32) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // It may have ended before this was set.
    if std::os::unix::process::parent_id() != parent_pid {
        return Err(io::Error::other("the process that started this one is gone"));
    }
    Ok(())
}
