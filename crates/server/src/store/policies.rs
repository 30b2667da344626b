//! Policies: when, from where and by which methods.

use super::services::taken;
use super::{OrganisationId, PolicyId, Read, Store, StoreError};
use crate::audit::{Actor, Entry};
use crate::names::Name;
use decision::policy::{Methods, Zone};
use protocol::v2::{Method, Session};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::str::FromStr;

/// The rules of a policy as they were written; what they mean is [`decision::policy`]'s.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyText {
    /// Days and hours, such as `mon-fri 08:00-18:00`; one that holds suffices; none: always.
    #[serde(default)]
    pub when: Vec<String>,
    /// IANA time zone in which they are read.
    #[serde(default)]
    pub zone: Option<String>,
    /// Networks in CIDR form; none: from anywhere.
    #[serde(default)]
    pub networks: Vec<String>,
    /// Kind of session; none: either.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub session: Option<Session>,
    /// The first instant at which the policy allows nothing any more, Unix seconds.
    #[serde(default)]
    pub expires: Option<i64>,
    /// Allowed methods; none: any.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub methods: Vec<Method>,
}

impl PolicyText {
    /// What the text means. Zone names and networks are written as the decision spells them.
    ///
    /// # Errors
    /// One sentence that names the part at fault.
    pub fn read(&self) -> Result<decision::policy::Policy, String> {
        let methods: Methods = self.methods.iter().copied().collect();
        Ok(decision::policy::Policy {
            hours: self.when.iter().map(|text| parsed(text)).collect::<Result<_, _>>()?,
            zone: match &self.zone {
                Some(zone) => Zone::parse(zone).map_err(|error| error.to_string())?,
                None => Zone::utc(),
            },
            networks: self.networks.iter().map(|text| parsed(text)).collect::<Result<_, _>>()?,
            session: self.session,
            expires: self.expires,
            methods: if self.methods.is_empty() { Methods::ALL } else { methods },
        })
    }
}

fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

/// A policy, as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Policy {
    /// The id.
    #[serde(rename = "policy_id")]
    #[schema(value_type = String)]
    pub id: PolicyId,
    /// Its name.
    pub name: String,
    /// Its rules.
    #[serde(flatten)]
    pub text: PolicyText,
    /// When it was added, Unix seconds.
    pub created: i64,
}

fn policy(row: &Row<'_>) -> rusqlite::Result<(PolicyId, String, String, i64)> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn read((id, name, rules, created): (PolicyId, String, String, i64)) -> Result<Policy, StoreError> {
    Ok(Policy { id, name, text: serde_json::from_str(&rules)?, created })
}

pub(super) fn find(
    connection: &Connection,
    organisation: OrganisationId,
    text: &str,
) -> Result<Policy, StoreError> {
    connection
        .prepare_cached(
            "SELECT id, name, rules, created FROM policies
             WHERE organisation_id = ?1 AND deleted IS NULL AND (id = ?2 OR name_key = ?3)",
        )?
        .query_row(params![organisation, PolicyId::parse(text.trim()), crate::names::key(text)], policy)
        .optional()?
        .map_or_else(|| Err(StoreError::not_found("policy", text)), read)
}

impl Read<'_> {
    /// A live policy by id or name.
    ///
    /// # Errors
    /// `not_found`.
    pub fn policy(&self, organisation: OrganisationId, text: &str) -> Result<Policy, StoreError> {
        find(self, organisation, text)
    }
}

impl Store {
    /// Adds a policy; the caller has read the text through [`decision::policy`].
    ///
    /// # Errors
    /// `name_taken`.
    pub async fn add_policy(
        &self,
        organisation: OrganisationId,
        (id, name, text): (PolicyId, Name, PolicyText),
        actor: Actor,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |write| {
            let rules = serde_json::to_string(&text)?;
            write
                .prepare_cached(
                    "INSERT INTO policies (organisation_id, id, name, name_key, rules, created)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![organisation, id, name.shown(), name.key(), rules, now])
                .map_err(|error| taken(error, "policy", name.shown()))?;
            let entry =
                Entry::new("policy.add", actor, id).detail("name", name.shown()).detail("rules", &text);
            write.audit(organisation, now, &entry)
        })
        .await
    }

    /// All policies, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn policies(&self, organisation: OrganisationId) -> Result<Vec<Policy>, StoreError> {
        self.scan(move |store| {
            let mut statement = store.prepare_cached(
                "SELECT id, name, rules, created FROM policies
                 WHERE organisation_id = ?1 AND deleted IS NULL ORDER BY name_key",
            )?;
            let rows = statement.query_map([organisation], policy)?;
            rows.map(|row| read(row?)).collect()
        })
        .await
    }
}
