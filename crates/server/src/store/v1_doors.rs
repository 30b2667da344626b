//! Which services answer the original's agent protocol ("version 1"), under which id and key, until
//! when.

use super::services::{NewService, Service, future, insert};
use super::{OrganisationId, Read, Store, StoreError, Write};
use crate::audit::{Actor, Entry};
use crate::random::{self, NoRandomness};
use crate::sealing::Place;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use protocol::id::ServiceId;
use protocol::service_key::AdmissionSecret;
use rusqlite::{OptionalExtension as _, params};
use serde::Serialize;
use zeroize::Zeroizing;

/// Longest ServiceID or key of the original, in characters.
const MAX_CHARS: usize = 256;
/// How often a wrong key is written down at most, in seconds: strangers write no more than that.
const WRONG_KEY_EVERY: i64 = 3600;

/// How a service answers version 1, as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct V1 {
    /// The id that its agents send: the service's own, or the original's.
    #[serde(rename = "service_id")]
    pub id: String,
    /// From this second on it does not answer, Unix seconds.
    pub until: i64,
    /// Whether accounts that no access names pass without a second factor.
    pub pass_through: bool,
    /// When it was closed by hand, Unix seconds.
    pub denied: Option<i64>,
    /// When somebody with its key called last, Unix seconds.
    pub last_call: Option<i64>,
}

impl V1 {
    /// Whether it answers at a time.
    #[must_use]
    pub const fn is_open(&self, now: i64) -> bool {
        self.denied.is_none() && now < self.until
    }
}

/// What a caller's key is compared with.
#[derive(Debug)]
pub struct Door {
    /// The service.
    pub service: ServiceId,
    /// The key.
    pub key: V1Key,
    /// Whether it answers now.
    pub open: bool,
}

/// A key of version 1: whatever text the original gave out, or one of ours. Shows itself nowhere.
#[derive(Clone)]
pub struct V1Key(Zeroizing<String>);

impl std::fmt::Debug for V1Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("V1Key([REDACTED])")
    }
}

impl V1Key {
    /// Takes a text for a key.
    #[must_use]
    pub const fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// A new one: 32 random bytes as text. Other bytes than a ServiceKey's, and without a fingerprint.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn random() -> Result<Self, NoRandomness> {
        let bytes = random::secret::<32>()?;
        Ok(Self(Zeroizing::new(protocol::encoding::encode(&bytes[..]))))
    }

    /// Takes over a key that the original gave out.
    ///
    /// # Errors
    /// What is wrong with it, without showing it.
    pub fn original(text: Zeroizing<String>) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("standard input holds no key");
        }
        if !is_plain(&text) {
            return Err("the key is not one line of at most 256 characters");
        }
        if AdmissionSecret::parse(&text).is_some() {
            return Err(
                "this is a ServiceKey or token of version 2, which must never be sent with version 1; give the key that the original's agents have",
            );
        }
        Ok(Self(text))
    }

    /// Whether a caller gave this key. The hashes are compared in constant time, so that the time
    /// tells nothing of where two keys differ.
    #[must_use]
    pub fn is(&self, given: &str) -> bool {
        let hash = |text: &str| digest(&SHA256, text.as_bytes());
        verify_slices_are_equal(hash(self.text()).as_ref(), hash(given).as_ref()).is_ok()
    }

    /// The text, for sealing it and for showing it to an administrator.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// Reads a ServiceID that the original gave out; it is kept as it is.
///
/// # Errors
/// What is wrong with it.
pub fn read_original_id(text: &str) -> Result<String, &'static str> {
    if is_plain(text) && text.trim() == text && !text.is_empty() {
        Ok(text.to_owned())
    } else {
        Err("a ServiceID is one line of at most 256 characters, without blanks around it")
    }
}

fn is_plain(text: &str) -> bool {
    text.chars().count() <= MAX_CHARS && !text.chars().any(char::is_control)
}

/// How version 1 is to be opened.
#[derive(Debug)]
pub struct Opening {
    /// ServiceID or name of the service.
    pub service: String,
    /// What is made where there is no such service; `None`: nothing.
    pub absent: Option<NewService>,
    /// The original's id and key, or a key for what the service does not have yet.
    pub credentials: Credentials,
    /// Its end, Unix seconds.
    pub until: i64,
    /// Whether accounts that no access names pass.
    pub pass_through: bool,
}

/// Where id and key come from.
#[derive(Debug)]
pub enum Credentials {
    /// Those that the service has. Where it has none: its own id with this key.
    Kept(V1Key),
    /// The id that it has, or its own, with this key; the former key is void.
    Replaced(V1Key),
    /// Those that installed agents have.
    Imported(String, V1Key),
}

