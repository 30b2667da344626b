//! What an admitted machine brings along when it asks.

use super::cause::Cause;
use crate::config::{Learned, LinkV2, V2};
use crate::ports::{Address, Event};
use crate::services::Services;
use core::time::Duration;
use protocol::encoding::Bytes;
use protocol::keys::KeyList;
use protocol::signing::Nonce;
use protocol::v2::Versions;

/// The fixed half of a client.
#[derive(Debug)]
pub struct Connection<'a> {
    /// Admission, key, addresses.
    pub link: LinkV2<'a>,
    /// What runs here.
    pub versions: Versions,
}

/// Asks the server on behalf of this machine. What it learns on the way (newer keys, TLS keys, the
/// server's time) is in [`Client::learned`] afterwards.
#[derive(Debug)]
pub struct Client<'a> {
    pub(super) services: &'a Services,
    pub(super) connection: Connection<'a>,
    pub(super) learned: Learned,
    /// Server time minus our time, for this client's calls.
    pub(super) clock_offset: i64,
}

/// Why a call other than a logon brought nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallFailed {
    /// The server refused, and signed that.
    Refused(protocol::error_code::ErrorCode, protocol::v2::Params),
    /// A signed answer of another kind.
    DoesNotFit,
    /// No address gave an authentic answer.
    Unreachable(Vec<(Address, Cause)>),
    /// The system gave no random bytes, or a body could not be written.
    Internal,
}

impl<'a> Client<'a> {
    /// A client with what was learned so far.
    #[must_use]
    pub fn new(services: &'a Services, connection: Connection<'a>, learned: Learned) -> Self {
        Self { services, connection, learned, clock_offset: 0 }
    }

    /// What is known now, to be written down.
    #[must_use]
    pub fn learned(self) -> Learned {
        self.learned
    }

    pub(super) const fn admission(&self) -> &'a V2 {
        self.connection.link.admission
    }

    pub(super) fn key_list(&self) -> &KeyList {
        self.learned.key_list(self.admission())
    }

    /// Keeps a newer list.
    pub(super) fn adopt(&mut self, list: KeyList) {
        if list != *self.key_list() {
            self.services.events.write(&Event::keys_accepted(list.epoch, list.serial));
            self.learned.key_list = Some(list);
        }
    }

    /// The addresses in order: the configured ones, then those of the key list.
    pub(super) fn addresses(&self) -> Vec<Address> {
        let mut addresses = self.connection.link.servers.to_vec();
        for further in self.key_list().addresses.iter().filter_map(|text| Address::parse(text).ok()) {
            if !addresses.contains(&further) {
                addresses.push(further);
            }
        }
        addresses
    }

    pub(super) fn nonce(&self) -> Option<Nonce> {
        let mut bytes = [0; 16];
        self.services.random.fill(&mut bytes).ok()?;
        Some(Bytes(bytes))
    }

    /// Our clock, brought to the server's where it told us.
    pub(super) fn unix_now(&self) -> i64 {
        self.services.clock.unix_seconds().saturating_add(self.clock_offset)
    }

    pub(super) fn ticks(&self) -> Duration {
        self.services.clock.ticks()
    }
}
