//! One-time links by which somebody becomes an administrator, or gets a new password and phone.

use super::administrators::{Credentials, find};
use super::sessions::NewSession;
use super::{AdministratorId, LinkId, OrganisationId, Read, Store, StoreError, Write};
use crate::administrators::Role;
use crate::administrators::link::NewLink;
use crate::audit::{Actor, Entry};
use crate::names::Name;
use crate::sealing::Place;
use rusqlite::{OptionalExtension as _, params};
use serde::Serialize;
use zeroize::Zeroizing;

/// A link that was opened and still holds.
#[derive(Debug)]
pub struct OpenLink {
    /// Whose organisation it opens.
    pub organisation: OrganisationId,
    /// Its id.
    pub id: LinkId,
    /// What whoever opened it becomes.
    pub role: Role,
    /// The name that is proposed; where it renews, the one that stays.
    pub name: Option<String>,
    /// Whose password and phone it renews.
    pub renews: Option<AdministratorId>,
    /// The one-time code secret that the page shows.
    pub totp: Zeroizing<Vec<u8>>,
}

/// A link that waits, as owners see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Invitation {
    /// Its id.
    #[serde(rename = "link_id")]
    pub id: LinkId,
    /// What whoever opens it becomes.
    pub role: Role,
    /// Whom it was made for.
    pub name: Option<String>,
    /// When it was made, Unix seconds.
    pub created: i64,
    /// Until when it holds, Unix seconds.
    pub until: i64,
}

/// What somebody chose who opened a link.
#[derive(Debug)]
pub struct Chosen {
    /// Their name; not looked at where the link renews.
    pub name: Name,
    /// The password's hash (PHC string).
    pub password: Zeroizing<String>,
    /// The step of the code that confirmed the phone.
    pub step: u64,
    /// The session that it opens.
    pub session: NewSession,
}

fn totp_place(organisation: OrganisationId, id: &LinkId) -> Place<'_> {
    Place { column: "administrator_links.totp", row: &id.0.0, organisation: organisation.0 }
}

impl Read<'_> {
    /// The link with this secret, while it holds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn administrator_link(
        &self,
        secret_hash: &[u8; 32],
        now: i64,
    ) -> Result<Option<OpenLink>, StoreError> {
        let found = self
            .prepare_cached(
                "SELECT l.organisation_id, l.id, l.role, coalesce(a.name, l.name), l.administrator_id, l.totp_sealed
                 FROM administrator_links l LEFT JOIN administrators a
                    ON a.organisation_id = l.organisation_id AND a.id = l.administrator_id
                 WHERE l.secret_hash = ?1 AND l.used IS NULL AND l.until > ?2",
            )?
            .query_row(params![secret_hash, now], |row| {
                Ok((
                    row.get::<_, OrganisationId>(0)?,
                    row.get::<_, LinkId>(1)?,
                    row.get(2)?,
                    row.get(3)?,
                    row.get(4)?,
                    row.get::<_, Vec<u8>>(5)?,
                ))
            })
            .optional()?;
        let Some((organisation, id, role, name, renews, totp)) = found else { return Ok(None) };
        let totp = self.open(totp_place(organisation, &id), &totp)?;
        Ok(Some(OpenLink { organisation, id, role, name, renews, totp }))
    }
}

impl Write<'_> {
    /// Writes a link down, with its audit row: an owner's is an alarm.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_administrator_link(
        &self,
        organisation: OrganisationId,
        link: &NewLink,
        entry: &Entry,
        now: i64,
    ) -> Result<(), StoreError> {
        let totp = self.seal(totp_place(organisation, &link.id), &link.totp[..])?;
        self.prepare_cached(
            "INSERT INTO administrator_links (organisation_id, id, secret_hash, role, name, administrator_id,
                totp_sealed, created, until) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            organisation,
            link.id,
            link.secret.hash(),
            link.role,
            link.name.as_ref().map(Name::shown),
            link.renews,
            totp,
            now,
            link.until
        ])?;
        self.audit(organisation, now, entry)
    }
}

