//! From a name to an account: Windows is asked first, what was written down at arming second.

use super::{Account, AccountKind, LogonName, TypedError, TypedName, same_name};
use crate::ports::{AccountLookup, LookupError, MachineFacts};
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// How long a person at the tile waits for a name to be looked up.
pub const LOOKUP_LIMIT: Duration = Duration::from_secs(3);

/// An account with the names under which people type it; written down while Windows could resolve
/// it, for the day when it cannot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownAccount {
    /// As the administrator typed it, or `DOMAIN\name`.
    pub typed: String,
    /// The account.
    pub account: Account,
    /// Other spellings of the whole name, for example `DNS.DOMAIN\name` and `name@dns.domain`.
    #[serde(default)]
    pub aliases: Vec<String>,
}

impl KnownAccount {
    /// Writes down an account and the spellings that follow from its domain.
    #[must_use]
    pub fn new(typed: String, account: Account) -> Self {
        let mut aliases = vec![format!("{}\\{}", account.domain, account.name)];
        if let Some(dns) = &account.dns_domain {
            aliases.push(format!("{dns}\\{}", account.name));
            aliases.push(format!("{}@{dns}", account.name));
        }
        Self { typed, account, aliases }
    }

    fn has_name(&self, name: &LogonName) -> bool {
        let text = name.to_lookup();
        self.aliases.iter().any(|alias| same_name(alias, &text))
    }
}

/// Why a name leads to no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// It is no name.
    #[error(transparent)]
    Typed(#[from] TypedError),
    /// Windows knows no such account.
    #[error("no such account")]
    NotFound,
    /// Windows could not say, and nothing is written down about it.
    #[error("accounts cannot be looked up now")]
    Unavailable,
    /// It is a group or something else that nobody signs in as.
    #[error("not the account of a person")]
    NotAUser,
}

/// Finds the account behind a name at the tile.
///
/// # Errors
/// [`ResolveError`]; the person is refused then, for what cannot be named cannot be decided.
pub fn resolve(
    name: &LogonName,
    machine: &MachineFacts,
    lookup: &dyn AccountLookup,
    known: &[KnownAccount],
) -> Result<Account, ResolveError> {
    match lookup.by_name(&name.to_lookup(), LOOKUP_LIMIT) {
        Ok(resolved) if resolved.is_user => Ok(Account::from_resolved(&resolved, machine)),
        Ok(_) => Err(ResolveError::NotAUser),
        // "Not found" is also what Windows says while no domain controller can be asked.
        Err(error) => known.iter().find(|k| k.has_name(name)).map(|k| k.account.clone()).ok_or(match error {
            LookupError::NotFound => ResolveError::NotFound,
            LookupError::Unavailable => ResolveError::Unavailable,
        }),
    }
}

/// Resolves one name of the offline users, when the list is saved: `bat` is `DOMAIN\bat` on a
/// joined machine and `HOST\bat` elsewhere; a local account of a joined machine is `HOST\bat`.
///
/// # Errors
/// [`ResolveError`]; a name that leads nowhere must not be saved, or it would be found out on the
/// day when it is needed.
pub fn resolve_listed(
    typed: &str,
    machine: &MachineFacts,
    lookup: &dyn AccountLookup,
) -> Result<KnownAccount, ResolveError> {
    let name = TypedName::parse(typed)?.logon_name(machine);
    let resolved = lookup.by_name(&name.to_lookup(), LOOKUP_LIMIT).map_err(|error| match error {
        LookupError::NotFound => ResolveError::NotFound,
        LookupError::Unavailable => ResolveError::Unavailable,
    })?;
    if !resolved.is_user {
        return Err(ResolveError::NotAUser);
    }
    let account = Account::from_resolved(&resolved, machine);
    // A look-up of `HOST\bat` must not come back with the domain's `bat`, nor the other way round.
    let is_host = |domain: &str| same_name(domain, &machine.netbios_name);
    let fits = match (account.kind, name.domain.as_deref()) {
        (AccountKind::Local, Some(domain)) => is_host(domain),
        (AccountKind::Domain, Some(domain)) => !is_host(domain),
        _ => true,
    };
    if !fits {
        return Err(ResolveError::NotFound);
    }
    let mut known = KnownAccount::new(typed.trim().to_owned(), account);
    let as_asked = name.to_lookup();
    if !known.aliases.iter().any(|alias| same_name(alias, &as_asked)) {
        known.aliases.push(as_asked);
    }
    Ok(known)
}
