//! When, from where and how somebody may log on.
//!
//! A policy is a list of lines; each line that is there has to hold. Several days-and-hours are one
//! line: any one of them suffices. An empty line always holds.

mod hours;
mod methods;
mod network;
#[cfg(test)]
mod tests;

pub use hours::{Hours, HoursError};
pub use methods::Methods;
pub(crate) use methods::word;
pub use network::{Network, NetworkError};

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use protocol::reason::Reason;
use protocol::v2::{Method, Params, Session};
use serde_json::Value;

/// What must hold for an access to be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Days and hours in `zone`; empty: always.
    pub hours: Vec<Hours>,
    /// Where the days and hours are read.
    pub zone: Zone,
    /// Networks of the address that the server sees; empty: from anywhere.
    pub networks: Vec<Network>,
    /// The kind of session; `None`: any.
    pub session: Option<Session>,
    /// Unix seconds; from this second on the policy allows nothing. `None`: never.
    pub expires: Option<i64>,
    /// The methods it allows; never empty in a policy that allows anything.
    pub methods: Methods,
}

impl Default for Policy {
    /// Always, from anywhere, by any method.
    fn default() -> Self {
        Self {
            hours: Vec::new(),
            zone: Zone::utc(),
            networks: Vec::new(),
            session: None,
            expires: None,
            methods: Methods::ALL,
        }
    }
}

/// A time zone of the IANA database that is built in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

/// There is no such time zone. The fault is the text's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no time zone: write a name of the IANA database, for example Europe/Berlin")]
pub struct ZoneError(String);

impl Zone {
    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self { name: "UTC".to_string(), rules: TimeZone::UTC }
    }

    /// Finds a zone by its IANA name, whatever the case.
    ///
    /// # Errors
    /// Unknown name.
    pub fn parse(text: &str) -> Result<Self, ZoneError> {
        let wrong = || ZoneError(hours::excerpt(text));
        // The built-in database only, so that a decision depends on no file of the system.
        let rules = TimeZoneDatabase::bundled().get(text).map_err(|_| wrong())?;
        let name = rules.iana_name().ok_or_else(wrong)?;
        if rules.is_unknown() {
            return Err(wrong());
        }
        Ok(Self { name: name.to_string(), rules })
    }

    /// The zone's name as the database spells it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The lines of a policy in the order in which they are looked at; a later one is the better reason,
/// since everything before it held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Line {
    /// The expiry date.
    Expires,
    /// Days and hours.
    Hours,
    /// Networks.
    Network,
    /// The kind of session.
    Session,
    /// The methods.
    Methods,
}

/// The line of a policy that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// Which line.
    pub line: Line,
    /// The reason code that it leads to.
    pub reason: Reason,
    /// Values for the text.
    pub params: Params,
    /// The line and what it met, for the audit: `when mon-fri 08:00-18:00 (Europe/Berlin): sat 09:12`.
    pub text: String,
}

impl Unmet {
    /// An access that ended at a time in Unix seconds, whatever its policy says.
    pub(crate) fn access_ended(until: i64) -> Self {
        Self {
            line: Line::Expires,
            reason: Reason::PolicyExpired,
            params: Params::from([("expires".to_string(), Value::from(until))]),
            text: format!("the access ended {}", utc_text(until)),
        }
    }
}

/// What a policy is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// The address that the server sees; `None` where the question is not about one.
    pub source: Option<IpAddr>,
    /// The kind of session.
    pub session: SessionSeen,
    /// Unix seconds.
    pub now: i64,
}

/// What is known of the kind of session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionSeen {
    /// The question is not about one.
    NotAsked,
    /// The agent does not tell it (v1): a policy that wants a certain kind does not hold.
    Untold,
    /// As the agent says.
    Told(Session),
}

impl Policy {
    /// Looks at every line but the methods.
    ///
    /// # Errors
    /// The first line that does not hold.
    pub fn evaluate(&self, at: &Circumstances) -> Result<(), Unmet> {
        self.hold_expiry(at.now)?;
        self.hold_hours(at.now)?;
        if let Some(source) = at.source {
            self.hold_networks(source)?;
        }
        self.hold_session(at.session)
    }

