//! The run as a Markdown table.

use crate::check::Findings;
use crate::client::Ledger;
use crate::deck::{Blow, Fault};
use std::fmt;
use std::time::Duration;

/// What was done to the vault, and how long it took to come back.
#[derive(Debug, Default)]
pub struct Report {
    faults: Vec<(Fault, Duration)>,
}

impl Report {
    /// One or two faults at the same time, after which `serve` was well again in so long.
    pub fn note(&mut self, blows: &[Blow], recovery: Duration) {
        self.faults.extend(blows.iter().map(|blow| (blow.fault, recovery)));
    }

    pub fn faults(&self) -> usize {
        self.faults.len()
    }

    /// The table of faults, and the table of what was found.
    pub fn table<'a>(&'a self, seed: u64, took: Duration, ledger: &'a Ledger, findings: &'a Findings) -> Table<'a> {
        Table { report: self, seed, took, ledger, findings }
    }
}

pub struct Table<'a> {
    report: &'a Report,
    seed: u64,
    took: Duration,
    ledger: &'a Ledger,
    findings: &'a Findings,
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { report, seed, took, ledger, findings } = self;
        writeln!(f, "Seed {seed}, {:.0} minutes, {} faults.\n", took.as_secs_f64() / 60.0, report.faults())?;
        writeln!(f, "| fault | times | well again after, at most |\n|---|--:|--:|")?;
        for kind in Fault::all() {
            let recoveries = report.faults.iter().filter(|(fault, _)| *fault == kind).map(|(_, recovery)| recovery);
            let longest = recoveries.clone().max().copied().unwrap_or_default();
            writeln!(f, "| {kind} | {} | {:.1} s |", recoveries.count(), longest.as_secs_f64())?;
        }
        writeln!(f, "\n| what | how many |\n|---|--:|")?;
        let rows: [(&str, usize); 19] = [
            ("uploads answered with 201", ledger.accepted),
            ("answered with 409 (the same bytes again)", ledger.duplicates),
            ("refused with 503", ledger.refused),
            ("without an answer (the connection broke)", ledger.broken),
            ("left by the client in the middle", ledger.abandoned),
            ("answers that must not be", ledger.wrong.len()),
            ("documents compared, byte by byte and text by text", findings.documents),
            ("thrown away, and back out of the trash", findings.restored),
            ("deleted, and gone", findings.deleted),
            ("**lost**", findings.lost),
            ("**changed bytes**", findings.changed),
            ("**wrong texts**", findings.wrong_texts),
            ("**not in their final state**", findings.not_final),
            ("**classified twice**", findings.twice),
            ("**jobs stuck or given up**", findings.stuck),
            ("**leases held by the dead**", findings.dead_leases),
            ("objects and uploads without a row, swept", findings.swept),
            ("**left after the sweep, or rows without an object**", findings.orphans),
            ("problems in all", findings.problems.len()),
        ];
        for (what, count) in rows {
            writeln!(f, "| {what} | {count} |")?;
        }
        writeln!(f, "| slowest accepted upload | {:.1} s |", ledger.slowest.as_secs_f64())?;
        writeln!(f, "| slowest from 201 to its final state | {:.1} s |", findings.slowest_job.as_secs_f64())
    }
}
