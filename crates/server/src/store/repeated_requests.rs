//! Answers to requests that a program may repeat: the same `Idempotency-Key` gives the same answer for
//! a day, and does nothing a second time.

use super::{OrganisationId, Store, StoreError};
use crate::sealing::Place;
use rusqlite::{OptionalExtension as _, params};
use zeroize::Zeroizing;

/// How long an answer is kept, in seconds.
pub const KEPT_SECS: i64 = 86_400;

/// Which request.
#[derive(Debug, Clone, Copy)]
pub struct Repeatable {
    /// SHA-256 over the caller and their key.
    pub key_hash: [u8; 32],
    /// SHA-256 over method, path and body.
    pub request_hash: [u8; 32],
}

/// Status and body.
pub type Kept = (u16, Zeroizing<Vec<u8>>);

/// What is known of it.
#[derive(Debug)]
pub enum Known {
    /// Nothing: it runs from now on.
    New,
    /// It was answered so.
    Answered(Kept),
    /// It runs, or its server ended in the middle.
    Unfinished,
    /// The key belongs to another request.
    Other,
}

fn place(organisation: OrganisationId, key_hash: &[u8; 32]) -> Place<'_> {
    Place { column: "repeated_requests.answer", row: key_hash, organisation: organisation.0 }
}

impl Store {
    /// Begins a request, or tells what became of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin_repeatable(
        &self,
        organisation: OrganisationId,
        request: Repeatable,
        now: i64,
    ) -> Result<Known, StoreError> {
        self.write(move |write| {
            write
                .prepare_cached("DELETE FROM repeated_requests WHERE organisation_id = ?1 AND created <= ?2")?
                .execute(params![organisation, now - KEPT_SECS])?;
            type Found = ([u8; 32], Option<u16>, Option<Vec<u8>>);
            let found: Option<Found> = write
                .prepare_cached(
                    "SELECT request_hash, status, answer_sealed FROM repeated_requests
                     WHERE organisation_id = ?1 AND key_hash = ?2",
                )?
                .query_row(params![organisation, request.key_hash], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()?;
            match found {
                None => {
                    write
                        .prepare_cached(
                            "INSERT INTO repeated_requests (organisation_id, key_hash, request_hash, created)
                             VALUES (?1, ?2, ?3, ?4)",
                        )?
                        .execute(params![organisation, request.key_hash, request.request_hash, now])?;
                    Ok(Known::New)
                }
                Some((hash, ..)) if hash != request.request_hash => Ok(Known::Other),
                Some((_, Some(status), Some(sealed))) => Ok(Known::Answered((
                    status,
                    write.open(place(organisation, &request.key_hash), &sealed)?,
                ))),
                Some(_) => Ok(Known::Unfinished),
            }
        })
        .await
    }

    /// Keeps the answer; without one, forgets the request, so that it may be tried again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn finish_repeatable(
        &self,
        organisation: OrganisationId,
        (request, answer): (Repeatable, Option<Kept>),
    ) -> Result<(), StoreError> {
        self.write(move |write| {
            match answer {
                Some((status, body)) => {
                    let sealed = write.seal(place(organisation, &request.key_hash), &body)?;
                    write
                        .prepare_cached(
                            "UPDATE repeated_requests SET status = ?3, answer_sealed = ?4
                             WHERE organisation_id = ?1 AND key_hash = ?2",
                        )?
                        .execute(params![organisation, request.key_hash, status, sealed])?;
                }
                None => {
                    write
                        .prepare_cached(
                            "DELETE FROM repeated_requests WHERE organisation_id = ?1 AND key_hash = ?2",
                        )?
                        .execute(params![organisation, request.key_hash])?;
                }
            }
            Ok(())
        })
        .await
    }
}
