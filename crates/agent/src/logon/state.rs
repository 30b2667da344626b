//! The states, each with exactly its data.

use super::event::Ticket;
use super::permit::Right;
use super::view::{MethodChoice, Status};
use crate::Password;
use crate::account::{Account, LogonName};
use crate::password::PasswordOutcome;
use crate::proof::Proof;
use core::time::Duration;
use protocol::v2::PasswordState;
use zeroize::Zeroizing;

/// What people typed. One place, so that one call wipes it.
#[derive(Default)]
pub(super) struct Inputs {
    pub user_name: String,
    pub password: Password,
    pub trasa_id: String,
    pub code: Zeroizing<String>,
    pub new_password: Password,
    pub repeat_password: Password,
}

/// The result of step 1.
#[derive(Debug)]
pub(super) struct Checked {
    pub name: LogonName,
    pub account: Account,
    pub outcome: PasswordOutcome,
    pub ask_trasa_id: bool,
    pub offline_user: bool,
    pub since: Duration,
    /// A logon waits for the network at most once.
    pub waited_for_network: bool,
}

impl Checked {
    pub(super) const fn password(&self) -> PasswordState {
        match self.outcome {
            PasswordOutcome::Verified(_) => PasswordState::Verified,
            PasswordOutcome::Stop(_) | PasswordOutcome::Unknown => PasswordState::Unknown,
        }
    }
}

/// The phone rings.
#[derive(Debug)]
pub(super) struct Phone {
    pub number: Option<String>,
    pub until: Duration,
}

pub(super) enum State {
    /// Step 1.
    Credentials,
    /// The password is being checked.
    Checking { ticket: Ticket, name: LogonName },
    /// Step 2.
    SecondFactor { checked: Checked, method: MethodChoice },
    /// The server is being asked.
    Asking { ticket: Ticket, checked: Checked, method: MethodChoice, phone: Option<Phone>, line: Status },
    /// An allow waits to be serialized.
    Allowed { checked: Checked, proof: Proof },
    /// Serialized; ReportResult will tell.
    Serialized { checked: Checked, right: Right, since: Duration },
    /// Windows wants a new password.
    NewPassword { checked: Checked, right: Right, until: Duration },
    /// The new password waits to be serialized.
    ChangeReady { checked: Checked, right: Right, until: Duration },
    /// The change was serialized; ReportResult will tell.
    Changing { checked: Checked, right: Right, until: Duration },
    /// The password was changed; the logon with it waits to be serialized.
    LogonReady { checked: Checked, right: Right, until: Duration },
}

/// Which calls a proof survives after a re-enumeration that we asked for, or after ReportResult
/// asked for a new password.
pub(super) struct Survive {
    pub until: Duration,
    pub deselect: bool,
    pub unadvise: bool,
}
