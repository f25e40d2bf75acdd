//! seccomp: which system calls a child may not make.
//!
//! A list of what is refused, and not of what is allowed: poppler and the C library change, and a call that a new
//! version needs must not make documents unreadable. What the list does not know because it is newer is refused all the
//! same. A refused call answers EPERM, so that a library that only tries goes on; only a call by the numbers of another
//! architecture (x86 in 32 bits) kills.

use super::Needs;
use nix::libc::{self, c_long};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter_all_threads, sock_filter,
};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// The last call that [`REFUSED`] was made with: `mseal`, of Linux 6.10. Numbers from 424 on are the same everywhere.
const NEWEST: u32 = 462;
/// Not in the libc crate for all architectures.
const SYS_FCHMODAT2: c_long = 452;

/// Calls that are refused whatever their arguments are.
const REFUSED: &[&[c_long]] = &[
    // The network, of every family; sockets to other programs on this machine too.
    &[
        libc::SYS_socket,
        libc::SYS_socketpair,
        libc::SYS_bind,
        libc::SYS_connect,
        libc::SYS_listen,
        libc::SYS_accept,
        libc::SYS_accept4,
        libc::SYS_sendto,
        libc::SYS_sendmsg,
        libc::SYS_sendmmsg,
        libc::SYS_recvfrom,
        libc::SYS_recvmsg,
        libc::SYS_recvmmsg,
    ],
    // A second process or a thread: neither reader has any, and each would be one more to watch.
    &[libc::SYS_clone, libc::SYS_clone3, libc::SYS_execveat],
    // The memory, the files, the signals and the share of the machine of other processes of the same user.
    &[
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_process_madvise,
        libc::SYS_process_mrelease,
        libc::SYS_kcmp,
        libc::SYS_pidfd_open,
        libc::SYS_pidfd_getfd,
        libc::SYS_pidfd_send_signal,
        libc::SYS_rt_sigqueueinfo,
        libc::SYS_rt_tgsigqueueinfo,
        libc::SYS_migrate_pages,
        libc::SYS_move_pages,
        libc::SYS_setpriority,
        libc::SYS_ioprio_set,
        libc::SYS_sched_setaffinity,
        libc::SYS_sched_setattr,
        libc::SYS_sched_setparam,
        libc::SYS_sched_setscheduler,
    ],
    // Its own limits: a process may lower and, as root, raise them; and prlimit(2) reaches others' (see `conditional`).
    &[libc::SYS_setrlimit, libc::SYS_capset],
    // Memory and queues that have a name, which others can find and which outlive the process.
    &[
        libc::SYS_shmget,
        libc::SYS_shmat,
        libc::SYS_shmctl,
        libc::SYS_semget,
        libc::SYS_semop,
        libc::SYS_semtimedop,
        libc::SYS_semctl,
        libc::SYS_msgget,
        libc::SYS_msgsnd,
        libc::SYS_msgrcv,
        libc::SYS_msgctl,
        libc::SYS_mq_open,
        libc::SYS_mq_unlink,
        libc::SYS_memfd_create,
        libc::SYS_memfd_secret,
    ],
    // Changes to files. Landlock does not know modes, owners, times and attributes, and may be missing. openat2 hides
    // its flags in memory, where a filter can't look.
    &[
        libc::SYS_openat2,
        libc::SYS_open_by_handle_at,
        libc::SYS_mkdirat,
        libc::SYS_mknodat,
        libc::SYS_unlinkat,
        libc::SYS_renameat,
        libc::SYS_renameat2,
        libc::SYS_linkat,
        libc::SYS_symlinkat,
        libc::SYS_truncate,
        libc::SYS_ftruncate,
        libc::SYS_fallocate,
        libc::SYS_fchmod,
        libc::SYS_fchmodat,
        SYS_FCHMODAT2,
        libc::SYS_fchown,
        libc::SYS_fchownat,
        libc::SYS_utimensat,
        libc::SYS_setxattr,
        libc::SYS_lsetxattr,
        libc::SYS_fsetxattr,
        libc::SYS_removexattr,
        libc::SYS_lremovexattr,
        libc::SYS_fremovexattr,
    ],
    // Another view of the machine: namespaces, mounts, roots.
    &[
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_chroot,
        libc::SYS_pivot_root,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_open_tree,
        libc::SYS_move_mount,
        libc::SYS_mount_setattr,
        libc::SYS_fsopen,
        libc::SYS_fsconfig,
        libc::SYS_fsmount,
        libc::SYS_fspick,
        libc::SYS_quotactl,
        libc::SYS_quotactl_fd,
    ],
    // Parts of the kernel that a reader has no use for, and that many a way into the kernel has led through.
    &[
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        libc::SYS_io_setup,
        libc::SYS_io_submit,
        libc::SYS_splice,
        libc::SYS_tee,
        libc::SYS_vmsplice,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_keyctl,
        libc::SYS_fanotify_init,
        libc::SYS_inotify_init1,
        libc::SYS_personality,
        libc::SYS_landlock_create_ruleset,
        libc::SYS_landlock_add_rule,
        libc::SYS_landlock_restrict_self,
        libc::SYS_seccomp,
    ],
    // The machine itself. The kernel refuses these without capabilities, which a child does not have.
    &[
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_kexec_load,
        libc::SYS_kexec_file_load,
        libc::SYS_reboot,
        libc::SYS_swapon,
        libc::SYS_swapoff,
        libc::SYS_acct,
        libc::SYS_syslog,
        libc::SYS_sethostname,
        libc::SYS_setdomainname,
        libc::SYS_settimeofday,
        libc::SYS_clock_settime,
        libc::SYS_clock_adjtime,
        libc::SYS_adjtimex,
        libc::SYS_vhangup,
    ],
    OLD,
];

