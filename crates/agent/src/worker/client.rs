//! The client that fits the configuration.

use crate::config::{Learned, UsableLink};
use crate::exchange::{Client, Connection, Outcome, v1};
use crate::logon::{LogonQuestion, Progress};
use crate::ports::{Cancelled, MachineFacts};
use crate::services::Services;

/// Of the generation that was fixed when the configuration was verified, and of no other: whatever is
/// answered, nothing here turns one into the other (B54).
pub(super) enum AnyClient<'a> {
    V1(v1::Client<'a>),
    V2(Client<'a>),
}

impl<'a> AnyClient<'a> {
    pub(super) fn new(
        services: &'a Services,
        link: UsableLink<'a>,
        machine: &'a MachineFacts,
        learned: Learned,
    ) -> Self {
        match link {
            UsableLink::V1(link) => Self::V1(v1::Client::new(services, link, machine, learned)),
            UsableLink::V2(link) => {
                let connection = Connection { link, versions: super::versions(&machine.windows_version) };
                Self::V2(Client::new(services, connection, learned))
            }
        }
    }

    pub(super) fn logon(
        &mut self,
        question: &LogonQuestion,
        cancelled: &dyn Cancelled,
        progress: &mut dyn FnMut(Progress),
    ) -> Outcome {
        match self {
            Self::V1(client) => client.logon(question, cancelled, progress),
            Self::V2(client) => client.logon(question, cancelled, progress),
        }
    }

    pub(super) fn learned(self) -> Learned {
        match self {
            Self::V1(client) => client.learned(),
            Self::V2(client) => client.learned(),
        }
    }
}
