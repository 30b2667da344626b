//! What a machine's report says that an administrator should hear of. Pure.

use crate::audit::{Actor, Entry};
use protocol::id::MachineId;
use protocol::v2::{Registration, ReportRequest};
use serde::Deserialize;

/// How soon a machine that takes back its former name is two machines with one key, in seconds.
const BACK_AND_FORTH: i64 = 2 * 86_400;

/// What was known of a machine before its report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// How it called itself.
    pub host: String,
    /// How it called itself before that.
    pub former_host: Option<String>,
    /// Since when it has its name, Unix seconds.
    pub host_since: i64,
    /// SID of its own account database.
    pub machine_sid: Option<String>,
    /// Its last report.
    pub report: Option<LastReport>,
    /// It may disarm.
    pub released: bool,
}

/// What is read back of a report that was kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct LastReport {
    /// Whether the agent guarded the logon.
    pub armed: bool,
    /// `absent`, `verified`, `armed` or `damaged`.
    pub state: String,
    /// What Windows would load.
    pub registration: Registration,
    /// Until when the agent was on probation, Unix seconds.
    pub probation_until: Option<i64>,
}

/// The audit's rows for a report at a time in Unix seconds. What has not changed since the last report
/// is not told again.
#[must_use]
pub fn findings(machine: MachineId, before: &Before, report: &ReportRequest, now: i64) -> Vec<Entry> {
    let alarm = |name: &'static str| Entry::alarm(name, Actor::Machine(machine), machine);
    let last = before.report.clone().unwrap_or_default();
    let mut rows = Vec::new();

    let other_sid = matches!((&before.machine_sid, &report.host.machine_sid), (Some(a), Some(b)) if a != b);
    let renamed = before.host != report.host.name;
    let back = before.former_host.as_ref() == Some(&report.host.name)
        && now.saturating_sub(before.host_since) < BACK_AND_FORTH;
    if other_sid || (renamed && back) {
        rows.push(
            alarm("two_hosts")
                .detail("hosts", [&before.host, &report.host.name])
                .detail("other_sid", other_sid),
        );
    } else if renamed {
        rows.push(
            Entry::new("machine.rename", Actor::Machine(machine), machine)
                .detail("from", &before.host)
                .detail("to", &report.host.name),
        );
    }

    let missing = |armed: bool, found: &Registration| armed && !(found.provider && found.filter);
    if missing(report.armed, &report.registration)
        && !(missing(last.armed, &last.registration) && last.registration == report.registration)
    {
        let Registration { provider, filter } = report.registration;
        rows.push(alarm("registration_missing").detail("provider", provider).detail("filter", filter));
    }
    if report.state == "damaged" && last.state != "damaged" {
        rows.push(alarm("configuration_damaged"));
    }
    if last.armed && !report.armed && !before.released {
        rows.push(alarm("disarmed").detail("state", &report.state));
    }
    if let Some(until) = report.probation_until.filter(|_| last.probation_until.is_none()) {
        rows.push(alarm("probation").detail("until", until));
    }
    for boot in &report.safe_mode_boots {
        rows.push(alarm("safe_mode_boot").detail("time", boot.time).detail("network", boot.network));
    }
    for notice in &report.notices {
        rows.push(alarm("notice").detail("notice", notice));
    }
    for row in &mut rows {
        *row = row.clone().detail("machine", &report.host.name);
    }
    rows
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{Before, LastReport, findings};
    use protocol::id::MachineId;
    use protocol::v2::{Host, Registration, ReportRequest, SafeModeBoot, Versions};

    const NOW: i64 = 1_790_000_000;

    fn before() -> Before {
        Before {
            host: "PC-07".to_owned(),
            former_host: None,
            host_since: NOW - 3600,
            machine_sid: Some("S-1-5-21-1-2-3".to_owned()),
            report: Some(LastReport {
                armed: true,
                state: "armed".to_owned(),
                registration: Registration { provider: true, filter: true },
                probation_until: None,
            }),
            released: false,
        }
    }

    fn report() -> ReportRequest {
        ReportRequest {
            armed: true,
            state: "armed".to_owned(),
            host: Host {
                name: "PC-07".to_owned(),
                dns_name: None,
                domain: None,
                dns_domain: None,
                domain_sid: None,
                machine_sid: Some("S-1-5-21-1-2-3".to_owned()),
            },
            versions: Versions::default(),
            registration: Registration { provider: true, filter: true },
            key_list: (0, 1),
            probation_until: None,
            offline_logons: Vec::new(),
            administrators: Vec::new(),
            safe_mode_boots: Vec::new(),
            notices: Vec::new(),
        }
    }

    fn check(change: impl Fn(&mut Before, &mut ReportRequest), expect: &[&str]) {
        let (mut before, mut report) = (before(), report());
        change(&mut before, &mut report);
        let rows = findings(MachineId::new([1; 16]), &before, &report, NOW);
        let names: Vec<_> = rows
            .iter()
            .map(|row| row.details.get("alarm").map_or(row.kind, |name| name.as_str().unwrap()))
            .collect();
        assert_eq!(names, expect);
    }

    #[test]
    fn what_is_told_and_what_was_told_before() {
        check(|_, _| {}, &[]);
        check(|_, new| new.registration.filter = false, &["registration_missing"]);
        check(
            |old, new| {
                new.registration.filter = false;
                old.report.as_mut().unwrap().registration.filter = false;
            },
            &[],
        );
        check(
            |old, new| {
                new.registration = Registration::default();
                old.report.as_mut().unwrap().registration.filter = false;
            },
            &["registration_missing"],
        );
        check(|old, new| (old.report, new.registration.provider) = (None, false), &["registration_missing"]);
        check(|_, new| (new.armed, new.registration) = (false, Registration::default()), &["disarmed"]);
        check(|old, new| (old.released, new.armed) = (true, false), &[]);
        check(|_, new| "damaged".clone_into(&mut new.state), &["configuration_damaged"]);
        check(|_, new| new.probation_until = Some(NOW + 86_400), &["probation"]);
        check(|_, new| new.notices = vec!["offline_copy_loose".to_owned()], &["notice"]);
        let boot = SafeModeBoot { time: NOW - 60, network: true };
        check(|_, new| new.safe_mode_boots = vec![boot, boot], &["safe_mode_boot", "safe_mode_boot"]);
    }

    #[test]
    fn a_new_name_is_noted_and_two_machines_with_one_key_alarm() {
        check(|_, new| "PC-08".clone_into(&mut new.host.name), &["machine.rename"]);
        check(
            |old, new| {
                old.former_host = Some("PC-08".to_owned());
                "PC-08".clone_into(&mut new.host.name);
            },
            &["two_hosts"],
        );
        check(
            |old, new| {
                old.former_host = Some("PC-08".to_owned());
                old.host_since = NOW - 3 * 86_400;
                "PC-08".clone_into(&mut new.host.name);
            },
            &["machine.rename"],
        );
        check(|_, new| new.host.machine_sid = Some("S-1-5-21-9-9-9".to_owned()), &["two_hosts"]);
        check(|_, new| new.host.machine_sid = None, &[]);
    }
}
