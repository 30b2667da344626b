//! `trasa-server doctor`: what is wrong, or soon will be.

use super::{Console, Failure};
use crate::clock;
use crate::folder::{self, CERTIFICATE_FILE, TLS_KEY_FILE};
use crate::init::RECOVERY_CONFIRMED;
use crate::keys::certificate::facts;
use crate::sealing::{KEY_FILE, KEY_VARIABLE};
use crate::store::{DATABASE_FILE, OrganisationId, Store, StoreError};

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Ok,
    Warning,
    Problem,
}

#[derive(Debug, serde::Serialize)]
struct Finding {
    check: &'static str,
    level: Level,
    message: String,
}

type Findings = Vec<Finding>;

const DAY: i64 = 86_400;
/// How far back alarms are shown.
const ALARM_DAYS: i64 = 7;
/// A row of the audit older than this should be in a segment, where a server runs.
const OPEN_ROW_SECS: i64 = 60;
/// Less free space than this is a warning, in bytes.
const LOW_DISK: u64 = 1 << 30;

pub(super) async fn run(at: &Console) -> Result<(), Failure> {
    let now = clock::now();
    let mut findings = Findings::new();
    permissions(at, &mut findings);
    disk(at, &mut findings);
    match at.open() {
        Err(failure) => push(&mut findings, "store", Level::Problem, failure.message().to_owned()),
        Ok(store) => {
            push(&mut findings, "store", Level::Ok, "opens, and the sealing key fits".to_owned());
            integrity(&store, &mut findings).await;
            keys(at, &store, now, &mut findings);
            audit(&store, now, &mut findings);
            version_1(&store, now, &mut findings).await;
            alarms(&store, now, &mut findings);
        }
    }
    let problems = findings.iter().filter(|finding| finding.level == Level::Problem).count();
    let text = findings
        .iter()
        .map(|finding| {
            let mark = match finding.level {
                Level::Ok => "ok     ",
                Level::Warning => "WARNING",
                Level::Problem => "PROBLEM",
            };
            format!("{mark}  {:<12} {}\n", finding.check, finding.message)
        })
        .collect::<String>();
    at.show(&findings, &text)?;
    match problems {
        0 => Ok(()),
        1 => Err(Failure::refused("problems", "1 problem was found")),
        _ => Err(Failure::refused("problems", format!("{problems} problems were found"))),
    }
}

fn push(findings: &mut Findings, check: &'static str, level: Level, message: String) {
    findings.push(Finding { check, level, message });
}

fn permissions(at: &Console, findings: &mut Findings) {
    let data = at.data();
    let mut sound = true;
    let mut look = |path: std::path::PathBuf, mode: &str| match folder::open_bits(&path) {
        Ok(0) => {}
        Ok(_) => {
            sound = false;
            let path = path.display();
            let message = format!("{path} is open to other users of this machine; run `chmod {mode} {path}`");
            push(findings, "permissions", Level::Problem, message);
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            sound = false;
            push(findings, "permissions", Level::Problem, format!("{}: {error}", path.display()));
        }
    };
    look(data.to_owned(), "700");
    for name in [KEY_FILE, TLS_KEY_FILE, DATABASE_FILE] {
        look(data.join(name), "600");
    }
    if sound {
        push(findings, "permissions", Level::Ok, "only the owner can read the folder".to_owned());
    }
    if std::env::var_os(KEY_VARIABLE).is_some() && data.join(KEY_FILE).exists() {
        let message = format!("{KEY_VARIABLE} is set and {KEY_FILE} exists; the variable is used");
        push(findings, "sealing", Level::Warning, message);
    }
}

fn disk(at: &Console, findings: &mut Findings) {
    match rustix::fs::statvfs(at.data()) {
        Err(error) => push(findings, "disk", Level::Warning, format!("the free space is unknown: {error}")),
        Ok(space) => {
            let free = space.f_bavail.saturating_mul(space.f_frsize);
            let level = if free < LOW_DISK { Level::Warning } else { Level::Ok };
            push(findings, "disk", level, format!("{} MiB are free", free >> 20));
        }
    }
}

async fn integrity(store: &Store, findings: &mut Findings) {
    match store.scan(|read| read.quick_check()).await {
        Ok(None) => push(findings, "database", Level::Ok, "is sound".to_owned()),
        Ok(Some(fault)) => {
            let message = format!("the database is damaged ({fault}); restore a backup");
            push(findings, "database", Level::Problem, message);
        }
        Err(error) => push(findings, "database", Level::Problem, error.to_string()),
    }
}

