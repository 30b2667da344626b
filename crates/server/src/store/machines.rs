//! Machines as they are met: who signs a call, who is admitted, who comes with a receipt.

use super::{OrganisationId, Read, Store, StoreError, Write, learned_domains};
use crate::audit::{Actor, Entry};
use crate::sealing::Place;
use crate::store::services::{Admit, key_place, token_place};
use protocol::encoding::{Bytes, PublicKey};
use protocol::id::{MachineId, ServiceId};
use protocol::service_key::TokenId;
use protocol::statement::Receipt;
use protocol::v2::{Host, Mode, Versions};
use rusqlite::{OptionalExtension as _, params};
use std::net::IpAddr;
use zeroize::Zeroizing;

/// How a machine stands with its service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// An administrator has to approve it.
    Waiting,
    /// It may ask for decisions.
    Approved,
    /// It was removed for good.
    Revoked,
    /// It may disarm; until it does, it asks like an approved one.
    Released,
}

impl State {
    /// As it stands in the store. The table's CHECK allows nothing else; of two readings the stricter.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "approved" => Self::Approved,
            "released" => Self::Released,
            "waiting" => Self::Waiting,
            _ => Self::Revoked,
        }
    }

    /// Whether an administrator, or the service's open days, let it in.
    #[must_use]
    pub const fn is_approved(self) -> bool {
        matches!(self, Self::Approved | Self::Released)
    }
}

/// A machine with a row, as far as verifying its calls needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownMachine {
    /// The key that its calls are signed with.
    pub public_key: PublicKey,
    /// Its service.
    pub service: ServiceId,
    /// How it stands.
    pub state: State,
    /// It is only known from its receipt: the store was restored to before its admission.
    pub by_receipt: bool,
}

/// A service or token by which a machine asks to be admitted.
#[derive(Debug)]
pub struct Door {
    /// The service.
    pub service: ServiceId,
    /// Its name.
    pub name: String,
    /// Whether it guards or watches, with the end of watching.
    pub mode: (Mode, Option<i64>),
    /// How it admits, with the end of open days.
    pub admit: (Admit, Option<i64>),
    /// Which ServiceKey is in force.
    pub key_generation: i64,
    /// It was deleted; what is left is its tombstone.
    pub deleted: bool,
    /// The token that was named, if one was.
    pub token: Option<Token>,
    /// The key of the admission's HMAC.
    pub secret: Zeroizing<Vec<u8>>,
}

/// A token as far as admission needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// How many machines it still admits.
    pub uses_left: i64,
    /// Until when, Unix seconds.
    pub until: i64,
    /// Whoever comes with it waits for approval.
    pub needs_approval: bool,
}

/// A machine that asks to be admitted.
#[derive(Debug, Clone)]
pub struct Newcomer {
    /// The id that it gets unless it has one.
    pub id: MachineId,
    /// Public half of its key pair.
    pub public_key: PublicKey,
    /// How it calls itself.
    pub host: Host,
    /// What runs there.
    pub versions: Versions,
    /// The address that the server sees.
    pub source: IpAddr,
}

/// What became of a machine that asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission<R> {
    /// It is this machine, new or the same as before.
    Machine {
        /// Its id.
        id: MachineId,
        /// The name under which it was admitted.
        name: String,
        /// When, Unix seconds.
        admitted: i64,
        /// How it stands.
        state: State,
    },
    /// Its public key was removed, or is another machine's.
    KeyRevoked,
    /// Not by this door, as `judge` said.
    Refused(R),
    /// The door is no longer there.
    Gone,
}

/// What became of a machine that came with a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met {
    /// It waits for an administrator.
    Waits,
    /// Its public key was removed.
    Revoked,
}

