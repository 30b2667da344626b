//! The server's signing keys, the chain of key lists, and accepted TLS keys.

use super::{OrganisationId, Read, Store, StoreError, Write};
use crate::keys::p256::SigningKey;
use crate::keys::{KeysError, ServerKeys};
use crate::sealing::{Place, SealError};
use protocol::encoding::{Bytes, PublicKey, Sha256};
use rusqlite::{OptionalExtension as _, params};

/// Setting: the anchor, base64url.
pub const ANCHOR: &str = "anchor";

const PRIVATE_KEY: &str = "signing_keys.private";

/// An accepted TLS key.
#[derive(Debug, Clone, serde::Serialize)]
pub struct TlsKey {
    /// SHA-256 of its SubjectPublicKeyInfo.
    pub spki_sha256: Sha256,
    /// Where it came from.
    pub label: String,
    /// When, Unix seconds.
    pub created: i64,
}

/// A signing key, without its private half.
#[derive(Debug, Clone, serde::Serialize)]
pub struct SigningKeyRow {
    /// Fingerprint.
    pub key_id: Sha256,
    /// The public half.
    pub public_key: PublicKey,
    /// When it was made, Unix seconds.
    pub created: i64,
    /// When it was replaced, Unix seconds.
    pub retired: Option<i64>,
}

impl Read<'_> {
    /// The keys of an organisation, checked as an agent would check them.
    ///
    /// # Errors
    /// [`StoreError`]; damaged keys are [`StoreError::Refused`] with code `keys_damaged`.
    pub fn server_keys(&self, organisation: OrganisationId) -> Result<ServerKeys, StoreError> {
        let damaged = |error: KeysError| StoreError::refused("keys_damaged", error.to_string());
        let anchor = self.anchor(organisation)?;
        let chain = self.key_chain(organisation)?;
        let (id, sealed): ([u8; 32], Vec<u8>) = self
            .query_row(
                "SELECT id, private_sealed FROM signing_keys WHERE organisation_id = ?1 AND retired IS NULL",
                params![organisation],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?
            .ok_or_else(|| damaged(KeysError::NoSigningKey))?;
        let der = self.open(place(organisation, &id), &sealed)?;
        let signing = SigningKey::from_pkcs8(&der).map_err(|_| SealError::Damaged(PRIVATE_KEY.to_owned()))?;
        ServerKeys::new(anchor, chain, signing).map_err(damaged)
    }

    /// The anchor: public half of the recovery key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn anchor(&self, organisation: OrganisationId) -> Result<PublicKey, StoreError> {
        let text: Option<String> = self
            .query_row(
                "SELECT value FROM settings WHERE organisation_id = ?1 AND name = ?2",
                params![organisation, ANCHOR],
                |row| row.get(0),
            )
            .optional()?;
        text.and_then(|text| PublicKey::parse(&text))
            .ok_or_else(|| StoreError::refused("keys_damaged", "the store has no anchor; restore a backup"))
    }

    /// Every key list, oldest first, as compact JWS.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn key_chain(&self, organisation: OrganisationId) -> Result<Vec<String>, StoreError> {
        let mut statement = self
            .prepare("SELECT statement FROM key_lists WHERE organisation_id = ?1 ORDER BY epoch, serial")?;
        let rows = statement.query_map(params![organisation], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every signing key ever, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn signing_keys(&self, organisation: OrganisationId) -> Result<Vec<SigningKeyRow>, StoreError> {
        let mut statement = self.prepare(
            "SELECT id, public_key, created, retired FROM signing_keys WHERE organisation_id = ?1 ORDER BY created DESC, retired",
        )?;
        let rows = statement.query_map(params![organisation], |row| {
            Ok(SigningKeyRow {
                key_id: Bytes(row.get(0)?),
                public_key: Bytes(row.get(1)?),
                created: row.get(2)?,
                retired: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Accepted TLS keys, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tls_keys(&self, organisation: OrganisationId) -> Result<Vec<TlsKey>, StoreError> {
        let mut statement = self.prepare(
            "SELECT spki_sha256, label, created FROM tls_keys WHERE organisation_id = ?1 ORDER BY created, spki_sha256",
        )?;
        let rows = statement.query_map(params![organisation], |row| {
            Ok(TlsKey { spki_sha256: Bytes(row.get(0)?), label: row.get(1)?, created: row.get(2)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Changes whenever a key list was added.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn newest_key_list(&self, organisation: OrganisationId) -> Result<Option<(u32, u32)>, StoreError> {
        Ok(self
            .prepare_cached(
                "SELECT epoch, serial FROM key_lists WHERE organisation_id = ?1 ORDER BY epoch DESC, serial DESC LIMIT 1",
            )?
            .query_row(params![organisation], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?)
    }
}

impl Write<'_> {
    /// Makes a key the one that signs; the former one is retired and its private half forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_signing_key(
        &self,
        organisation: OrganisationId,
        key: &SigningKey,
        now: i64,
    ) -> Result<(), StoreError> {
        self.execute(
            "UPDATE signing_keys SET retired = ?2, private_sealed = NULL WHERE organisation_id = ?1 AND retired IS NULL",
            params![organisation, now],
        )?;
        let id = key.public_key().fingerprint().0;
        let der = key.to_pkcs8().map_err(|_| SealError::Failed)?;
        let sealed = self.seal(place(organisation, &id), &der)?;
        self.execute(
            "INSERT INTO signing_keys (organisation_id, id, public_key, private_sealed, created) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![organisation, id, key.public_key().0, sealed, now],
        )?;
        Ok(())
    }

    /// Adds a key list to the chain.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_key_list(
        &self,
        organisation: OrganisationId,
        (epoch, serial): (u32, u32),
        statement: &str,
        now: i64,
    ) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO key_lists (organisation_id, epoch, serial, statement, created) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![organisation, epoch, serial, statement, now],
        )?;
        Ok(())
    }

    /// Accepts a TLS key; nothing changes where it is accepted already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn accept_tls_key(
        &self,
        organisation: OrganisationId,
        spki: &Sha256,
        label: &str,
        now: i64,
    ) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO tls_keys (organisation_id, spki_sha256, label, created) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (organisation_id, spki_sha256) DO NOTHING",
            params![organisation, spki.0, label, now],
        )?;
        Ok(())
    }

    /// The same look-ups as a reader has, inside this job.
    #[must_use]
    pub fn as_read(&self) -> Read<'_> {
        Read::of(self)
    }
}

impl Store {
    /// The keys of an organisation.
    ///
    /// # Errors
    /// As [`Read::server_keys`].
    pub fn server_keys(&self, organisation: OrganisationId) -> Result<ServerKeys, StoreError> {
        self.read(|read| read.server_keys(organisation))
    }

    /// The anchor: public half of the recovery key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn anchor(&self, organisation: OrganisationId) -> Result<PublicKey, StoreError> {
        self.read(|read| read.anchor(organisation))
    }
}

const fn place(organisation: OrganisationId, id: &[u8; 32]) -> Place<'_> {
    Place { column: PRIVATE_KEY, row: id, organisation: organisation.0 }
}