fn keys(at: &Console, store: &Store, now: i64, findings: &mut Findings) {
    let organisation = OrganisationId::DEFAULT;
    let keys = match store.server_keys(organisation) {
        Ok(keys) => keys,
        Err(error) => return push(findings, "keys", Level::Problem, error.to_string()),
    };
    let message =
        format!("epoch {}, serial {}, the chain holds up to the anchor", keys.list.epoch, keys.list.serial);
    push(findings, "keys", Level::Ok, message);
    match store.setting(organisation, RECOVERY_CONFIRMED) {
        Ok(Some(_)) => match beside(at) {
            Some(path) => push(
                findings,
                "recovery",
                Level::Warning,
                format!("{} lies beside the server's folder; move it away", path.display()),
            ),
            None => push(findings, "recovery", Level::Ok, "a copy of the recovery key was shown".to_owned()),
        },
        Ok(None) => push(
            findings,
            "recovery",
            Level::Warning,
            "no copy of the recovery key was ever shown; put it away, then run `trasa-server key confirm-recovery --recovery-key FILE`".to_owned(),
        ),
        Err(error) => push(findings, "recovery", Level::Problem, error.to_string()),
    }
    let path = at.data().join(CERTIFICATE_FILE);
    let certificate = std::fs::read(&path).map_err(|error| error.to_string());
    match certificate.and_then(|pem| facts(&pem).map_err(|error| error.to_string())) {
        Err(error) => push(findings, "certificate", Level::Problem, format!("{}: {error}", path.display())),
        Ok(certificate) => {
            let days = (certificate.not_after - now).div_euclid(DAY);
            let renew =
                if certificate.self_signed { "run `trasa-server cert renew`" } else { "have it renewed" };
            if !keys.list.tls.contains(&certificate.spki_sha256) {
                let message = format!(
                    "its key is not in the key list; run `trasa-server key accept-tls {}`",
                    path.display()
                );
                push(findings, "certificate", Level::Problem, message);
            } else if certificate.not_after <= now {
                push(findings, "certificate", Level::Problem, format!("it has ended; {renew}"));
            } else if certificate.not_before > now {
                push(
                    findings,
                    "certificate",
                    Level::Problem,
                    "it is not valid yet; look at the clock".to_owned(),
                );
            } else if days <= 30 {
                push(findings, "certificate", Level::Warning, format!("it ends in {days} days; {renew}"));
            } else {
                push(findings, "certificate", Level::Ok, format!("it lasts {days} more days"));
            }
        }
    }
}

/// The recovery key where `init` writes it by itself: whoever takes the folder takes the key as well.
fn beside(at: &Console) -> Option<std::path::PathBuf> {
    let path = at.data().with_file_name("trasa-recovery.key");
    path.exists().then_some(path)
}

fn audit(store: &Store, now: i64, findings: &mut Findings) {
    let organisation = OrganisationId::DEFAULT;
    let oldest = store.read(|read| {
        let after = read.last_segment(organisation)?.map_or(0, |segment| segment.last_row);
        Ok::<_, StoreError>(read.audit_rows(organisation, after, i64::MAX, 1)?.first().map(|row| row.time))
    });
    match oldest {
        Ok(Some(time)) if now - time > OPEN_ROW_SECS => push(
            findings,
            "audit",
            Level::Warning,
            "rows wait to be closed into a segment; the server closes them while it runs".to_owned(),
        ),
        Ok(_) => push(
            findings,
            "audit",
            Level::Ok,
            "every row is closed; `audit verify` computes them again".to_owned(),
        ),
        Err(error) => push(findings, "audit", Level::Problem, error.to_string()),
    }
}

/// Services that answer the original's agent protocol: the one way in without a signature.
async fn version_1(store: &Store, now: i64, findings: &mut Findings) {
    let services = match store.services(OrganisationId::DEFAULT).await {
        Ok(services) => services,
        Err(error) => return push(findings, "version 1", Level::Problem, error.to_string()),
    };
    let mut closed = true;
    for service in &services {
        let Some(v1) = service.v1.as_ref().filter(|v1| v1.is_open(now)) else { continue };
        closed = false;
        let name = &service.name;
        let days = (v1.until - now).div_euclid(DAY);
        let called = match v1.last_call {
            Some(last) => format!("called {} days ago", (now - last).div_euclid(DAY)),
            None => "never called".to_owned(),
        };
        let message = format!(
            "{name:?} serves original agents for {days} more days ({called}); when none is left, run `trasa-server service deny-v1`"
        );
        push(findings, "version 1", Level::Warning, message);
        if v1.pass_through {
            let message =
                format!("{name:?} lets accounts pass that no access names, without a second factor");
            push(findings, "version 1", Level::Warning, message);
        }
    }
    // Refusals since the end are calls with the right key: machines that were forgotten.
    for service in &services {
        let Some(v1) = service.v1.as_ref().filter(|v1| !v1.is_open(now)) else { continue };
        let end = v1.denied.map_or(v1.until, |denied| denied.min(v1.until));
        if v1.last_call.is_some_and(|last| last > end.max(now - ALARM_DAYS * DAY)) {
            let message = format!(
                "machines still call {:?} as original agents and are refused; see `trasa-server service show`",
                service.name
            );
            push(findings, "version 1", Level::Warning, message);
        }
    }
    if closed {
        push(findings, "version 1", Level::Ok, "no service serves original agents".to_owned());
    }
}

fn alarms(store: &Store, now: i64, findings: &mut Findings) {
    match store.read(|read| read.alarms_since(OrganisationId::DEFAULT, now - ALARM_DAYS * DAY)) {
        Err(error) => push(findings, "alarms", Level::Problem, error.to_string()),
        Ok(alarms) if alarms.is_empty() => {
            push(findings, "alarms", Level::Ok, format!("none in {ALARM_DAYS} days"));
        }
        Ok(alarms) => {
            for alarm in alarms.iter().take(20) {
                let time =
                    jiff::Timestamp::from_second(alarm.time).map(|time| time.to_string()).unwrap_or_default();
                let message = format!("{time} {} {}", alarm.subject, super::audit::printable(&alarm.details));
                push(findings, "alarms", Level::Warning, message);
            }
            if alarms.len() > 20 {
                let message = format!("and {} more; see `audit list --kind alarm`", alarms.len() - 20);
                push(findings, "alarms", Level::Warning, message);
            }
        }
    }
}
