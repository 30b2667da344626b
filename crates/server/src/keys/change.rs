//! Changes of the server's keys. Each runs inside one job of the store and adds one key list.

use super::p256::SigningKey;
use super::{KeysError, VerifyingKey};
use crate::audit::{Actor, Entry};
use crate::store::{OrganisationId, StoreError, Write};
use protocol::encoding::Sha256;
use protocol::keys::{KeyList, follow};
use protocol::statement;

/// The first list: epoch 0, serial 1, signed by the recovery key. Makes `signing` the server's key.
///
/// # Errors
/// [`StoreError`].
pub fn first(
    write: &Write<'_>,
    organisation: OrganisationId,
    recovery: &SigningKey,
    signing: &SigningKey,
    (tls, addresses): (Sha256, Vec<String>),
    now: i64,
) -> Result<(), StoreError> {
    write.accept_tls_key(organisation, &tls, "made by init", now)?;
    write.set_signing_key(organisation, signing, now)?;
    let list = KeyList {
        epoch: 0,
        serial: 1,
        signing: vec![*signing.public_key()],
        tls: vec![tls],
        addresses,
        time: now,
    };
    add(write, organisation, &list, recovery)
}

/// A new signing key, vouched for by the one before it.
///
/// # Errors
/// [`StoreError`].
pub fn rotate(
    write: &Write<'_>,
    organisation: OrganisationId,
    new: &SigningKey,
    actor: Actor,
    now: i64,
) -> Result<(u32, u32), StoreError> {
    let keys = write.as_read().server_keys(organisation)?;
    let list = KeyList {
        serial: keys.list.serial.saturating_add(1),
        signing: vec![*new.public_key()],
        time: now,
        ..keys.list.clone()
    };
    write.set_signing_key(organisation, new, now)?;
    add(write, organisation, &list, &keys.signing)?;
    let entry = Entry::new("key.rotate", actor, new.public_key().fingerprint()).detail("serial", list.serial);
    write.audit(organisation, now, &entry)?;
    Ok((list.epoch, list.serial))
}

/// A new signing key where the old one is lost or stolen: the recovery key raises the epoch, by one or
/// up to `least_epoch`. A restored store does not know how far the epoch had come; the time as the least
/// epoch outbids whatever there was.
///
/// # Errors
/// [`StoreError`].
pub fn recover(
    write: &Write<'_>,
    organisation: OrganisationId,
    (recovery, new): (&SigningKey, &SigningKey),
    least_epoch: u32,
    actor: Actor,
    now: i64,
) -> Result<(u32, u32), StoreError> {
    let read = write.as_read();
    let anchor = read.anchor(organisation)?;
    let last = follow(&anchor, None, &read.key_chain(organisation)?, VerifyingKey::new)
        .map_err(|error| StoreError::refused("keys_damaged", KeysError::from(error).to_string()))?;
    let list = KeyList {
        epoch: last.epoch.saturating_add(1).max(least_epoch),
        serial: 1,
        signing: vec![*new.public_key()],
        tls: read.tls_keys(organisation)?.into_iter().map(|key| key.spki_sha256).collect(),
        time: now,
        ..last
    };
    write.set_signing_key(organisation, new, now)?;
    add(write, organisation, &list, recovery)?;
    write.audit(
        organisation,
        now,
        &Entry::alarm("key_recovered", actor, new.public_key().fingerprint()).detail("epoch", list.epoch),
    )?;
    Ok((list.epoch, list.serial))
}

/// Accepts one more TLS key; `false` where it was accepted already.
///
/// # Errors
/// [`StoreError`].
pub fn accept_tls(
    write: &Write<'_>,
    organisation: OrganisationId,
    (spki, label): (&Sha256, &str),
    actor: Actor,
    now: i64,
) -> Result<bool, StoreError> {
    let keys = write.as_read().server_keys(organisation)?;
    if keys.list.tls.contains(spki) {
        return Ok(false);
    }
    write.accept_tls_key(organisation, spki, label, now)?;
    let mut list = keys.list.clone();
    list.serial = list.serial.saturating_add(1);
    list.tls.push(*spki);
    list.time = now;
    add(write, organisation, &list, &keys.signing)?;
    write.audit(organisation, now, &Entry::new("key.accept_tls", actor, spki).detail("label", label))?;
    Ok(true)
}

fn add(
    write: &Write<'_>,
    organisation: OrganisationId,
    list: &KeyList,
    signer: &SigningKey,
) -> Result<(), StoreError> {
    let statement = statement::sign(list, signer.public_key(), signer)?;
    write.add_key_list(organisation, (list.epoch, list.serial), &statement, list.time)
}
