//! The support bundle: what whoever helps wants to see, and no secret.
//!
//! Each file is put together from named fields. What nobody named is not in it: neither the sealed key,
//! nor the receipt, nor what people typed. Names of accounts and machines are in it, and its first file
//! says so.

use super::Diagnosis;
use super::installed::{FILES, file_in, folder};
use crate::flow::arm::probation_until;
use crate::panel::Panel;
use crate::{registration, task};
use agent::config::{self, Configuration, Learned, Link, Loaded};
use agent::{offline, pending, trial};
use serde_json::{Value, json};
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// So many entries of the event log, the newest.
const MOST_EVENTS: usize = 500;

const READ_ME: &str = "Support bundle of TRASA for Windows, made by TrasaConfig verify --bundle.\r\n\
    \r\n\
    In it: what verify and check found, the configuration without its key, the offline users, offline\r\n\
    logons that the server does not know of yet, TRASA's own entries of the event log, the report task,\r\n\
    versions of the program files.\r\n\
    Not in it: passwords, codes, keys, the ServiceKey, the receipt of the admission.\r\n\
    Names of accounts, of this computer and of the server are in it: give it to nobody who should not\r\n\
    know them.\r\n";

/// A bundle, ready to be written: a ZIP file, not compressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle(pub Vec<u8>);

/// Puts the bundle together. `None` where it would not fit into a ZIP file.
#[must_use]
pub fn bundle(panel: &Panel, diagnosis: &Diagnosis) -> Option<Bundle> {
    let loaded = config::load(&panel.services);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut add = |name: &str, bytes: &[u8]| {
        zip.start_file(name, options).ok()?;
        zip.write_all(bytes).ok()
    };
    add("READ-ME.txt", READ_ME.as_bytes())?;
    for (name, value) in [
        ("verify.json", findings(diagnosis)),
        ("check.json", check(diagnosis)),
        ("state.json", state(panel, &loaded)),
        (
            "configuration.json",
            loaded.usable.as_ref().map_or(Value::Null, |it| configuration(&it.configuration)),
        ),
        ("learned.json", loaded.usable.as_ref().map_or(Value::Null, |it| learned(&it.learned))),
        ("offline-users.json", json!(loaded.offline)),
        ("offline-logons.json", json!(offline::unreported(&panel.services))),
        ("files.json", files(panel)),
    ] {
        add(name, &serde_json::to_vec_pretty(&value).ok()?)?;
    }
    add("task.xml", panel.tasks.xml(task::FOLDER, task::NAME).unwrap_or_default().as_bytes())?;
    let events = panel.diagnostics.own_events(MOST_EVENTS).unwrap_or_default();
    add("events.xml", format!("<Events>\r\n{}\r\n</Events>\r\n", events.join("\r\n")).as_bytes())?;
    Some(Bundle(zip.finish().ok()?.into_inner()))
}

fn findings(diagnosis: &Diagnosis) -> Value {
    let lines = diagnosis.findings.iter().map(|finding| {
        json!({ "number": finding.part.number(), "part": finding.part.name(), "verdict": finding.verdict.name(), "text": finding.text })
    });
    json!({ "version": env!("CARGO_PKG_VERSION"), "lines": lines.collect::<Vec<_>>() })
}

fn check(diagnosis: &Diagnosis) -> Value {
    let lines = diagnosis.checked.report.lines.iter().map(|line| {
        json!({ "number": line.check.number(), "check": line.check.name(), "verdict": line.verdict.name(), "text": line.text })
    });
    Value::Array(lines.collect())
}

fn state(panel: &Panel, loaded: &Loaded) -> Value {
    let services = &panel.services;
    let (machine, usable) = (&loaded.machine, loaded.usable.as_ref());
    json!({
        "state": loaded.state.name(),
        "notices": loaded.notices.iter().map(|notice| notice.code()).collect::<Vec<_>>(),
        "time": services.clock.unix_seconds(),
        "host": machine.netbios_name,
        "dns_host": machine.dns_host_name,
        "joined": machine.joined,
        "domain": machine.netbios_domain,
        "dns_domain": machine.dns_domain,
        "machine_sid": machine.machine_sid,
        "windows": machine.windows_version,
        "registration": registration::facts(panel),
        "probation_until": probation_until(panel),
        "pending_arm": pending::read(services),
        "trial": usable.and_then(|usable| trial::passed(services, usable)),
        "servers": usable.map(|it| it.servers.iter().map(ToString::to_string).collect::<Vec<_>>()),
        "skip_tls_verification": usable.map(|it| it.skip_tls_verification),
        "safe_mode_boots": panel.diagnostics.safe_mode_boots(),
    })
}

/// Without the sealed key and the receipt.
fn configuration(configuration: &Configuration) -> Value {
    let link = match &configuration.link {
        Link::V1(link) => json!({ "service": link.service, "tls_key": link.tls_key }),
        Link::V2(link) => json!({
            "service": link.service,
            "machine": link.machine,
            "anchor": link.anchor,
            "public_key": link.public_key,
            "key_list": link.key_list,
            "settings": link.settings,
            "features": link.features,
        }),
    };
    json!({
        "protocol": configuration.protocol(),
        "link": link,
        "servers": configuration.servers,
        "skip_tls_verification": configuration.skip_tls_verification,
        "host": configuration.host,
        "machine_sid": configuration.machine_sid,
        "known_accounts": configuration.known_accounts,
        "allowed_providers": configuration.allowed_providers,
        "saved": configuration.saved,
    })
}

/// Without the trasa ids: people type them.
fn learned(learned: &Learned) -> Value {
    json!({
        "key_list": learned.key_list,
        "settings": learned.settings,
        "tls_seen": learned.tls_seen,
        "highest_server_time": learned.highest_server_time,
        "notices": learned.notices,
        "trasa_ids": learned.trasa_ids.len(),
    })
}

fn files(panel: &Panel) -> Value {
    let Some(folder) = folder(panel) else { return Value::Null };
    let files = FILES.iter().map(|name| {
        let path = file_in(&folder, name);
        json!({
            "path": path.display().to_string(),
            "there": panel.program.is_file(&path),
            "version": panel.diagnostics.file_version(&path),
        })
    });
    Value::Array(files.collect())
}
