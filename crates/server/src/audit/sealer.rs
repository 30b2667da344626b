//! Closes a segment a second for each organisation.

use super::chain::{GENESIS, HeadHash, Segment};
use crate::app::App;
use crate::clock;
use crate::keys::ServerKeys;
use crate::store::{OrganisationId, Store, StoreError};
use protocol::signing::Signer as _;
use std::sync::Arc;
use std::time::Duration;

/// Most rows in one segment, which bounds memory after a long standstill.
const MOST_ROWS: usize = 20_000;

/// Runs until the server ends; a last call of [`close`] then seals what is left.
pub async fn run(app: Arc<App>) {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        close_all(&app).await;
    }
}

/// Closes the open rows of every organisation.
pub async fn close_all(app: &App) {
    let keys = app.keys();
    let organisation = app.organisation;
    if let Err(error) = close(&app.store, organisation, &keys, clock::now()).await {
        tracing::error!(error = %error, organisation_id = organisation.0, "A segment of the audit could not be closed");
    }
}

/// Closes segments until no row is left open; answers how many rows were closed.
///
/// # Errors
/// [`StoreError`].
pub async fn close(
    store: &Store,
    organisation: OrganisationId,
    keys: &ServerKeys,
    now: i64,
) -> Result<i64, StoreError> {
    let mut closed = 0;
    loop {
        let (last, rows) = store
            .scan(move |read| {
                let last = read.last_segment(organisation)?;
                let after = last.as_ref().map_or(0, |segment| segment.last_row);
                Ok((last, read.audit_rows(organisation, after, i64::MAX, MOST_ROWS)?))
            })
            .await?;
        let (Some(first), Some(final_row)) = (rows.first(), rows.last()) else { return Ok(closed) };
        let previous_head = last.as_ref().map_or(GENESIS, |segment| segment.head);
        let mut hash = HeadHash::after(&previous_head);
        for row in &rows {
            hash.add(row);
        }
        let mut segment = Segment {
            number: last.as_ref().map_or(0, |segment| segment.number) + 1,
            first_row: first.number,
            last_row: final_row.number,
            row_count: i64::try_from(rows.len()).unwrap_or(i64::MAX),
            closed: now,
            previous_head,
            head: hash.finish(),
            key_id: keys.signing.public_key().fingerprint(),
            signature: Vec::new(),
        };
        segment.signature = keys.signing.sign(&segment.signed(organisation));
        let full = rows.len() >= MOST_ROWS;
        let count = segment.row_count;
        // The number is a unique key: of two sealers one wins, the other finds the rows closed.
        if !store.add_segment(organisation, segment).await? {
            return Ok(closed);
        }
        closed += count;
        if !full {
            return Ok(closed);
        }
    }
}