/// Where the key of version 1 is sealed.
#[must_use]
pub fn v1_key_place(organisation: OrganisationId, service: &ServiceId) -> Place<'_> {
    Place { column: "v1_doors.key", row: &service.0.0, organisation: organisation.0 }
}

impl Read<'_> {
    /// The service that answers to an id of version 1, with its key; also one that answers no more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn v1_door(
        &self,
        organisation: OrganisationId,
        v1_id: &str,
        now: i64,
    ) -> Result<Option<Door>, StoreError> {
        let found = self
            .prepare_cached(
                "SELECT d.service_id, d.key_sealed, d.until, d.denied, s.deleted
                 FROM v1_doors d JOIN services s ON s.organisation_id = d.organisation_id AND s.id = d.service_id
                 WHERE d.organisation_id = ?1 AND d.v1_id = ?2 ORDER BY d.denied IS NOT NULL LIMIT 1",
            )?
            .query_row(params![organisation, v1_id], |row| {
                let (denied, deleted): (Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?);
                let open = denied.is_none() && deleted.is_none() && now < row.get(2)?;
                Ok((ServiceId::new(row.get(0)?), row.get::<_, Vec<u8>>(1)?, open))
            })
            .optional()?;
        let Some((service, sealed, open)) = found else { return Ok(None) };
        Ok(Some(Door { service, key: open_key(self, organisation, service, &sealed)?, open }))
    }
}

fn open_key(
    read: &Read<'_>,
    organisation: OrganisationId,
    service: ServiceId,
    sealed: &[u8],
) -> Result<V1Key, StoreError> {
    let mut opened = read.open(v1_key_place(organisation, &service), sealed)?;
    // What was sealed was a text.
    let text = String::from_utf8(std::mem::take(&mut *opened))
        .map_err(|_| StoreError::Unavailable("a key of version 1 is no text".to_owned()))?;
    Ok(V1Key(Zeroizing::new(text)))
}

/// A door's row as far as opening it again is concerned.
struct Former {
    id: String,
    key: V1Key,
    denied: bool,
    over: bool,
}

impl Store {
    /// Opens version 1 for a service, or changes its end. Answers the id and the key that count now.
    ///
    /// # Errors
    /// `not_found`, `until_past`; `v1_open` where agents with other credentials would be locked out;
    /// `v1_id_taken` where another service answers to the id.
    pub async fn open_v1(
        &self,
        organisation: OrganisationId,
        opening: Opening,
        actor: Actor,
        now: i64,
    ) -> Result<(String, V1Key), StoreError> {
        self.write(move |write| {
            let until = future(Some(opening.until), now, "version 1")?;
            let service = match (write.service(organisation, &opening.service), &opening.absent) {
                (Err(error), Some(absent)) if error.code() == "not_found" => {
                    insert(write, organisation, absent, actor.clone(), now)?;
                    write.service(organisation, &opening.service)?
                }
                (found, _) => found?,
            };
            let former = former(write, organisation, service.id, now)?;
            let kind = match &opening.credentials {
                Credentials::Imported(..) => "service.import",
                Credentials::Kept(_) | Credentials::Replaced(_) => "service.allow_v1",
            };
            let new_key = matches!(opening.credentials, Credentials::Replaced(_)) || former.is_none();
            let (id, key) = credentials(&service, former, opening.credentials)?;
            check_free(write, organisation, (&service, &id), now)?;
            let sealed = write.seal(v1_key_place(organisation, &service.id), key.text().as_bytes())?;
            write
                .prepare_cached(
                    "INSERT INTO v1_doors (organisation_id, service_id, v1_id, key_sealed, until, pass_through, opened)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                     ON CONFLICT (organisation_id, service_id) DO UPDATE SET v1_id = excluded.v1_id,
                        key_sealed = excluded.key_sealed, until = excluded.until,
                        pass_through = excluded.pass_through, opened = excluded.opened, denied = NULL",
                )?
                .execute(params![organisation, service.id.0.0, id, sealed, until, opening.pass_through, now])?;
            let entry = Entry::new(kind, actor, service.id)
                .detail("v1_id", &id)
                .detail("until", until)
                .detail("pass_through", opening.pass_through)
                .detail("new_key", new_key);
            write.audit(organisation, now, &entry)?;
            Ok((id, key))
        })
        .await
    }