    /// Whether the policy has not ended.
    ///
    /// # Errors
    /// It has.
    pub(crate) fn hold_expiry(&self, now: i64) -> Result<(), Unmet> {
        match self.expires {
            Some(expires) if now >= expires => Err(Unmet {
                line: Line::Expires,
                reason: Reason::PolicyExpired,
                params: Params::from([("expires".to_string(), Value::from(expires))]),
                text: format!("expires {}", utc_text(expires)),
            }),
            _ => Ok(()),
        }
    }

    /// Whether one of the days and hours holds. Weekday and hour are read in the policy's zone.
    ///
    /// # Errors
    /// None does.
    pub(crate) fn hold_hours(&self, now: i64) -> Result<(), Unmet> {
        if self.hours.is_empty() {
            return Ok(());
        }
        let local = Timestamp::from_second(now).ok().map(|instant| self.zone.rules.to_datetime(instant));
        if local.is_some_and(|local| self.hours.iter().any(|hours| hours.contains(local))) {
            return Ok(());
        }
        let local_time =
            local.map_or_else(|| now.to_string(), |local| local.strftime("%a %H:%M").to_string());
        let zone = self.zone.name();
        Err(Unmet {
            line: Line::Hours,
            reason: Reason::OutsideHours,
            text: format!("when {} ({zone}): {local_time}", listed(&self.hours)),
            params: Params::from([
                ("zone".to_string(), Value::from(zone)),
                ("local_time".to_string(), Value::from(local_time)),
            ]),
        })
    }

    /// Whether the address belongs to one of the networks.
    ///
    /// # Errors
    /// To none.
    pub(crate) fn hold_networks(&self, source: IpAddr) -> Result<(), Unmet> {
        if self.networks.is_empty() || self.networks.iter().any(|network| network.contains(source)) {
            return Ok(());
        }
        Err(Unmet {
            line: Line::Network,
            reason: Reason::NetworkNotAllowed,
            params: Params::new(),
            text: format!("network {}: {}", listed(&self.networks), source.to_canonical()),
        })
    }

    /// Whether the kind of session fits.
    ///
    /// # Errors
    /// It is the other one, or not told.
    fn hold_session(&self, seen: SessionSeen) -> Result<(), Unmet> {
        let Some(wanted) = self.session else { return Ok(()) };
        let met = match seen {
            SessionSeen::NotAsked => return Ok(()),
            SessionSeen::Told(session) if session == wanted => return Ok(()),
            SessionSeen::Told(session) => session_word(session),
            SessionSeen::Untold => "not told",
        };
        Err(Unmet {
            line: Line::Session,
            reason: Reason::SessionNotAllowed,
            params: Params::from([("session".to_string(), Value::from(session_word(wanted)))]),
            text: format!("session {}: {}", session_word(wanted), met),
        })
    }
}

/// That a method is none of those allowed.
pub(crate) fn method_unmet(allowed: Methods, asked: Method) -> Unmet {
    Unmet {
        line: Line::Methods,
        reason: Reason::MethodNotAllowed,
        params: Params::from([("methods".to_string(), methods_value(allowed))]),
        text: format!("method {allowed}: {}", word(asked)),
    }
}

/// Methods as a JSON array of their words.
pub(crate) fn methods_value(methods: Methods) -> Value {
    methods.list().into_iter().map(word).collect()
}

const fn session_word(session: Session) -> &'static str {
    match session {
        Session::Console => "console",
        Session::Remote => "remote",
    }
}

fn utc_text(time: i64) -> String {
    Timestamp::from_second(time).map_or_else(|_| time.to_string(), |instant| instant.to_string())
}

fn listed<T: fmt::Display>(items: &[T]) -> String {
    let mut text = String::new();
    for item in items {
        if !text.is_empty() {
            text.push_str("; ");
        }
        text.push_str(&item.to_string());
    }
    text
}