impl Read<'_> {
    /// The machine with this id, unless there is neither row nor tombstone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn known_machine(
        &self,
        organisation: OrganisationId,
        id: MachineId,
    ) -> Result<Option<KnownMachine>, StoreError> {
        Ok(self
            .prepare_cached(
                "SELECT public_key, service_id, state, admitted_by FROM machines WHERE organisation_id = ?1 AND id = ?2",
            )?
            .query_row(params![organisation, id.0.0], |row| {
                Ok(KnownMachine {
                    public_key: Bytes(row.get(0)?),
                    service: ServiceId::new(row.get(1)?),
                    state: State::parse(row.get_ref(2)?.as_str()?),
                    by_receipt: row.get_ref(3)?.as_str()? == "receipt",
                })
            })
            .optional()?)
    }

    /// The service with this id, or the token with this id and its service.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn door(&self, organisation: OrganisationId, key_id: &str) -> Result<Option<Door>, StoreError> {
        let token = TokenId::parse(key_id);
        let Some((service, token)) = (match token {
            Some(id) => self.token(organisation, id)?.map(|(service, token)| (service, Some(token))),
            None => ServiceId::parse(key_id).map(|id| (id, None)),
        }) else {
            return Ok(None);
        };
        let door = self
            .prepare_cached(
                "SELECT name, mode, mode_until, admit, admit_until, key_generation, deleted, key_sealed
                 FROM services WHERE organisation_id = ?1 AND id = ?2",
            )?
            .query_row(params![organisation, service.0.0], |row| {
                let sealed: Vec<u8> = row.get(7)?;
                let mode = if row.get_ref(1)?.as_str()? == "watch" { Mode::Watch } else { Mode::Guard };
                let admit = Admit::parse(row.get_ref(3)?.as_str()?).unwrap_or(Admit::Approval);
                let door = Door {
                    service,
                    name: row.get(0)?,
                    mode: (mode, row.get(2)?),
                    admit: (admit, row.get(4)?),
                    key_generation: row.get(5)?,
                    deleted: row.get::<_, Option<i64>>(6)?.is_some(),
                    token,
                    secret: Zeroizing::default(),
                };
                Ok((door, sealed))
            })
            .optional()?;
        let Some((mut door, service_key)) = door else { return Ok(None) };
        door.secret = match token {
            Some(token) => self.open_token(organisation, token.id)?,
            None => self.open(key_place(organisation, &service), &service_key)?,
        };
        Ok(Some(door))
    }

    fn token(
        &self,
        organisation: OrganisationId,
        id: TokenId,
    ) -> Result<Option<(ServiceId, Token)>, StoreError> {
        Ok(self
            .prepare_cached(
                "SELECT service_id, uses_left, until, needs_approval FROM tokens WHERE organisation_id = ?1 AND id = ?2",
            )?
            .query_row(params![organisation, id.0], |row| {
                let token =
                    Token { id, uses_left: row.get(1)?, until: row.get(2)?, needs_approval: row.get(3)? };
                Ok((ServiceId::new(row.get(0)?), token))
            })
            .optional()?)
    }

    fn open_token(
        &self,
        organisation: OrganisationId,
        id: TokenId,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let sealed: Vec<u8> = self
            .prepare_cached("SELECT secret_sealed FROM tokens WHERE organisation_id = ?1 AND id = ?2")?
            .query_row(params![organisation, id.0], |row| row.get(0))?;
        let place: Place<'_> = token_place(organisation, &id);
        Ok(self.open(place, &sealed)?)
    }
}

impl Store {
    /// Takes a machine in by a door, or says that it is in already. A token's use is taken in the same
    /// write, so that two machines never share one.
    ///
    /// `judge` says from the door as it stands now whether the machine is approved, waits, or is refused.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn admit_machine<R: Send + 'static>(
        &self,
        organisation: OrganisationId,
        (key_id, new): (String, Newcomer),
        judge: impl Fn(&Door) -> Result<State, R> + Send + 'static,
        now: i64,
    ) -> Result<Admission<R>, StoreError> {
        self.write(move |write| {
            let read = write.as_read();
            let Some(door) = read.door(organisation, &key_id)? else {
                return Ok(Admission::Gone);
            };
            match same_machine(write, organisation, &new.public_key, door.service)? {
                Some(Known::Machine { id, name, admitted, state }) => {
                    return Ok(Admission::Machine { id, name, admitted, state });
                }
                Some(Known::Revoked) => return Ok(Admission::KeyRevoked),
                None => {}
            }
            let state = match judge(&door) {
                Ok(state) => state,
                Err(refusal) => return Ok(Admission::Refused(refusal)),
            };
            let by = match &door.token {
                Some(token) => format!("token:{}", token.id),
                None => format!("key:{}", door.key_generation),
            };
            if let Some(token) = &door.token
                && !take_use(write, organisation, token.id)?
            {
                return Err(StoreError::Unavailable("a token was used up meanwhile".to_owned()));
            }
            insert(write, organisation, (&new, door.service, state, &by), now)?;
            let entry = Entry::new("machine.admit", Actor::Machine(new.id), new.id)
                .detail("name", &new.host.name)
                .detail("service", door.service)
                .detail("by", &by)
                .detail("waits", !state.is_approved())
                .detail("source", new.source);
            write.audit(organisation, now, &entry)?;
            if state.is_approved() {
                learned_domains::learn(write, organisation, new.id, now)?;
            }
            Ok(Admission::Machine { id: new.id, name: new.host.name, admitted: now, state })
        })
        .await
    }

    /// Makes a machine known that has a valid receipt and neither row nor tombstone: it waits for an
    /// administrator. Nothing is written where the receipt's service is not known either, or the key
    /// is another machine's by now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn meet_by_receipt(
        &self,
        organisation: OrganisationId,
        receipt: Receipt,
        source: IpAddr,
        now: i64,
    ) -> Result<Met, StoreError> {
        self.write(move |write| {
            match same_machine(write, organisation, &receipt.public_key, receipt.service)? {
                Some(Known::Revoked) => return Ok(Met::Revoked),
                Some(Known::Machine { .. }) => return Ok(Met::Waits),
                None => {}
            }
            let service = write
                .prepare_cached("SELECT 1 FROM services WHERE organisation_id = ?1 AND id = ?2")?
                .exists(params![organisation, receipt.service.0.0])?;
            if !service {
                tracing::warn!(machine_id = %receipt.machine, "A receipt names a service that is not known");
                return Ok(Met::Waits);
            }
            let host = Host {
                name: receipt.name.clone(),
                dns_name: None,
                domain: None,
                dns_domain: None,
                domain_sid: None,
                machine_sid: None,
            };
            let new = Newcomer {
                id: receipt.machine,
                public_key: receipt.public_key,
                host,
                versions: Versions::default(),
                source,
            };
            insert(write, organisation, (&new, receipt.service, State::Waiting, "receipt"), now)?;
            let entry = Entry::alarm("machine_from_before", Actor::Machine(new.id), new.id)
                .detail("name", &receipt.name)
                .detail("service", receipt.service)
                .detail("admitted", receipt.time)
                .detail("source", source);
            write.audit(organisation, now, &entry)?;
            Ok(Met::Waits)
        })
        .await
    }
}

