//! What was measured, as a table and as JSON.

use crate::durable::Commits;
use crate::generator::Measured;
use anyhow::Result;
use serde_json::{Value, json};
use std::io::Write as _;
use std::time::Duration;

/// One phase.
pub struct Phase {
    pub clients: usize,
    /// The server.
    pub measured: Measured,
    /// Processor time that it took.
    pub cpu: Duration,
    /// Its resident memory in KiB: after the phase, and at its highest.
    pub memory: (u64, u64),
    /// The handler that only checks and makes signatures.
    pub handler: Measured,
    /// Bare durable writes.
    pub commits: Commits,
}

pub struct Report {
    users: usize,
    short: bool,
    pub phases: Vec<Phase>,
}

/// One of the aims.
struct Aim {
    name: &'static str,
    aim: f64,
    measured: f64,
    met: bool,
}

/// Tells a person how far it is, beside the result.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn mebibytes(kibibytes: u64) -> f64 {
    f64::from(u32::try_from(kibibytes).unwrap_or(u32::MAX)) / 1024.0
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

impl Report {
    pub const fn new(users: usize, short: bool) -> Self {
        Self { users, short, phases: Vec::new() }
    }

    fn aims(&self) -> Vec<Aim> {
        let mut aims = Vec::new();
        for phase in &self.phases {
            if phase.clients == 64 {
                let measured = phase.measured.per_second();
                aims.push(Aim {
                    name: "decisions a second at 64 clients",
                    aim: 5_000.0,
                    measured,
                    met: measured >= 5_000.0,
                });
            }
            if phase.clients == 1 {
                let above = milliseconds(phase.measured.percentile(50)) - milliseconds(phase.commits.p50);
                aims.push(Aim {
                    name: "p50 at 1 client above a bare durable write, ms",
                    aim: 1.0,
                    measured: above,
                    met: above <= 1.0,
                });
            }
        }
        let highest = self.phases.iter().map(|phase| phase.memory.1).max().unwrap_or(0);
        let measured = mebibytes(highest);
        aims.push(Aim { name: "resident memory, MiB", aim: 40.0, measured, met: measured < 40.0 });
        aims
    }

    pub fn all_met(&self) -> bool {
        self.aims().iter().all(|aim| aim.met)
    }

    fn json(&self) -> Value {
        let measured = |measured: &Measured| {
            json!({
                "requests": measured.times.len(),
                "per_second": measured.per_second().round(),
                "p50_ms": rounded(milliseconds(measured.percentile(50))),
                "p99_ms": rounded(milliseconds(measured.percentile(99))),
            })
        };
        let phases: Vec<Value> = self
            .phases
            .iter()
            .map(|phase| {
                json!({
                    "clients": phase.clients,
                    "server": measured(&phase.measured),
                    "server_cpu_us_per_decision": per_request(phase).round(),
                    "server_rss_mib": rounded(mebibytes(phase.memory.0)),
                    "server_rss_highest_mib": rounded(mebibytes(phase.memory.1)),
                    "bare_handler": measured(&phase.handler),
                    "bare_durable": {
                        "records_per_second": phase.commits.per_second.round(),
                        "p50_ms": rounded(milliseconds(phase.commits.p50)),
                    },
                })
            })
            .collect();
        let aims: Vec<Value> = self
            .aims()
            .iter()
            .map(|aim| {
                json!({ "aim": aim.name, "is": aim.aim, "measured": rounded(aim.measured), "met": aim.met })
            })
            .collect();
        json!({ "users": self.users, "short": self.short, "phases": phases, "aims": aims })
    }

    fn table(&self) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        table.set_header([
            "CLIENTS",
            "DECISIONS/S",
            "P50 MS",
            "P99 MS",
            "CPU US",
            "RSS MIB",
            "BARE HANDLER/S",
            "P50 MS",
            "P99 MS",
            "BARE DURABLE/S",
            "P50 MS",
        ]);
        for phase in &self.phases {
            table.add_row([
                phase.clients.to_string(),
                format!("{:.0}", phase.measured.per_second()),
                format!("{:.2}", milliseconds(phase.measured.percentile(50))),
                format!("{:.2}", milliseconds(phase.measured.percentile(99))),
                format!("{:.0}", per_request(phase)),
                format!("{:.1}", mebibytes(phase.memory.0)),
                format!("{:.0}", phase.handler.per_second()),
                format!("{:.2}", milliseconds(phase.handler.percentile(50))),
                format!("{:.2}", milliseconds(phase.handler.percentile(99))),
                format!("{:.0}", phase.commits.per_second),
                format!("{:.2}", milliseconds(phase.commits.p50)),
            ]);
        }
        let mut text = table.trim_fmt();
        for aim in self.aims() {
            let verdict = if aim.met { "met   " } else { "MISSED" };
            text.push_str(&format!("\n{verdict} {}: {:.2} (aim {})", aim.name, aim.measured, aim.aim));
        }
        if self.short {
            text.push_str("\nA short run: it shows that all of this works, its figures say little.");
        }
        text
    }

    pub fn print(&self, as_json: bool) -> Result<()> {
        let text = if as_json { serde_json::to_string(&self.json())? } else { self.table() };
        writeln!(std::io::stdout(), "{text}")?;
        Ok(())
    }
}

/// The server's processor time for one request, in microseconds.
fn per_request(phase: &Phase) -> f64 {
    let count = f64::from(u32::try_from(phase.measured.times.len().max(1)).unwrap_or(u32::MAX));
    phase.cpu.as_secs_f64() * 1_000_000.0 / count
}
