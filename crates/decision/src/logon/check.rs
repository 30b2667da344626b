use super::{Access, Machine, Service};
use crate::account::{Account, Pattern};
use crate::policy::{Circumstances, Line, Methods, SessionSeen, method_unmet};
use alloc::vec::Vec;
use core::net::IpAddr;
use protocol::reason::Reason;
use protocol::v2::{Method, Params};

/// What is known for the question whether somebody would get in as an account.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The service of the machine. Its mode does not matter: the question is about guarding.
    pub service: Service,
    /// The machine.
    pub machine: Machine,
    /// The address that the server sees, or last saw, for this machine; `None`: not known.
    pub source: Option<IpAddr>,
    /// Every user with an access on this service that may be about the account.
    pub users: Vec<AskedUser>,
}

/// A user who may get in.
#[derive(Debug, Clone)]
pub struct AskedUser {
    /// Whether the user is enabled.
    pub enabled: bool,
    /// The user's accesses on this service, own and through groups.
    pub accesses: Vec<Access>,
    /// The methods that the user has a device for.
    pub methods: Methods,
}

/// Whether somebody would get in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Somebody would.
    GetsIn {
        /// By which methods.
        methods: Methods,
        /// `false`: at other hours of the week than now.
        now: bool,
    },
    /// Nobody would.
    Refused {
        /// The reason of whoever came nearest.
        reason: Reason,
        /// Values for the text.
        params: Params,
    },
}

/// Says whether anybody would get in as the account, by which methods, or why not. Changes nothing.
///
/// Hours and the kind of session are left out: an administrator who arms a machine at night would
/// otherwise be told that the day's people are locked out. Everything lasting counts.
#[must_use]
pub fn check(account: &Account, asked: &Asked, now: i64) -> Standing {
    if asked.service == Service::Deleted {
        return refused(Reason::ServiceDeleted);
    }
    if asked.machine == Machine::Waiting {
        return refused(Reason::MachineWaiting);
    }
    let at = Circumstances { source: asked.source, session: SessionSeen::NotAsked, now };
    let mut methods = Methods::NONE;
    let mut open_now = false;
    let mut nearest = (Progress::NoAccess, refused(Reason::NoAccess));
    for user in &asked.users {
        for access in user.accesses.iter().filter(|access| access.account.matches(account)) {
            match lasting(user, access, &at) {
                Ok((usable, now)) => {
                    methods = methods.or(usable);
                    open_now |= now;
                }
                Err((progress, reason, params)) if progress > nearest.0 => {
                    nearest = (progress, Standing::Refused { reason, params });
                }
                Err(_) => {}
            }
        }
    }
    if methods.is_empty() { nearest.1 } else { Standing::GetsIn { methods, now: open_now } }
}

/// How far somebody came; the farthest gives the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    NoAccess,
    Disabled,
    Policy(Line),
    NoDevice,
    Method,
}

fn lasting(
    user: &AskedUser,
    access: &Access,
    at: &Circumstances,
) -> Result<(Methods, bool), (Progress, Reason, Params)> {
    if !user.enabled {
        return Err((Progress::Disabled, Reason::UserDisabled, Params::new()));
    }
    let unmet = |unmet: crate::policy::Unmet| (Progress::Policy(unmet.line), unmet.reason, unmet.params);
    access.hold_end(at.now).map_err(unmet)?;
    let mut allowed = Methods::ALL;
    let mut open_now = true;
    if let Some(policy) = &access.policy {
        policy.hold_expiry(at.now).map_err(unmet)?;
        if let Some(source) = at.source {
            policy.hold_networks(source).map_err(unmet)?;
        }
        allowed = policy.methods;
        open_now = policy.hold_hours(at.now).is_ok();
    }
    if user.methods.is_empty() {
        return Err((Progress::NoDevice, Reason::NoDevice, Params::new()));
    }
    let usable = allowed.and(user.methods);
    if usable.is_empty() {
        let unmet = method_unmet(allowed, Method::Auto);
        return Err((Progress::Method, unmet.reason, unmet.params));
    }
    Ok((usable, open_now))
}

fn refused(reason: Reason) -> Standing {
    Standing::Refused { reason, params: Params::new() }
}

/// One user's access, for finding whose account it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate<U> {
    /// The user, by whatever tells users apart.
    pub user: U,
    /// Whether the user is enabled.
    pub enabled: bool,
    /// The account of the access.
    pub account: Pattern,
}

/// The one enabled user who has an access to the account; `None` if there is none or more than one.
#[must_use]
pub fn sole_user<'a, U: PartialEq>(account: &Account, candidates: &'a [Candidate<U>]) -> Option<&'a U> {
    let mut users = candidates
        .iter()
        .filter(|candidate| candidate.enabled && candidate.account.matches(account))
        .map(|candidate| &candidate.user);
    let first = users.next()?;
    users.all(|user| user == first).then_some(first)
}

/// Whether the tile has to ask for the trasa id. Alike for an account that nobody may be, that a
/// disabled user may be, and that several may be.
#[must_use]
pub fn needs_trasa_id<U: PartialEq>(account: &Account, candidates: &[Candidate<U>]) -> bool {
    sole_user(account, candidates).is_none()
}
