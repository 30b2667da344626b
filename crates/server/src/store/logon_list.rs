//! Logons as administrators see them, and accounts let past for some minutes.

use super::{BypassId, OrganisationId, Store, StoreError, machine_states};
use crate::audit::{Actor, Entry};
use decision::account::Pattern;
use protocol::id::{LogonId, MachineId};
use rusqlite::{Row, params};
use serde::Serialize;
use serde_json::Value;

/// Longest bypass, in minutes.
pub const MAX_BYPASS_MINUTES: u32 = 24 * 60;

/// A logon, as administrators see it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Logon {
    /// Its place in the order of beginning.
    #[serde(skip)]
    pub number: i64,
    /// Six letters and digits, as the tile shows them.
    pub short_code: String,
    /// The id that the agent chose.
    #[serde(rename = "logon_id")]
    #[schema(value_type = String)]
    pub id: LogonId,
    /// The machine's name; in version 1 what it claims to be called, empty where it claims nothing.
    pub machine: String,
    /// The machine's id; none in version 1.
    #[schema(value_type = Option<String>)]
    pub machine_id: Option<MachineId>,
    /// `v1` or `v2`.
    pub protocol: &'static str,
    /// The service's name.
    pub service: String,
    /// The user's username, where one was named.
    pub user: Option<String>,
    /// The Windows account.
    pub account: String,
    /// How they wanted to prove themself.
    pub method: String,
    /// `pending`, `allow`, `deny` or `cancelled`.
    pub result: String,
    /// The exact reason.
    pub reason: String,
    /// Values of the reason.
    pub parameters: Value,
    /// When it began, Unix seconds.
    pub begun: i64,
    /// When it was decided, Unix seconds.
    pub decided: Option<i64>,
    /// What the decision was made from.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub facts: Value,
}

const QUERY: &str =
    "SELECT l.short_code, l.id, coalesce(m.name, l.machine_name, ''), m.id, coalesce(s.name, ''), u.username,
        l.account, l.method, l.result, l.reason, l.parameters, l.begun, l.decided, l.facts, l.generation, l.number
     FROM logons l
     LEFT JOIN machines m ON m.organisation_id = l.organisation_id AND m.id = l.machine_id
     LEFT JOIN services s ON s.organisation_id = l.organisation_id AND s.id = l.service_id
     LEFT JOIN users u ON u.organisation_id = l.organisation_id AND u.id = l.user_id
     WHERE l.organisation_id = ?1";

fn logon(row: &Row<'_>) -> rusqlite::Result<Logon> {
    let json = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok(Logon {
        number: row.get(15)?,
        short_code: row.get(0)?,
        id: LogonId::new(row.get(1)?),
        machine: row.get(2)?,
        machine_id: row.get::<_, Option<[u8; 16]>>(3)?.map(MachineId::new),
        protocol: if row.get::<_, i64>(14)? == 1 { "v1" } else { "v2" },
        service: row.get(4)?,
        user: row.get(5)?,
        account: row.get(6)?,
        method: row.get(7)?,
        result: row.get(8)?,
        reason: row.get(9)?,
        parameters: json(row.get(10)?),
        begun: row.get(11)?,
        decided: row.get(12)?,
        facts: json(row.get(13)?),
    })
}

impl Store {
    /// The newest logons, newest first, without their facts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest_logons(
        &self,
        organisation: OrganisationId,
        limit: u32,
    ) -> Result<Vec<Logon>, StoreError> {
        self.logons_before(organisation, None, limit).await
    }

    /// The newest logons before one, newest first, without their facts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn logons_before(
        &self,
        organisation: OrganisationId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Logon>, StoreError> {
        self.scan(move |read| {
            let mut statement =
                read.prepare_cached(&format!("{QUERY} AND l.number < ?3 ORDER BY l.number DESC LIMIT ?2"))?;
            let before = before.unwrap_or(i64::MAX);
            let rows = statement.query_map(params![organisation, limit, before], logon)?;
            rows.map(|row| Ok(Logon { facts: Value::Null, ..row? })).collect()
        })
        .await
    }

    /// The logons with a short code or a logon id, newest first, with their facts.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn logons_called(
        &self,
        organisation: OrganisationId,
        text: String,
    ) -> Result<Vec<Logon>, StoreError> {
        self.scan(move |read| {
            let id = LogonId::parse(text.trim()).map(|id| id.0.0);
            let mut statement = read.prepare_cached(&format!(
                "{QUERY} AND (l.short_code = ?2 OR l.id = ?3) ORDER BY l.number DESC LIMIT 10"
            ))?;
            let rows = statement.query_map(params![organisation, text.trim().to_uppercase(), id], logon)?;
            let found = rows.collect::<Result<Vec<_>, _>>()?;
            if found.is_empty() { Err(StoreError::not_found("logon", text)) } else { Ok(found) }
        })
        .await
    }

    /// Lets an account past at one machine until a time. Audited, and an alarm.
    ///
    /// # Errors
    /// `not_found`, `ambiguous`.
    pub async fn add_bypass(
        &self,
        organisation: OrganisationId,
        (id, machine, account, until): (BypassId, String, Pattern, i64),
        actor: Actor,
        now: i64,
    ) -> Result<String, StoreError> {
        self.write(move |write| {
            let machine = machine_states::find(write, organisation, &machine)?;
            let (domain, name) = super::accesses::columns(&account);
            write
                .prepare_cached(
                    "INSERT INTO bypasses (organisation_id, id, machine_id, account_domain, account_name, until, created)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![organisation, id, machine.id.0.0, domain, name, until, now])?;
            let entry = Entry::alarm("bypass_opened", actor, machine.id)
                .detail("machine", &machine.name)
                .detail("account", account.to_string())
                .detail("until", until);
            write.audit(organisation, now, &entry)?;
            Ok(machine.name)
        })
        .await
    }
}
