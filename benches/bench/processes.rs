//! What processes cost, out of /proc: CPU time by part of the system, and memory.

use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// proc(5) counts CPU time in hundredths of a second.
const TICK_MS: f64 = 10.0;
/// Time between two looks at the memory.
const SAMPLE_EVERY: Duration = Duration::from_millis(100);

/// The processes of one stack.
#[derive(Clone, Default)]
pub struct Pids {
    pub serve: Vec<u32>,
    pub workers: Vec<u32>,
    pub postgres: u32,
    pub redis: u32,
    pub s3: u32,
}

/// CPU time in ms, of each part.
#[derive(Clone, Copy, Default)]
pub struct Cpu {
    pub serve: f64,
    pub worker: f64,
    pub children: f64,
    pub postgres: f64,
    pub redis: f64,
    pub s3: f64,
    /// The load generator itself.
    pub driver: f64,
}

impl Cpu {
    /// The parts by name, in the order of the tables.
    pub fn parts(&self) -> [(&'static str, f64); 7] {
        [
            ("serve", self.serve),
            ("worker", self.worker),
            ("children", self.children),
            ("postgres", self.postgres),
            ("redis", self.redis),
            ("s3", self.s3),
            ("driver", self.driver),
        ]
    }

    /// What our own processes took.
    pub fn ours(&self) -> f64 {
        self.serve + self.worker + self.children
    }

    /// What was spent since `earlier`, shared among `count`.
    pub fn since(&self, earlier: &Self, count: usize) -> Self {
        let each = |now: f64, then: f64| (now - then).max(0.0) / count.max(1) as f64;
        Self {
            serve: each(self.serve, earlier.serve),
            worker: each(self.worker, earlier.worker),
            children: each(self.children, earlier.children),
            postgres: each(self.postgres, earlier.postgres),
            redis: each(self.redis, earlier.redis),
            s3: each(self.s3, earlier.s3),
            driver: each(self.driver, earlier.driver),
        }
    }
}

struct Stat {
    parent: u32,
    own: f64,
    /// Of children that have ended and were waited for.
    reaped: f64,
}

/// Fields 4 and 14 to 17 of proc(5)'s `stat`; the name in brackets may hold anything.
fn stat(text: &str) -> Option<Stat> {
    let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        own: (ticks(11)? + ticks(12)?) * TICK_MS,
        reaped: (ticks(13)? + ticks(14)?) * TICK_MS,
    })
}

fn all() -> HashMap<u32, Stat> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| Some((pid, stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?))).collect()
}

/// CPU time of this process, and of its children that were waited for.
pub fn own_and_reaped() -> (f64, f64) {
    let stat = fs::read_to_string("/proc/self/stat").ok().and_then(|text| stat(&text));
    stat.map_or((0.0, 0.0), |stat| (stat.own, stat.reaped))
}

/// What each part of the stack has spent until now. A worker's reading children are those it has waited for, and those
/// that still run.
pub fn cpu(pids: &Pids) -> Cpu {
    let all = all();
    let own = |pid: &u32| all.get(pid).map_or(0.0, |stat| stat.own);
    // Of the process's children, dead or alive, and of theirs.
    fn below(all: &HashMap<u32, Stat>, pid: u32) -> f64 {
        let reaped = all.get(&pid).map_or(0.0, |stat| stat.reaped);
        let children = all.iter().filter(|(_, stat)| stat.parent == pid);
        reaped + children.map(|(child, stat)| stat.own + below(all, *child)).sum::<f64>()
    }
    let tree = |pid: u32| own(&pid) + below(&all, pid);
    Cpu {
        serve: pids.serve.iter().map(|pid| tree(*pid)).sum(),
        worker: pids.workers.iter().map(own).sum(),
        children: pids.workers.iter().map(|pid| below(&all, *pid)).sum(),
        postgres: tree(pids.postgres),
        redis: tree(pids.redis),
        s3: tree(pids.s3),
        driver: own_and_reaped().0,
    }
}

/// Memory of a process in MiB: PSS, in which pages that several share count in parts. Only root may read that of the
/// vault's processes (they keep secrets); for others it is RSS, which is more.
pub fn memory(pid: u32) -> f64 {
    if let Ok(text) = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) {
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
        return line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or(0.0) / 1024.0;
    }
    let pages = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<f64>().ok()).unwrap_or(0.0) * 4.0 / 1024.0
}

/// False where [`memory`] answers RSS.
pub fn sees_pss(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).is_ok()
}

/// Memory of `serve` and of the workers, without their reading children, in MiB.
#[derive(Clone, Copy, Default)]
pub struct Memory {
    pub serve: f64,
    pub worker: f64,
    pub both: f64,
}

impl Memory {
    pub fn now(pids: &Pids) -> Self {
        let sum = |pids: &[u32]| pids.iter().map(|pid| memory(*pid)).sum::<f64>();
        let (serve, worker) = (sum(&pids.serve), sum(&pids.workers));
        Self { serve, worker, both: serve + worker }
    }

    fn higher(self, other: Self) -> Self {
        Self {
            serve: self.serve.max(other.serve),
            worker: self.worker.max(other.worker),
            both: self.both.max(other.both),
        }
    }
}

/// Watches the memory on a thread of its own.
pub struct Sampler {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Memory>,
}

impl Sampler {
    pub fn start(pids: Pids) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = thread::spawn(move || {
            let mut peak = Memory::default();
            while !stopped.load(Ordering::Relaxed) {
                peak = peak.higher(Memory::now(&pids));
                thread::sleep(SAMPLE_EVERY);
            }
            peak.higher(Memory::now(&pids))
        });
        Self { stop, thread }
    }

    /// The highest that was seen.
    pub fn peak(self) -> Memory {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}

/// The load average over the last minute.
pub fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0)
}

/// What the figures were taken on.
pub fn machine() -> Value {
    let line = |path: &str, start: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let found = text.lines().find_map(|line| line.strip_prefix(start)).unwrap_or_default();
        found.trim_start_matches([':', ' ', '\t']).to_owned()
    };
    let ram = line("/proc/meminfo", "MemTotal:");
    let kib = ram.trim_end_matches(" kB").trim().parse::<f64>().unwrap_or(0.0);
    json!({
        "cores": thread::available_parallelism().map_or(1, std::num::NonZero::get),
        "processor": line("/proc/cpuinfo", "model name"),
        "ram_gib": (kib / 1024.0 / 1024.0 * 10.0).round() / 10.0,
        "kernel": fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim(),
    })
}
