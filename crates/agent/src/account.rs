//! Names of Windows accounts: what people type, what it means here, and when two are the same.

mod known;
mod typed;

pub use known::{KnownAccount, LOOKUP_LIMIT, ResolveError, resolve, resolve_listed};
pub use typed::{LogonName, TypedError, TypedName};

use crate::Sid;
use crate::ports::{MachineFacts, ResolvedAccount};
pub use protocol::v2::AccountKind;
use serde::{Deserialize, Serialize};

/// An account as far as Windows resolved it. This is what a decision is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its SID; absent only where Windows could not resolve the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Sid>,
    /// NetBIOS name of the domain; the host's for a local account.
    pub domain: String,
    /// DNS name of the domain, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_domain: Option<String>,
    /// Name without a domain.
    pub name: String,
    /// Where it lives.
    pub kind: AccountKind,
}

impl Account {
    /// From what Windows resolved, on this machine.
    #[must_use]
    pub fn from_resolved(resolved: &ResolvedAccount, machine: &MachineFacts) -> Self {
        let is_local = match &machine.machine_sid {
            Some(issuer) => resolved.sid.is_issued_by(issuer),
            None => same_name(&resolved.domain, &machine.netbios_name),
        };
        let kind = if same_name(&resolved.domain, typed::MICROSOFT) {
            AccountKind::Microsoft
        } else if same_name(&resolved.domain, typed::ENTRA) || resolved.sid.as_str().starts_with("S-1-12-1-")
        {
            AccountKind::Entra
        } else if is_local {
            AccountKind::Local
        } else {
            AccountKind::Domain
        };
        Self {
            sid: Some(resolved.sid.clone()),
            domain: resolved.domain.clone(),
            dns_domain: if kind == AccountKind::Domain {
                dns_domain_of(&resolved.domain, machine)
            } else {
                None
            },
            name: resolved.name.clone(),
            kind,
        }
    }

    /// From a name alone, where Windows cannot be asked; `None` where the name does not tell enough.
    #[must_use]
    pub fn from_name(name: &LogonName, machine: &MachineFacts) -> Option<Self> {
        let is_ours =
            |domain: &str, ours: &Option<String>| ours.as_deref().is_some_and(|o| same_name(o, domain));
        let (user, domain) = match (&name.domain, name.user.rsplit_once('@')) {
            (Some(domain), _) => (name.user.as_str(), domain.as_str()),
            (None, Some((user, domain))) => (user, domain),
            (None, None) => return None,
        };
        let kind = if same_name(domain, typed::MICROSOFT) {
            AccountKind::Microsoft
        } else if same_name(domain, typed::ENTRA) {
            AccountKind::Entra
        } else if same_name(domain, &machine.netbios_name) {
            AccountKind::Local
        } else {
            AccountKind::Domain
        };
        let ours = is_ours(domain, &machine.netbios_domain) || is_ours(domain, &machine.dns_domain);
        let (domain, dns_domain) = if kind == AccountKind::Domain && ours {
            (machine.netbios_domain.clone().unwrap_or_else(|| domain.to_owned()), machine.dns_domain.clone())
        } else {
            (domain.to_owned(), None)
        };
        Some(Self { sid: None, domain, dns_domain, name: user.to_owned(), kind })
    }

    /// As it goes to the server.
    #[must_use]
    pub fn to_wire(&self) -> protocol::v2::Account {
        protocol::v2::Account {
            sid: self.sid.as_ref().map(|sid| sid.as_str().to_owned()),
            domain: self.domain.clone(),
            dns_domain: self.dns_domain.clone(),
            name: self.name.clone(),
            kind: self.kind,
        }
    }

    /// Whether both are one account: by SID where both have one, else by kind, domain (under either
    /// of its names) and name, without case.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        if let (Some(mine), Some(theirs)) = (&self.sid, &other.sid) {
            return mine == theirs;
        }
        let domains = |account: &Self| [Some(account.domain.clone()), account.dns_domain.clone()];
        self.kind == other.kind
            && same_name(&self.name, &other.name)
            && domains(self)
                .into_iter()
                .flatten()
                .any(|mine| domains(other).into_iter().flatten().any(|theirs| same_name(&mine, &theirs)))
    }
}

impl core::fmt::Display for Account {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(
            f,
            "{}\\{}",
            crate::printable::printable(&self.domain),
            crate::printable::printable(&self.name)
        )
    }
}

fn dns_domain_of(domain: &str, machine: &MachineFacts) -> Option<String> {
    let is_ours = machine.netbios_domain.as_deref().is_some_and(|ours| same_name(ours, domain));
    if is_ours { machine.dns_domain.clone() } else { None }
}

/// Whether two names are equal without case, as Windows compares them: character by character,
/// never by a mapping that makes one character two, so that `ß` is not `ss` and a full-width letter
/// is not its ASCII look-alike (B60).
#[must_use]
pub fn same_name(a: &str, b: &str) -> bool {
    a.chars().map(upper).eq(b.chars().map(upper))
}

fn upper(c: char) -> char {
    let mut mapped = c.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::{Account, AccountKind, same_name};
    use crate::Sid;

    fn account(sid: Option<&str>, domain: &str, name: &str) -> Account {
        Account {
            sid: sid.map(|s| Sid::parse(s).expect("test data")),
            domain: domain.into(),
            dns_domain: None,
            name: name.into(),
            kind: AccountKind::Domain,
        }
    }

    #[test]
    fn lookalike_account_is_another_account() {
        for (a, b, same) in [
            ("Bat", "bAT", true),
            ("J\u{fc}rgen", "J\u{dc}RGEN", true),
            ("bat", "\u{ff42}at", false),
            ("bat", "b\u{430}t", false),
            ("bat", "bat.", false),
            ("bat", "bat ", false),
            ("stra\u{df}e", "strasse", false),
        ] {
            assert_eq!(same_name(a, b), same, "{a} {b}");
        }
    }

    #[test]
    fn the_sid_decides_before_the_name() {
        let (one, two) = ("S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002");
        assert!(account(Some(one), "A", "x").is_same(&account(Some(one), "B", "y")));
        assert!(!account(Some(one), "A", "x").is_same(&account(Some(two), "A", "x")));
        assert!(account(Some(one), "A", "x").is_same(&account(None, "a", "X")));
        assert!(!account(Some(one), "A", "x").is_same(&account(None, "B", "x")));
        let mut with_dns = account(None, "CORP", "x");
        with_dns.dns_domain = Some("corp.example.com".into());
        assert!(with_dns.is_same(&account(None, "corp.EXAMPLE.com", "x")));
        let mut local = account(None, "A", "x");
        local.kind = AccountKind::Local;
        assert!(!local.is_same(&account(None, "A", "x")));
    }
}
