//! `trasa-server service allow-v1`, `import`, `deny-v1` and `show`: the original's agent protocol at a
//! service.

use super::table::{instant, instant_or, table};
use super::{Console, Failure, date};
use crate::clock::now;
use crate::names::Name;
use crate::store::ids::ServiceId;
use crate::store::services::{NewService, Service};
use crate::store::v1_calls::Caller;
use crate::store::v1_doors::{Credentials, Opening, V1, V1Key, read_original_id};
use crate::store::{OrganisationId, Store};
use serde_json::json;
use std::io::Read as _;
use zeroize::Zeroizing;

/// Longest key on standard input, in bytes.
const KEY_BYTES: u64 = 4096;

/// Arguments of `allow-v1`.
#[derive(Debug, clap::Args)]
pub struct Allow {
    /// ServiceID or name.
    service: String,
    /// Until when; afterwards its original agents are refused.
    #[arg(long, value_name = "DATE", value_parser = date::until)]
    until: i64,
    /// Let accounts pass without a second factor that no access of the service names.
    #[arg(long)]
    pass_through: bool,
    /// Make a new key; agents with the former one are refused at once.
    #[arg(long)]
    new_key: bool,
}

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
pub struct Import {
    /// ServiceID or name of the service that takes the original's agents over; made where there is none of
    /// this name.
    service: String,
    /// The ServiceID that the original's agents have.
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    service_id: String,
    /// Read the key that the original's agents have from standard input.
    #[arg(long, required = true)]
    v1_key_stdin: bool,
    /// Until when; afterwards its original agents are refused.
    #[arg(long, value_name = "DATE", value_parser = date::until)]
    until: i64,
    /// Let accounts pass without a second factor that no access of the service names.
    #[arg(long)]
    pass_through: bool,
}

pub(super) const ALLOW_HELP: &str = "The key opens version 1 of this one service and nothing of version 2. \
    Given again, the command changes the end and pass-through and keeps the key.\n\n\
    Examples:\n  \
    trasa-server service allow-v1 Workstations --until 2027-03-31\n  \
    trasa-server service allow-v1 Workstations --until 2027-03-31 --pass-through";

pub(super) const IMPORT_HELP: &str = "ServiceID and key stand in `config.trasa` in the folder of every original agent.\n\n\
    Example: trasa-server service import Workstations --service-id 5c5aa05f-1a4f-4ba9-a7d6-6f3ca2ba0bc4 \
    --v1-key-stdin --until 2027-03-31 < key.txt";

pub(super) async fn allow(store: &Store, arguments: Allow, at: &Console) -> Result<(), Failure> {
    let key = V1Key::random()?;
    let opening = Opening {
        service: arguments.service,
        absent: None,
        credentials: if arguments.new_key { Credentials::Replaced(key) } else { Credentials::Kept(key) },
        until: arguments.until,
        pass_through: arguments.pass_through,
    };
    let (until, passes) = (opening.until, opening.pass_through);
    let (id, key) = store.open_v1(OrganisationId::DEFAULT, opening, at.actor(), now()).await?;
    let text = format!(
        "ServiceID:  {id}\nServiceKey: {}\nFor original agents (version 1) until {}. It admits nothing in version 2.{}",
        key.text(),
        instant(until),
        pass_through_words(passes)
    );
    at.show(&json!({ "service_id": id, "v1_key": key.text() }), &text)
}