/// The same under the older names, which only this architecture has.
#[cfg(target_arch = "x86_64")]
const OLD: &[c_long] = &[
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_creat,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_mknod,
    libc::SYS_unlink,
    libc::SYS_rename,
    libc::SYS_link,
    libc::SYS_symlink,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
    libc::SYS_inotify_init,
    libc::SYS_modify_ldt,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_uselib,
];
#[cfg(not(target_arch = "x86_64"))]
const OLD: &[c_long] = &[];

/// Refuses this process the calls, for good.
///
/// # Errors
/// When the kernel takes no filter. Every kernel that the program supports does.
pub(super) fn restrict(needs: Needs) -> io::Result<()> {
    // The second filter refuses to add another.
    let by_arguments = by_arguments(std::process::id()).map_err(io::Error::other)?;
    for filter in [by_arguments, by_number(needs)?] {
        apply_filter_all_threads(&filter).map_err(io::Error::other)?;
    }
    Ok(())
}

/// A filter that refuses the list; and for which calls that are newer than the list do not exist (ENOSYS), as on an older
/// kernel: every library knows how to do without. The second set of numbers that x86-64 has for the same calls (x32) lies
/// far above.
///
/// The numbers are looked up as in a sorted list. Asked one after the other they cost each child half a millisecond: the
/// kernel tries a new filter on every call there is.
fn by_number(needs: Needs) -> io::Result<BpfProgram> {
    let mut refused: BTreeSet<c_long> = REFUSED.iter().copied().flatten().copied().collect();
    if needs == Needs::Nothing {
        refused.insert(libc::SYS_execve);
    }
    // Where a stretch of numbers begins that are all refused, or all not.
    let mut stretches = vec![(0, refused.contains(&0))];
    for number in 1..=NEWEST {
        let is_refused = refused.contains(&c_long::from(number));
        if stretches.last().is_some_and(|(_, before)| *before != is_refused) {
            stretches.push((number, is_refused));
        }
    }
    let mut program = vec![
        step(LOAD, 0, NUMBER),
        // Else over the next.
        sock_filter { jf: 1, ..step(JUMP_IF_GREATER, 0, NEWEST) },
        step(RETURN, 0, SeccompAction::Errno(libc::ENOSYS.cast_unsigned()).into()),
    ];
    program.extend(looked_up(&stretches)?);
    Ok(program)
}

/// Instructions that find the stretch of a number, by halves: each stretch with its first number, and whether it is
/// refused. There is at least one.
fn looked_up(stretches: &[(u32, bool)]) -> io::Result<BpfProgram> {
    if let [(_, refused)] = stretches {
        let refuse = SeccompAction::Errno(libc::EPERM.cast_unsigned());
        return Ok(vec![step(RETURN, 0, if *refused { refuse } else { SeccompAction::Allow }.into())]);
    }
    let (lower, upper) = stretches.split_at(stretches.len() / 2);
    let first = upper[0].0;
    let (lower, upper) = (looked_up(lower)?, looked_up(upper)?);
    let over = u8::try_from(lower.len()).map_err(io::Error::other)?;
    Ok([vec![step(JUMP_IF_NOT_LESS, over, first)], lower, upper].concat())
}