    /// Closes version 1 for a service at once. Id and key stay, so that a mistake can be undone.
    ///
    /// # Errors
    /// `not_found`; `v1_closed` where it does not answer version 1.
    pub async fn deny_v1(
        &self,
        organisation: OrganisationId,
        service: String,
        actor: Actor,
        now: i64,
    ) -> Result<ServiceId, StoreError> {
        self.write(move |write| {
            let service = write.service(organisation, &service)?;
            let changed = write
                .prepare_cached(
                    "UPDATE v1_doors SET denied = ?3
                     WHERE organisation_id = ?1 AND service_id = ?2 AND denied IS NULL",
                )?
                .execute(params![organisation, service.id.0.0, now])?;
            if changed == 0 {
                return Err(StoreError::refused(
                    "v1_closed",
                    format!("{:?} does not answer version 1", service.name),
                ));
            }
            write.audit(organisation, now, &Entry::new("service.deny_v1", actor, service.id))?;
            Ok(service.id)
        })
        .await
    }

    /// Writes down that somebody called a service with a wrong key, unless that was done within the
    /// hour.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_wrong_v1_key(
        &self,
        organisation: OrganisationId,
        (service, source): (ServiceId, std::net::IpAddr),
        now: i64,
    ) -> Result<(), StoreError> {
        // Looked at without a commit first: strangers ask as often as they like.
        let due = move |read: &rusqlite::Connection| -> Result<bool, StoreError> {
            Ok(read
                .prepare_cached(
                    "SELECT 1 FROM v1_doors WHERE organisation_id = ?1 AND service_id = ?2 AND wrong_key_noted <= ?3",
                )?
                .exists(params![organisation, service.0.0, now - WRONG_KEY_EVERY])?)
        };
        if !self.read(|read| due(read))? {
            return Ok(());
        }
        self.write(move |write| {
            if !due(write)? {
                return Ok(());
            }
            write
                .prepare_cached(
                    "UPDATE v1_doors SET wrong_key_noted = ?3 WHERE organisation_id = ?1 AND service_id = ?2",
                )?
                .execute(params![organisation, service.0.0, now])?;
            let entry = Entry::new("v1.wrong_key", Actor::Server, service).detail("source", source);
            write.audit(organisation, now, &entry)
        })
        .await
    }
}

fn former(
    write: &Write<'_>,
    organisation: OrganisationId,
    service: ServiceId,
    now: i64,
) -> Result<Option<Former>, StoreError> {
    type Row = (String, Vec<u8>, i64, Option<i64>);
    let found: Option<Row> = write
        .prepare_cached(
            "SELECT v1_id, key_sealed, until, denied FROM v1_doors WHERE organisation_id = ?1 AND service_id = ?2",
        )?
        .query_row(params![organisation, service.0.0], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    let Some((id, sealed, until, denied)) = found else { return Ok(None) };
    let key = open_key(&write.as_read(), organisation, service, &sealed)?;
    Ok(Some(Former { id, key, denied: denied.is_some(), over: now >= until }))
}

/// The id and key that count from now on.
fn credentials(
    service: &Service,
    former: Option<Former>,
    wanted: Credentials,
) -> Result<(String, V1Key), StoreError> {
    match (wanted, former) {
        (Credentials::Kept(_), Some(former)) => Ok((former.id, former.key)),
        (Credentials::Replaced(key), Some(former)) => Ok((former.id, key)),
        (Credentials::Kept(key) | Credentials::Replaced(key), None) => Ok((service.id.to_string(), key)),
        (Credentials::Imported(id, key), Some(former))
            if !former.denied && !former.over && (id != former.id || key.text() != former.key.text()) =>
        {
            Err(StoreError::refused(
                "v1_open",
                format!(
                    "{:?} answers version 1 with other credentials, whose agents would be locked out; import into another service, or run `service deny-v1` first",
                    service.name
                ),
            ))
        }
        (Credentials::Imported(id, key), _) => Ok((id, key)),
    }
}

/// Refuses an id that another service answers to. A deleted service gives its id up.
fn check_free(
    write: &Write<'_>,
    organisation: OrganisationId,
    (service, id): (&Service, &str),
    now: i64,
) -> Result<(), StoreError> {
    let holder: Option<([u8; 16], String, Option<i64>)> = write
        .prepare_cached(
            "SELECT s.id, s.name, s.deleted FROM v1_doors d
             JOIN services s ON s.organisation_id = d.organisation_id AND s.id = d.service_id
             WHERE d.v1_id = ?1 AND d.denied IS NULL AND d.service_id <> ?2",
        )?
        .query_row(params![id, service.id.0.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    match holder {
        None => Ok(()),
        Some((_, name, None)) => {
            Err(StoreError::refused("v1_id_taken", format!("{name:?} answers to this ServiceID already")))
        }
        Some((holder, _, Some(_))) => {
            write
                .prepare_cached(
                    "UPDATE v1_doors SET denied = ?3 WHERE organisation_id = ?1 AND service_id = ?2",
                )?
                .execute(params![organisation, holder, now])?;
            Ok(())
        }
    }
}
