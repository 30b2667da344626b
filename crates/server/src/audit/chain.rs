//! The chain of segments, as pure functions: what is hashed, what is signed, how gaps are found.

use super::Row;
use crate::store::OrganisationId;
use aws_lc_rs::digest::{Context, SHA256};
use protocol::encoding::{Bytes, Sha256};
use protocol::signing::Verifier;
use serde::Serialize;

/// Head before the first segment.
pub const GENESIS: Sha256 = Bytes([0; 32]);

/// A closed segment: consecutive rows of one organisation under one signed head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Segment {
    /// From 1, without gaps.
    pub number: i64,
    /// Number of its first row.
    pub first_row: i64,
    /// Number of its last row.
    pub last_row: i64,
    /// How many rows it has; rows of other organisations may lie between.
    pub row_count: i64,
    /// When it was closed, Unix seconds.
    pub closed: i64,
    /// Head of the segment before it.
    pub previous_head: Sha256,
    /// Hash over the previous head and the rows in order.
    pub head: Sha256,
    /// Fingerprint of the server key that signed.
    pub key_id: Sha256,
    /// P-256 ECDSA over [`Segment::signed`], `r || s`.
    #[serde(serialize_with = "as_base64url")]
    pub signature: Vec<u8>,
}

fn as_base64url<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&protocol::encoding::encode(bytes))
}

impl Segment {
    /// What the signature covers.
    #[must_use]
    pub fn signed(&self, organisation: OrganisationId) -> Vec<u8> {
        let mut bytes = b"trasa-audit-segment-1".to_vec();
        for number in
            [organisation.0, self.number, self.first_row, self.last_row, self.row_count, self.closed]
        {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes.extend_from_slice(&self.previous_head.0);
        bytes.extend_from_slice(&self.head.0);
        bytes
    }
}

/// Hashes the rows of a segment, one by one, in order.
pub struct HeadHash(Context);

impl std::fmt::Debug for HeadHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HeadHash")
    }
}

impl HeadHash {
    /// Begins after the head of the segment before.
    #[must_use]
    pub fn after(previous: &Sha256) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(b"trasa-audit-rows-1");
        context.update(&previous.0);
        Self(context)
    }

    /// Adds the next row. Each field goes in with its length, so that none can borrow from another.
    pub fn add(&mut self, row: &Row) {
        self.0.update(&row.number.to_be_bytes());
        self.0.update(&row.time.to_be_bytes());
        for field in [&row.kind, &row.actor, &row.subject, &row.details] {
            self.0.update(&(field.len() as u64).to_be_bytes());
            self.0.update(field.as_bytes());
        }
    }

    /// The new head.
    #[must_use]
    pub fn finish(self) -> Sha256 {
        let mut head = [0; 32];
        head.copy_from_slice(self.0.finish().as_ref());
        Bytes(head)
    }
}

/// Something that does not fit, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The segment, where one is concerned.
    pub segment: Option<i64>,
    /// The row, where one is concerned.
    pub row: Option<i64>,
    /// What is wrong.
    pub message: String,
}

/// Checks segments in order against their rows.
pub struct Check<V, F: Fn(&Sha256) -> Option<V>> {
    organisation: OrganisationId,
    key: F,
    number: i64,
    last_row: i64,
    head: Sha256,
    /// What was found so far.
    pub gaps: Vec<Gap>,
}

impl<V, F: Fn(&Sha256) -> Option<V>> std::fmt::Debug for Check<V, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Check")
            .field("number", &self.number)
            .field("gaps", &self.gaps)
            .finish_non_exhaustive()
    }
}

impl<V: Verifier, F: Fn(&Sha256) -> Option<V>> Check<V, F> {
    /// Begins before the first segment; `key` finds a server key by its fingerprint.
    pub const fn new(organisation: OrganisationId, key: F) -> Self {
        Self { organisation, key, number: 0, last_row: 0, head: GENESIS, gaps: Vec::new() }
    }

    /// The head after the segments so far.
    #[must_use]
    pub const fn head(&self) -> Sha256 {
        self.head
    }

    /// The last row of the segments so far.
    #[must_use]
    pub const fn last_row(&self) -> i64 {
        self.last_row
    }

    /// Takes the next segment with the rows of this organisation that lie in its range.
    pub fn segment(&mut self, segment: &Segment, rows: &[Row]) {
        let number = segment.number;
        if number != self.number + 1 {
            self.gap(number, format!("segments {} to {} are missing", self.number + 1, number - 1));
        } else if segment.previous_head != self.head {
            self.gap(number, format!("segment {number} does not follow the one before it"));
        }
        if segment.first_row <= self.last_row {
            self.gap(number, format!("segment {number} begins before the one before it ends"));
        }
        match (self.key)(&segment.key_id) {
            None => self.gap(number, format!("segment {number} is signed by an unknown key")),
            Some(key) if !key.verifies(&segment.signed(self.organisation), &segment.signature) => {
                self.gap(number, format!("the signature of segment {number} is wrong"));
            }
            Some(_) => {}
        }
        let mut hash = HeadHash::after(&segment.previous_head);
        for row in rows {
            hash.add(row);
        }
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        if count != segment.row_count {
            self.gap(
                number,
                format!(
                    "segment {number} (rows {} to {}) was closed with {} rows and has {count}",
                    segment.first_row, segment.last_row, segment.row_count
                ),
            );
        } else if hash.finish() != segment.head {
            self.gap(
                number,
                format!(
                    "a row of segment {number} (rows {} to {}) was altered",
                    segment.first_row, segment.last_row
                ),
            );
        }
        self.number = number;
        self.last_row = segment.last_row;
        self.head = segment.head;
    }

    /// A row lies behind a closed segment and yet in none: it was slipped in later.
    pub fn stray(&mut self, row: i64) {
        self.gaps.push(Gap {
            segment: None,
            row: Some(row),
            message: format!("row {row} belongs to no segment"),
        });
    }

    /// Rows whose numbers were given out and that are not there.
    pub fn missing(&mut self, first: i64, last: i64) {
        let message = if first == last {
            format!("row {first} is missing")
        } else {
            format!("rows {first} to {last} are missing")
        };
        self.gaps.push(Gap { segment: None, row: Some(first), message });
    }

    fn gap(&mut self, segment: i64, message: String) {
        self.gaps.push(Gap { segment: Some(segment), row: None, message });
    }
}
