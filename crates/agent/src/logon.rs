//! One logon at the tile, as a state machine without I/O: events in, actions out.
//!
//! `Credentials -> (check password) -> SecondFactor -> (ask server) -> Allowed -> Serialized`
//!
//! The shell (the COM object, the logon host, a test) owns no state: it forwards what happens as
//! [`Event`]s, performs the [`Action`]s and renders [`Logon::view`]. Whatever the order of calls,
//! [`Logon::ask_serialization`] gives a credential only for a [`crate::proof::Proof`] that fits.
//!
//! How the calls of LogonUI map, for the shell:
//!
//! | LogonUI | here |
//! |---|---|
//! | SetStringValue, SetComboBoxSelectedValue, CommandLinkClicked | [`Event::Typed`], [`Event::TypedSecret`], [`Event::Chose`], [`Event::StartOver`], [`Event::Cancel`] |
//! | Connect | [`Event::Submit`], then wait while [`Logon::is_busy`]; a cancel is [`Event::Cancel`] |
//! | GetSerialization | [`Logon::ask_serialization`], which submits by itself where Connect did not run |
//! | GetCredentialCount | [`Logon::take_auto_logon`] |
//! | UpdateRemoteCredential, SetSerialization | [`Event::Incoming`] |
//! | SetSelected, SetDeselected, UnAdvise | [`Event::Deselected`], [`Event::Unadvised`] |
//! | SetUsageScenario | [`Event::SetUp`] |
//! | ReportResult | [`Event::Reported`] |

mod change;
mod event;
mod input;
mod machine;
mod permit;
mod render;
mod state;
mod steps;
mod view;

pub use event::{
    Action, Answer, Event, Job, LogonQuestion, PasswordAnswered, PasswordQuestion, Progress, Refusal, Setup,
    Ticket,
};
pub use machine::Logon;
pub use permit::{Credential, Permit, Serialization};
pub use view::{Field, FieldKind, FieldView, MethodChoice, Status, Tone, View};

#[cfg(test)]
mod tests;
