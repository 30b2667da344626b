use super::Params;
use super::account::Account;
use super::logon::Method;
use crate::reason::Reason;
use serde::{Deserialize, Serialize};

/// What a check is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckPurpose {
    /// Before arming: who would get in. Answered only to an approved agent that is not armed.
    Arming,
    /// Armed, before step 2, for the one account whose password is verified: whether the trasa id
    /// must be asked.
    Tile,
}

/// `POST /agent/v2/check`. Rings nobody and changes no counter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckRequest {
    /// What the answer is for.
    pub purpose: CheckPurpose,
    /// Whether the agent guards the logon.
    pub armed: bool,
    /// Accounts of this machine or its domain, at most [`crate::MAX_CHECK_ACCOUNTS`]; exactly one
    /// for the tile.
    pub accounts: Vec<Account>,
}

/// What would become of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedAccount {
    /// The account asked about.
    pub account: Account,
    /// Whether somebody could log on as this account, at hours and in a session that a policy allows.
    pub would_get_in: bool,
    /// By which methods.
    #[serde(default)]
    pub methods: Vec<Method>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Values for the text.
    #[serde(default)]
    pub parameters: Params,
}

/// Answer to a check: `accounts` before arming, `ask_trasa_id` at the tile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckAnswer {
    /// One line for each account asked about, in the same order; empty at the tile.
    #[serde(default)]
    pub accounts: Vec<CheckedAccount>,
    /// Whether the trasa id must be typed; alike for unknown, disabled and no access.
    pub ask_trasa_id: bool,
    /// The server's clock, Unix seconds.
    pub time: i64,
}