// The instructions of classic BPF (linux/bpf_common.h).
const LOAD: u16 = 0x20;
const JUMP_IF_GREATER: u16 = 0x25;
const JUMP_IF_NOT_LESS: u16 = 0x35;
const RETURN: u16 = 0x06;
/// Where `struct seccomp_data` has the number of the call.
const NUMBER: u32 = 0;

fn step(code: u16, jt: u8, k: u32) -> sock_filter {
    sock_filter { code, jt, jf: 0, k }
}

/// A filter that refuses calls with certain arguments, to a process with the id `pid`.
fn by_arguments(pid: u32) -> Result<BpfProgram, seccompiler::BackendError> {
    let architecture = std::env::consts::ARCH.try_into()?;
    let refuse = SeccompAction::Errno(libc::EPERM.cast_unsigned());
    SeccompFilter::new(conditional(pid)?, SeccompAction::Allow, refuse, architecture)?.try_into()
}

/// Calls that are refused with certain arguments.
fn conditional(pid: u32) -> Result<BTreeMap<c_long, Vec<SeccompRule>>, seccompiler::BackendError> {
    use SeccompCmpArgLen::{Dword, Qword};
    use SeccompCmpOp::{Eq, MaskedEq, Ne};
    let when = |argument, length, is, value| -> Result<SeccompRule, seccompiler::BackendError> {
        SeccompRule::new(vec![SeccompCondition::new(argument, length, is, value)?])
    };
    let itself = u64::from(pid);
    let mut rules = BTreeMap::new();
    // Signals to any but itself; abort(3) sends itself one.
    for call in [libc::SYS_kill, libc::SYS_tkill, libc::SYS_tgkill] {
        rules.insert(call, vec![when(0, Dword, Ne, itself)?]);
    }
    // Opening to write, to make or to empty a file.
    let opening = |flags| {
        [
            (libc::O_ACCMODE, libc::O_WRONLY),
            (libc::O_ACCMODE, libc::O_RDWR),
            (libc::O_CREAT, libc::O_CREAT),
            (libc::O_TRUNC, libc::O_TRUNC),
        ]
        .map(|(mask, bits)| {
            when(flags, Dword, MaskedEq(u64::from(mask.cast_unsigned())), u64::from(bits.cast_unsigned()))
        })
        .into_iter()
        .collect::<Result<Vec<_>, _>>()
    };
    rules.insert(libc::SYS_openat, opening(2)?);
    #[cfg(target_arch = "x86_64")]
    rules.insert(libc::SYS_open, opening(1)?);
    // A new limit; the old ones may be asked for.
    rules.insert(libc::SYS_prlimit64, vec![when(2, Qword, Ne, 0)?]);
    // To outlive its parent.
    let death = u64::from(libc::PR_SET_PDEATHSIG.cast_unsigned());
    rules.insert(libc::SYS_prctl, vec![when(0, Dword, Eq, death)?]);
    // To type on the terminal of whoever started the worker.
    let typing = [libc::TIOCSTI, libc::TIOCLINUX].map(|request| when(1, Dword, Eq, request));
    rules.insert(libc::SYS_ioctl, typing.into_iter().collect::<Result<_, _>>()?);
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITSELF: u32 = 1234;
    const EPERM: Option<i32> = Some(libc::EPERM);

    /// What the kernel would answer: an error of one of the filters, or none. Runs the few instructions that filters of
    /// this crate consist of.
    fn answer(needs: Needs, call: c_long, arguments: [u64; 6]) -> Option<i32> {
        let architecture = if cfg!(target_arch = "x86_64") { 0xc000_003e_u32 } else { 0xc000_00b7 };
        let number = u32::try_from(call).expect("a number of a call");
        let mut data = vec![number, architecture, 0, 0];
        for argument in arguments {
            data.extend([argument & 0xffff_ffff, argument >> 32].map(|half| u32::try_from(half).expect("a half")));
        }
        let filters = [by_arguments(ITSELF).expect("a filter"), by_number(needs).expect("a filter")];
        filters.iter().find_map(|filter| {
            assert!(filter.len() < 4096, "the kernel takes no longer one");
            let (mut at, mut value) = (0, 0_u32);
            loop {
                let step = &filter[at];
                let jump = |holds| if holds { usize::from(step.jt) } else { usize::from(step.jf) };
                at += 1;
                match step.code {
                    0x20 => value = data[step.k as usize / 4],
                    0x54 => value &= step.k,
                    0x05 => at += step.k as usize,
                    0x15 => at += jump(value == step.k),
                    0x25 => at += jump(value > step.k),
                    0x35 => at += jump(value >= step.k),
                    0x06 if step.k == u32::from(SeccompAction::Allow) => return None,
                    0x06 => return Some((step.k & 0xffff).cast_signed()),
                    code => panic!("an unknown instruction {code:#x}"),
                }
            }
        })
    }

    #[test]
    fn what_is_on_the_list_is_refused_to_all_readers() {
        for call in REFUSED.iter().copied().flatten() {
            for needs in [Needs::Nothing, Needs::Poppler, Needs::Drawing, Needs::Tesseract, Needs::Qpdf] {
                assert_eq!(answer(needs, *call, [0; 6]), EPERM, "call {call}");
            }
        }
        // What no safe function calls, so that the integration tests can't.
        assert_eq!(answer(Needs::Poppler, libc::SYS_ptrace, [16, 1, 0, 0, 0, 0]), EPERM);
        assert_eq!(answer(Needs::Poppler, libc::SYS_process_vm_readv, [1, 0, 0, 0, 0, 0]), EPERM);
    }

    #[test]
    fn the_readers_own_work_is_allowed() {
        for call in [libc::SYS_read, libc::SYS_write, libc::SYS_mmap, libc::SYS_brk, libc::SYS_exit_group] {
            assert_eq!(answer(Needs::Nothing, call, [0; 6]), None, "call {call}");
        }
        assert_eq!(answer(Needs::Poppler, libc::SYS_execve, [0; 6]), None);
        assert_eq!(answer(Needs::Nothing, libc::SYS_execve, [0; 6]), EPERM);
    }

    #[test]
    fn arguments_count_where_the_call_alone_does_not_tell() {
        let of = |call, arguments: &[u64]| {
            let mut all = [0; 6];
            all[..arguments.len()].copy_from_slice(arguments);
            answer(Needs::Poppler, call, all)
        };
        let flags = |flags: i32| u64::from(flags.cast_unsigned());
        assert_eq!(of(libc::SYS_openat, &[0, 0, flags(libc::O_RDONLY | libc::O_CLOEXEC)]), None);
        for writing in [libc::O_WRONLY, libc::O_RDWR, libc::O_CREAT, libc::O_TRUNC, libc::O_TMPFILE | libc::O_RDWR] {
            assert_eq!(of(libc::SYS_openat, &[0, 0, flags(writing)]), EPERM, "flags {writing:#o}");
        }
        assert_eq!(of(libc::SYS_tgkill, &[u64::from(ITSELF), u64::from(ITSELF), 6]), None);
        for other in [1, 0, u64::MAX, u64::from(ITSELF) + 1] {
            for call in [libc::SYS_kill, libc::SYS_tkill, libc::SYS_tgkill] {
                assert_eq!(of(call, &[other]), EPERM, "call {call} to {other}");
            }
        }
        assert_eq!(of(libc::SYS_prlimit64, &[0, 7, 0, 0x7fff_0000_0000]), None);
        assert_eq!(of(libc::SYS_prlimit64, &[0, 7, 0x7fff_0000_0000, 0]), EPERM);
        assert_eq!(of(libc::SYS_ioctl, &[0, libc::TIOCSTI]), EPERM);
        assert_eq!(of(libc::SYS_ioctl, &[0, libc::TCGETS]), None);
    }

    #[test]
    fn what_the_list_can_not_know_does_not_exist() {
        let newer = c_long::from(NEWEST) + 1;
        assert_eq!(answer(Needs::Poppler, newer, [0; 6]), Some(libc::ENOSYS));
        // x32: getpid by its other number.
        assert_eq!(answer(Needs::Poppler, 0x4000_0000 + libc::SYS_getpid, [0; 6]), Some(libc::ENOSYS));
    }
}