impl Store {
    /// Makes a link for a new owner at the server's console. Audited, and an alarm.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_owner_link(
        &self,
        organisation: OrganisationId,
        link: NewLink,
        actor: Actor,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |write| {
            let entry = Entry::alarm("owner_link_made", actor, link.id).detail("until", link.until);
            write.add_administrator_link(organisation, &link, &entry, now)
        })
        .await
    }

    /// Invites somebody.
    ///
    /// # Errors
    /// `name_taken` where the proposed name is an administrator's.
    pub async fn invite_administrator(
        &self,
        organisation: OrganisationId,
        link: NewLink,
        actor: Actor,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |write| {
            if let Some(name) = &link.name {
                free(write, name)?;
            }
            let entry = Entry::new("administrator.invite", actor, link.id)
                .detail("role", link.role)
                .detail("name", link.name.as_ref().map(Name::shown))
                .detail("until", link.until);
            write.add_administrator_link(organisation, &link, &entry, now)
        })
        .await
    }

    /// Makes a link by which an administrator chooses a new password and phone. The old ones hold
    /// until it is used. Audited, and an alarm: whoever has the link becomes them.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn renew_administrator(
        &self,
        organisation: OrganisationId,
        (text, link): (String, NewLink),
        actor: Actor,
        now: i64,
    ) -> Result<Invitation, StoreError> {
        self.write(move |write| {
            let found = find(write, organisation, &text)?;
            let link = NewLink { role: found.role, renews: Some(found.id), ..link };
            let entry = Entry::alarm("renewal_link_made", actor, found.id)
                .detail("name", &found.name)
                .detail("until", link.until);
            write.add_administrator_link(organisation, &link, &entry, now)?;
            Ok(Invitation {
                id: link.id,
                role: found.role,
                name: Some(found.name),
                created: now,
                until: link.until,
            })
        })
        .await
    }

    /// Invitations that still hold, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn invitations(&self, organisation: OrganisationId, now: i64) -> Result<Vec<Invitation>, StoreError> {
        self.read(|read| {
            let mut statement = read.prepare_cached(
                "SELECT l.id, l.role, coalesce(a.name, l.name), l.created, l.until
                 FROM administrator_links l LEFT JOIN administrators a
                    ON a.organisation_id = l.organisation_id AND a.id = l.administrator_id
                 WHERE l.organisation_id = ?1 AND l.used IS NULL AND l.until > ?2 ORDER BY l.created DESC, l.id",
            )?;
            let rows = statement.query_map(params![organisation, now], |row| {
                Ok(Invitation {
                    id: row.get(0)?,
                    role: row.get(1)?,
                    name: row.get(2)?,
                    created: row.get(3)?,
                    until: row.get(4)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn withdraw_invitation(
        &self,
        organisation: OrganisationId,
        id: LinkId,
        actor: Actor,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |write| {
            let changed = write
                .prepare_cached(
                    "UPDATE administrator_links SET used = ?3, totp_sealed = x''
                     WHERE organisation_id = ?1 AND id = ?2 AND used IS NULL",
                )?
                .execute(params![organisation, id, now])?;
            if changed == 0 {
                return Err(StoreError::not_found("invitation", id));
            }
            write.audit(organisation, now, &Entry::new("administrator.withdraw", actor, id))
        })
        .await
    }

    /// Spends a link: makes the administrator, or renews one, and opens a session, in one commit.
    ///
    /// # Errors
    /// `link_spent`: used or over meanwhile; `name_taken`.
    pub async fn accept_link(
        &self,
        (link, chosen): (OpenLink, Chosen),
        now: i64,
    ) -> Result<AdministratorId, StoreError> {
        self.write(move |write| {
            let organisation = link.organisation;
            let spent = write
                .prepare_cached(
                    "UPDATE administrator_links SET used = ?3, totp_sealed = x''
                     WHERE organisation_id = ?1 AND id = ?2 AND used IS NULL AND until > ?3",
                )?
                .execute(params![organisation, link.id, now])?;
            if spent == 0 {
                return Err(StoreError::refused(
                    "link_spent",
                    "this link was used already, or its time is over",
                ));
            }
            let (id, role, kind, name) = match link.renews {
                Some(id) => {
                    let found = find(write, organisation, &id.to_string())?;
                    super::sessions::end_all(write, organisation, id, None)?;
                    let name = Name::parse("name", &found.name)
                        .map_err(|error| StoreError::refused("bad_name", error.to_string()))?;
                    (id, found.role, "administrator.renew", name)
                }
                None => {
                    free(write, &chosen.name)?;
                    (AdministratorId::random()?, link.role, "administrator.add", chosen.name)
                }
            };
            let entry = Entry::new(kind, Actor::Administrator(id), id)
                .detail("name", name.shown())
                .detail("role", role)
                .detail("link", link.id)
                .detail("address", &chosen.session.address);
            let given = Credentials { name, password: chosen.password, totp: link.totp, step: chosen.step };
            write.put_administrator(organisation, (id, role), &given, now)?;
            write.begin_session(organisation, id, &chosen.session, now)?;
            write.audit(organisation, now, &entry)?;
            Ok(id)
        })
        .await
    }
}

fn free(write: &Write<'_>, name: &Name) -> Result<(), StoreError> {
    let taken = write
        .prepare_cached("SELECT 1 FROM administrators WHERE name_key = ?1 AND deleted IS NULL")?
        .exists([name.key()])?;
    if taken {
        return Err(StoreError::refused(
            "name_taken",
            format!("there is an administrator {:?} already", name.shown()),
        ));
    }
    Ok(())
}