enum Known {
    Machine { id: MachineId, name: String, admitted: i64, state: State },
    Revoked,
}

/// The machine that has this public key, if any ever had.
fn same_machine(
    write: &Write<'_>,
    organisation: OrganisationId,
    public_key: &PublicKey,
    service: ServiceId,
) -> Result<Option<Known>, StoreError> {
    let found = write
        .prepare_cached(
            "SELECT k.state, m.id, m.name, m.admitted, m.state, m.service_id
             FROM machine_keys k JOIN machines m ON m.organisation_id = k.organisation_id AND m.id = k.machine_id
             WHERE k.organisation_id = ?1 AND k.public_key = ?2",
        )?
        .query_row(params![organisation, public_key.0], |row| {
            let current = row.get_ref(0)?.as_str()? == "current";
            let state = State::parse(row.get_ref(4)?.as_str()?);
            let same_service = ServiceId::new(row.get(5)?) == service;
            Ok(if current && same_service && state != State::Revoked {
                let id = MachineId::new(row.get(1)?);
                Known::Machine { id, name: row.get(2)?, admitted: row.get(3)?, state }
            } else {
                Known::Revoked
            })
        })
        .optional()?;
    Ok(found)
}

fn take_use(write: &Write<'_>, organisation: OrganisationId, token: TokenId) -> Result<bool, StoreError> {
    let changed = write
        .prepare_cached(
            "UPDATE tokens SET uses_left = uses_left - 1 WHERE organisation_id = ?1 AND id = ?2 AND uses_left > 0",
        )?
        .execute(params![organisation, token.0])?;
    Ok(changed == 1)
}

fn insert(
    write: &Write<'_>,
    organisation: OrganisationId,
    (new, service, state, by): (&Newcomer, ServiceId, State, &str),
    now: i64,
) -> Result<(), StoreError> {
    let state = if state.is_approved() { "approved" } else { "waiting" };
    let host = &new.host;
    write
        .prepare_cached(
            "INSERT INTO machines (organisation_id, id, service_id, public_key, name, host, dns_host, netbios_domain,
                dns_domain, machine_sid, domain_sid, state, state_since, admitted_by, admitted, last_seen,
                last_address, versions, host_since)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?12, ?12, ?14, ?15, ?12)",
        )?
        .execute(params![
            organisation,
            new.id.0.0,
            service.0.0,
            new.public_key.0,
            host.name,
            host.dns_name,
            host.domain,
            host.dns_domain,
            host.machine_sid,
            host.domain_sid,
            state,
            now,
            by,
            new.source.to_string(),
            serde_json::to_string(&new.versions)?
        ])?;
    write
        .prepare_cached(
            "INSERT INTO machine_keys (organisation_id, public_key, machine_id, state, since)
             VALUES (?1, ?2, ?3, 'current', ?4)",
        )?
        .execute(params![organisation, new.public_key.0, new.id.0.0, now])?;
    Ok(())
}
