//! Heartbeats of machines, and logons that happened without a decision.

use super::{OrganisationId, Store, StoreError, Write, learned_domains};
use crate::audit::{Actor, Entry};
use crate::heartbeat::Before;
use crate::store::machines::State;
use protocol::id::{LogonId, MachineId};
use protocol::v2::{Mode, ReportRequest};
use rusqlite::{OptionalExtension as _, params};
use std::net::IpAddr;

/// A logon that the agent let pass without a decision, in words that are safe to show.
#[derive(Debug, Clone)]
pub struct OfflineLogon {
    /// Its own id.
    pub id: LogonId,
    /// The account.
    pub account: String,
    /// When, by the machine's clock, Unix seconds.
    pub time: i64,
    /// Scenario, session, rule and cause.
    pub details: serde_json::Value,
    /// Whether it passed by the offline rule, which is an alarm; else because the service watches.
    pub alarm: bool,
}

/// What a machine is told after its report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// Whether its service guards or watches, with the end of watching.
    pub mode: (Mode, Option<i64>),
    /// How it stands.
    pub state: State,
}

impl Store {
    /// Keeps a report and writes what it says into the audit, each offline logon exactly once. `None`
    /// where the machine has no row.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is written then.
    pub async fn take_report(
        &self,
        organisation: OrganisationId,
        (machine, report, offline): (MachineId, ReportRequest, Vec<OfflineLogon>),
        findings: impl Fn(&Before, &ReportRequest) -> Vec<Entry> + Send + 'static,
        source: IpAddr,
        now: i64,
    ) -> Result<Option<Reported>, StoreError> {
        self.write(move |write| {
            let Some((before, reported)) = before(write, organisation, machine)? else { return Ok(None) };
            for entry in findings(&before, &report) {
                write.audit(organisation, now, &entry)?;
            }
            keep(write, organisation, (machine, &before, &report), source, now)?;
            for logon in &offline {
                offline_logon(write, organisation, machine, logon, now)?;
            }
            if reported.state.is_approved() {
                learned_domains::learn(write, organisation, machine, now)?;
            }
            Ok(Some(reported))
        })
        .await
    }
}

fn before(
    write: &Write<'_>,
    organisation: OrganisationId,
    machine: MachineId,
) -> Result<Option<(Before, Reported)>, StoreError> {
    Ok(write
        .prepare_cached(
            "SELECT m.host, m.former_host, coalesce(m.host_since, m.admitted), m.machine_sid, m.report, m.state,
                s.mode, s.mode_until
             FROM machines m JOIN services s ON s.organisation_id = m.organisation_id AND s.id = m.service_id
             WHERE m.organisation_id = ?1 AND m.id = ?2",
        )?
        .query_row(params![organisation, machine.0.0], |row| {
            let state = State::parse(row.get_ref(5)?.as_str()?);
            let report: Option<String> = row.get(4)?;
            let before = Before {
                host: row.get(0)?,
                former_host: row.get(1)?,
                host_since: row.get(2)?,
                machine_sid: row.get(3)?,
                report: report.and_then(|text| serde_json::from_str(&text).ok()),
                released: state == State::Released,
            };
            let mode = if row.get_ref(6)?.as_str()? == "watch" { Mode::Watch } else { Mode::Guard };
            Ok((before, Reported { mode: (mode, row.get(7)?), state }))
        })
        .optional()?)
}

fn keep(
    write: &Write<'_>,
    organisation: OrganisationId,
    (machine, before, report): (MachineId, &Before, &ReportRequest),
    source: IpAddr,
    now: i64,
) -> Result<(), StoreError> {
    let host = &report.host;
    let kept = serde_json::json!({
        "armed": report.armed,
        "state": report.state,
        "registration": report.registration,
        "probation_until": report.probation_until,
        "administrators": report.administrators,
        "safe_mode_boots": report.safe_mode_boots,
        "notices": report.notices,
        "time": now,
    });
    write
        .prepare_cached(
            "UPDATE machines SET host = ?3, dns_host = ?4, netbios_domain = ?5, dns_domain = ?6, domain_sid = ?7,
                machine_sid = coalesce(?8, machine_sid), versions = ?9, report = ?10, key_epoch = ?11,
                key_serial = ?12, last_seen = ?13, last_address = ?14
             WHERE organisation_id = ?1 AND id = ?2",
        )?
        .execute(params![
            organisation,
            machine.0.0,
            host.name,
            host.dns_name,
            host.domain,
            host.dns_domain,
            host.domain_sid,
            host.machine_sid,
            serde_json::to_string(&report.versions)?,
            kept.to_string(),
            report.key_list.0,
            report.key_list.1,
            now,
            source.to_string()
        ])?;
    if before.host != host.name {
        write
            .prepare_cached(
                "UPDATE machines SET former_host = ?3, host_since = ?4 WHERE organisation_id = ?1 AND id = ?2",
            )?
            .execute(params![organisation, machine.0.0, before.host, now])?;
    }
    Ok(())
}

fn offline_logon(
    write: &Write<'_>,
    organisation: OrganisationId,
    machine: MachineId,
    logon: &OfflineLogon,
    now: i64,
) -> Result<(), StoreError> {
    let new = write
        .prepare_cached(
            "INSERT INTO offline_logons (organisation_id, machine_id, id, account, time, received, details)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (organisation_id, machine_id, id) DO NOTHING",
        )?
        .execute(params![
            organisation,
            machine.0.0,
            logon.id.0.0,
            logon.account,
            logon.time,
            now,
            logon.details.to_string()
        ])?;
    if new == 0 {
        return Ok(());
    }
    let actor = Actor::Machine(machine);
    let entry = if logon.alarm {
        Entry::alarm("offline_logon", actor, logon.id)
    } else {
        Entry::new("logon.offline", actor, logon.id)
    };
    let entry =
        entry.detail("account", &logon.account).detail("time", logon.time).detail("how", &logon.details);
    write.audit(organisation, now, &entry)
}
