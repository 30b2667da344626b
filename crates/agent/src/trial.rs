//! A trial logon before arming: what the tile will do, with the real password check and the real
//! server, up to the credential, which is wiped instead of handed to Windows.
//!
//! It is the state machine, the worker and the exchange that the tile runs, in another shell: the
//! tile's is COM, this one asks a [`Person`]. Nothing is armed meanwhile and nothing of Windows
//! changes. What passes is written down, bound to the configuration, for `arm` to find.

mod walk;

use crate::Password;
use crate::config::{State, Usable, envelope};
use crate::logon::{Field, MethodChoice, View};
use crate::ports::{Cancelled, Event, ProtectedFile, StateValue, Stored, WriteFailed};
use crate::services::Services;
use crate::worker::Agent;
use protocol::encoding::Bytes;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use walk::Walk;
use zeroize::Zeroizing;

/// How long a trial counts, in seconds: it is a statement about now, and a week is long for that.
pub const GOOD_FOR_SECS: i64 = 7 * 24 * 60 * 60;

/// What the person put into a field.
#[derive(Debug)]
pub enum Typed {
    /// What the field shows already is right.
    Keep,
    /// The text of an edit field.
    Text(Zeroizing<String>),
    /// The text of a password field.
    Secret(Password),
    /// An entry of the method list.
    Method(MethodChoice),
}

/// Who sits in front of the trial.
pub trait Person {
    /// Fills a field that the view shows. `None`: the person gives up.
    fn fill(&mut self, field: Field, view: &View) -> Option<Typed>;

    /// The view changed: a status line, the number for the phone.
    fn look(&mut self, view: &View);
}

/// A trial that passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// Whose logon it was, `DOMAIN\name`.
    pub account: String,
    /// When, Unix seconds by this machine's clock.
    pub at: i64,
    /// Names the logon at the server.
    pub short_code: String,
}

/// Why a trial did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failed {
    /// There is nothing to try: no configuration, or a damaged one.
    NotConfigured(State),
    /// The person gave up.
    GivenUp,
    /// Windows or the server refused; the text is the tile's.
    Refused(String),
    /// The server let it pass without a second factor: the service watches, or lets everybody through.
    NoSecondFactor,
    /// It passed but could not be written down.
    NotRecorded(WriteFailed),
}

/// The record: [`Passed`] and what it is bound to.
#[derive(Serialize, Deserialize)]
struct Record {
    bound_to: Bytes<32>,
    passed: Passed,
}

/// Runs a trial to its end and writes down that it passed.
///
/// # Errors
/// [`Failed`]. An earlier trial that passed stands.
pub fn run(
    services: &Services,
    person: &mut dyn Person,
    cancelled: &dyn Cancelled,
) -> Result<Passed, Failed> {
    let agent = Agent::load_for_trial(services.clone());
    let Some(bound_to) = agent.loaded().usable.as_ref().and_then(|usable| bound_to(services, usable)) else {
        return Err(Failed::NotConfigured(agent.loaded().state));
    };
    let done = Walk::new(&agent, person, cancelled).run().and_then(|passed| {
        write(services, &Record { bound_to, passed: passed.clone() }).map_err(Failed::NotRecorded)?;
        Ok(passed)
    });
    match &done {
        Ok(passed) => services.events.write(&Event::trial_passed(&passed.account, &passed.short_code)),
        Err(Failed::Refused(text)) => services.events.write(&Event::trial_failed(text)),
        Err(_) => {}
    }
    done
}

/// The trial that counts now: of this configuration, these addresses and this version, not older than
/// [`GOOD_FOR_SECS`] and not of the future.
#[must_use]
pub fn passed(services: &Services, usable: &Usable) -> Option<Passed> {
    let Stored::Bytes(bytes) = services.registry.read(StateValue::Trial) else { return None };
    let record = envelope::open::<Record>(&bytes)?;
    let age = services.clock.unix_seconds().checked_sub(record.passed.at)?;
    let counts = (0..GOOD_FOR_SECS).contains(&age) && bound_to(services, usable) == Some(record.bound_to);
    counts.then_some(record.passed)
}

/// What a trial is bound to. What was learned since (keys, mode) is not part of it.
fn bound_to(services: &Services, usable: &Usable) -> Option<Bytes<32>> {
    let Stored::Bytes(file) = services.files.read(ProtectedFile::Agent) else { return None };
    let mut hash = sha2::Sha256::new();
    let servers: Vec<_> = usable.servers.iter().map(ToString::to_string).collect();
    // Each part's length goes before it, so that no two sets of parts look alike.
    for part in [
        &*file,
        servers.join(",").as_bytes(),
        &[u8::from(usable.skip_tls_verification)],
        env!("CARGO_PKG_VERSION").as_bytes(),
    ] {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(part);
    }
    Some(Bytes(hash.finalize().into()))
}

fn write(services: &Services, record: &Record) -> Result<(), WriteFailed> {
    // JSON of plain values cannot fail; 87 is "invalid parameter".
    let bytes = envelope::wrap(record).map_err(|_| WriteFailed { code: 87 })?;
    services.registry.write(StateValue::Trial, &bytes)
}

#[cfg(test)]
mod tests;
