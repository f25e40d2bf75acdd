//! A child that tries to break out: what a reader would do that a poison file has taken over. Only in builds for tests.
//!
//! Its standard input says what to do: a word, and where `tries` needs them, words with what to try on. It prints a
//! line a try, `NAME refused WHY` or `NAME ALLOWED`. A bound that kills ends it where it stands.

use super::confine::Limits;
use rustix::fs::MemfdFlags;
use rustix::process::{Pid, Resource, Rlimit, Signal};
use std::fs::{self, File, OpenOptions};
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

/// Does what standard input says.
///
/// # Errors
/// When a pipe breaks, or the script is no script.
pub(super) fn run(limits: Limits) -> io::Result<i32> {
    let mut script = String::new();
    io::stdin().read_to_string(&mut script)?;
    let words: Vec<&str> = script.split_whitespace().collect();
    match words[..] {
        ["tries", folder, tcp] => tries(folder, tcp, limits)?,
        ["memory"] => {
            let mut hoard: Vec<Vec<u8>> = Vec::new();
            loop {
                hoard.push(black_box(vec![1; 1 << 20]));
            }
        }
        ["cpu"] => loop {
            black_box(());
        },
        ["output"] => loop {
            io::stdout().write_all(&[b'x'; 4096])?;
        },
        ["stack"] => println!("{}", deeper(0)),
        ["sleep"] => std::thread::sleep(Duration::from_secs(3600)),
        _ => return Err(io::Error::other("no such script")),
    }
    Ok(0)
}

#[expect(unconditional_recursion, reason = "it is to use up the stack")]
fn deeper(depth: u64) -> u64 {
    let frame = black_box([depth; 512]);
    deeper(depth + 1) + frame[0]
}

/// Tries each thing in turn. `folder` holds a file `secret` that anyone may read and write, and a socket; somebody
/// listens at `tcp`.
fn tries(folder: &str, tcp: &str, limits: Limits) -> io::Result<()> {
    let within = |name: &str| format!("{folder}/{name}");
    let secret = within("secret");
    let parent = Pid::from_raw(limits.parent_pid.cast_signed()).ok_or_else(|| io::Error::other("no parent"))?;
    let in_proc = |name: &str| format!("/proc/{}/{name}", limits.parent_pid);

    // What others have written.
    say("read a file", fs::read(&secret))?;
    say("read /etc/passwd", fs::read("/etc/passwd"))?;
    say("read the parent's environment", fs::read(in_proc("environ")))?;
    say("read the parent's memory", File::open(in_proc("mem")))?;
    say("list a folder", fs::read_dir(folder))?;
    say("list the parent's files", fs::read_dir(in_proc("fd")))?;

    // Writing.
    say("write a file", OpenOptions::new().write(true).open(&secret))?;
    say("make a file", File::create(within("new")))?;
    say("make a file in the temporary folder", File::create("/tmp/docuvault-probe"))?;
    say("make a file here", File::create("docuvault-probe"))?;
    say("make a file in shared memory", File::create("/dev/shm/docuvault-probe"))?;
    say("make a folder", fs::create_dir(within("new")))?;
    say("make a link", std::os::unix::fs::symlink("/", within("new")))?;
    say("remove a file", fs::remove_file(&secret))?;
    say("rename a file", fs::rename(&secret, within("old")))?;
    say("change a file's mode", fs::set_permissions(&secret, fs::Permissions::from_mode(0o777)))?;
    say("make a file without a name", rustix::fs::memfd_create("probe", MemfdFlags::CLOEXEC))?;
    say("write to standard input", rustix::io::write(io::stdin().as_fd(), b"x"))?;
    say("open standard input to write", OpenOptions::new().write(true).open("/proc/self/fd/0"))?;

    // The network, and other programs on this machine.
    say("connect by TCP", TcpStream::connect(tcp))?;
    say("send by UDP", UdpSocket::bind("127.0.0.1:0"))?;
    say("connect to a socket in a folder", UnixStream::connect(within("socket")))?;
    say("listen on a socket in a folder", UnixListener::bind(within("new")))?;
    say("make a pair of sockets", UnixStream::pair())?;

    // Other processes.
    say("start a program", Command::new("/bin/true").status())?;
    say("start a thread", std::thread::Builder::new().spawn(|| ()))?;
    say("signal the parent", rustix::process::test_kill_process(parent))?;
    say("signal the group", rustix::process::test_kill_current_process_group())?;
    say("hold the parent", rustix::process::pidfd_open(parent, rustix::process::PidfdFlags::empty()))?;
    say("slow the parent down", rustix::process::setpriority_process(Some(parent), 10))?;

    // The bounds themselves.
    let raise = |resource| rustix::process::setrlimit(resource, Rlimit { current: None, maximum: None });
    say("raise the limit of memory", raise(Resource::As))?;
    say("raise the limit of CPU time", raise(Resource::Cpu))?;
    say("outlive the parent", rustix::process::set_parent_process_death_signal(None::<Signal>))?;
    say("get new privileges", rustix::thread::set_no_new_privs(false))?;
    #[expect(deprecated, reason = "its heir is an unsafe fn; this process has one thread, and is refused")]
    say("leave the namespaces", rustix::thread::unshare(rustix::thread::UnshareFlags::NEWUSER))?;
    say("change the root", rustix::process::chroot("/"))?;

    let capabilities = rustix::thread::capabilities(None)?;
    let none = capabilities.effective.is_empty() && capabilities.permitted.is_empty();
    say("have capabilities", if none { Err("there are none") } else { Ok(()) })?;
    let kept: Vec<String> = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    println!("environment {}", kept.join(" "));

    let handles: Vec<_> = (0..100).map(|_| rustix::io::dup(io::stdin().as_fd())).collect();
    say("open 100 files", handles.into_iter().collect::<Result<Vec<_>, _>>())?;
    // The last: it would not come back.
    let error = Command::new("/bin/echo").arg("become another program ALLOWED").exec();
    say("become another program", Err::<(), _>(error))
}

fn say<T, E: std::fmt::Display>(name: &str, tried: Result<T, E>) -> io::Result<()> {
    match tried {
        Ok(_) => writeln!(io::stdout(), "{name} ALLOWED"),
        Err(why) => writeln!(io::stdout(), "{name} refused {why}"),
    }
}