pub(super) async fn import(store: &Store, arguments: Import, at: &Console) -> Result<(), Failure> {
    let id = read_original_id(&arguments.service_id).map_err(Failure::usage)?;
    let key = V1Key::original(key_of_standard_input()?).map_err(Failure::usage)?;
    // What looks like a ServiceID names a service that has to be there.
    let absent = match (ServiceId::parse(arguments.service.trim()), find(store, &arguments.service)?) {
        (None, None) => Some(NewService::random(
            Name::parse("name", &arguments.service).map_err(|error| Failure::usage(error.to_string()))?,
        )?),
        _ => None,
    };
    let made = absent.as_ref().map(|service| service.name.shown().to_owned());
    let opening = Opening {
        service: arguments.service,
        absent,
        credentials: Credentials::Imported(id, key),
        until: arguments.until,
        pass_through: arguments.pass_through,
    };
    let (until, passes) = (opening.until, opening.pass_through);
    let (id, _) = store.open_v1(OrganisationId::DEFAULT, opening, at.actor(), now()).await?;
    let mut text = format!(
        "Original agents with the ServiceID {id} are served until {}.{}",
        instant(until),
        pass_through_words(passes)
    );
    if let Some(name) = made {
        text = format!(
            "The service {name:?} was made. `trasa-server service rotate-key` shows a ServiceKey for new agents.\n{text}"
        );
    }
    at.show(&json!({ "service_id": id }), &text)
}

fn find(store: &Store, service: &str) -> Result<Option<Service>, Failure> {
    match store.read(|read| read.service(OrganisationId::DEFAULT, service)) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.code() == "not_found" => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn deny(store: &Store, service: String, at: &Console) -> Result<(), Failure> {
    let id = store.deny_v1(OrganisationId::DEFAULT, service, at.actor(), now()).await?;
    let text = "Original agents are refused. Undo: trasa-server service allow-v1, which gives the same key back (where it leaked: with --new-key).";
    at.show(&json!({ "service_id": id }), text)
}

pub(super) async fn show(store: &Store, service: String, at: &Console) -> Result<(), Failure> {
    let organisation = OrganisationId::DEFAULT;
    let service = store.read(|read| read.service(organisation, &service))?;
    let callers = store.v1_callers(organisation, service.id).await?;
    let mut shown = serde_json::to_value(&service).unwrap_or_default();
    if let Some(v1) = shown.pointer_mut("/v1").and_then(serde_json::Value::as_object_mut) {
        v1.insert("callers".to_owned(), json!(callers));
    }
    at.show(&shown, &explain(&service, &callers))
}

fn explain(service: &Service, callers: &[Caller]) -> String {
    let mut text = format!("ServiceID:  {}\nName:       {}\n", service.id, service.name);
    let Some(v1) = &service.v1 else {
        return text + "Version 1:  never allowed";
    };
    text += &format!("Version 1:  {}\n", word(v1, now()));
    if v1.id != service.id.to_string() {
        text += &format!("  under the original's ServiceID {}\n", v1.id);
    }
    let rows = callers
        .iter()
        .map(|caller| {
            vec![
                caller.machine.clone().unwrap_or_else(|| "(tells no name)".to_owned()),
                caller.address.clone(),
                instant(caller.last),
                caller.calls.to_string(),
            ]
        })
        .collect();
    text + "\n"
        + &table(
            &["CALLER (BY ITS OWN WORD)", "ADDRESS", "LAST CALL", "CALLS"],
            rows,
            "Nobody has called yet.",
        )
}

/// How a service answers version 1, in a few words.
pub(super) fn word(v1: &V1, now: i64) -> String {
    let ends = match v1.denied {
        Some(denied) => format!("denied since {}", instant(denied)),
        None if v1.is_open(now) => format!("until {}", instant(v1.until)),
        None => format!("over since {}", instant(v1.until)),
    };
    let passes = if v1.pass_through && v1.is_open(now) { ", with pass-through" } else { "" };
    format!("{ends}{passes}, last call {}", instant_or(v1.last_call, "never"))
}

const fn pass_through_words(pass_through: bool) -> &'static str {
    if pass_through { "\nAccounts that no access names pass without a second factor." } else { "" }
}

/// The first line of standard input.
fn key_of_standard_input() -> Result<Zeroizing<String>, Failure> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(KEY_BYTES).unwrap_or(0)));
    std::io::stdin()
        .lock()
        .take(KEY_BYTES)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::refused("input", format!("standard input cannot be read: {error}")))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Failure::usage("the key is no text"))?;
    Ok(Zeroizing::new(text.trim().to_owned()))
}
