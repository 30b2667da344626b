//! Names that agents send, read at the edge: what could forge a line of a log, deceive an eye or fit
//! no Windows name is refused before anything looks at it.

use decision::account::{Domain, Name};
use protocol::v2::{Account, Host, Versions};

/// Longest SID: `S-1-` with 15 sub-authorities.
const MAX_SID: usize = 184;
/// Longest version or code.
const MAX_WORD: usize = 64;

/// Reads an account's name and checks what comes with it.
///
/// # Errors
/// The field and what is wrong with it.
pub fn read_account(account: &Account) -> Result<Name, String> {
    let name = Name::parse(&account.name).map_err(|error| format!("account.name: {error}"))?;
    Domain::parse(&account.domain).map_err(|error| format!("account.domain: {error}"))?;
    check_domain("account.dns_domain", account.dns_domain.as_deref())?;
    check_sid("account.sid", account.sid.as_deref())?;
    Ok(name)
}

/// Checks how a machine calls itself.
///
/// # Errors
/// The field and what is wrong with it.
pub fn check_host(host: &Host) -> Result<(), String> {
    check_domain("host.name", Some(&host.name))?;
    check_domain("host.dns_name", host.dns_name.as_deref())?;
    check_domain("host.domain", host.domain.as_deref())?;
    check_domain("host.dns_domain", host.dns_domain.as_deref())?;
    check_sid("host.domain_sid", host.domain_sid.as_deref())?;
    check_sid("host.machine_sid", host.machine_sid.as_deref())
}

/// Checks versions: printable ASCII, at most 64 characters.
///
/// # Errors
/// The field at fault.
pub fn check_versions(versions: &Versions) -> Result<(), String> {
    for (field, text) in [("agent", &versions.agent), ("windows", &versions.windows)] {
        if text.len() > MAX_WORD || !text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            return Err(format!("versions.{field}: not a version"));
        }
    }
    Ok(())
}

/// Checks a code, such as `safe_mode_boot`: lower-case letters, digits and underscores.
///
/// # Errors
/// The field at fault.
pub fn check_code(field: &str, text: &str) -> Result<(), String> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if text.is_empty() || text.len() > MAX_WORD || !text.bytes().all(plain) {
        return Err(format!("{field}: not a code"));
    }
    Ok(())
}

/// `DOMAIN\name` as it may be shown anywhere: what is no name of Windows is escaped and cut.
#[must_use]
pub fn printable(account: &Account) -> String {
    if read_account(account).is_ok() {
        return format!("{}\\{}", account.domain, account.name);
    }
    let escaped = |text: &str| text.escape_debug().take(100).collect::<String>();
    format!("{}\\{}", escaped(&account.domain), escaped(&account.name))
}

/// An account's SID, where it is one.
#[must_use]
pub fn plain_sid(account: &Account) -> Option<&str> {
    account.sid.as_deref().filter(|sid| is_sid(sid))
}

fn check_domain(field: &str, text: Option<&str>) -> Result<(), String> {
    match text.map(Domain::parse) {
        Some(Err(error)) => Err(format!("{field}: {error}")),
        _ => Ok(()),
    }
}

fn check_sid(field: &str, text: Option<&str>) -> Result<(), String> {
    match text {
        Some(text) if !is_sid(text) => Err(format!("{field}: not a SID")),
        _ => Ok(()),
    }
}

fn is_sid(text: &str) -> bool {
    text.len() <= MAX_SID
        && text.strip_prefix("S-1-").is_some_and(|rest| {
            rest.split('-').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
        })
}

#[cfg(test)]
mod tests {
    use super::{check_code, check_host, check_versions, printable, read_account};
    use protocol::v2::{Account, AccountKind, Host, Versions};

    fn account(name: &str, domain: &str, sid: Option<&str>) -> Account {
        Account {
            sid: sid.map(str::to_owned),
            domain: domain.to_owned(),
            dns_domain: None,
            name: name.to_owned(),
            kind: AccountKind::Domain,
        }
    }

    #[test]
    fn odd_accounts_are_refused_with_the_field() {
        assert!(read_account(&account("Anna", "ACME", Some("S-1-5-21-1-2-3-1104"))).is_ok());
        for (account, field) in [
            (account(" ", "ACME", None), "account.name: "),
            (account("anna\nroot", "ACME", None), "account.name: "),
            (account("anna\u{202e}", "ACME", None), "account.name: "),
            (account("anna.", "ACME", None), "account.name: "),
            (account("S-1-5-21-1-2-3-500", "ACME", None), "account.name: "),
            (account("anna", "", None), "account.domain: "),
            (account("anna", "AC\u{7}ME", None), "account.domain: "),
            (account("anna", "ACME", Some("S-1-5-21-")), "account.sid: "),
            (account("anna", "ACME", Some("root")), "account.sid: "),
        ] {
            let refused = read_account(&account).map(|_| ());
            assert!(refused.as_ref().is_err_and(|text| text.starts_with(field)), "{account:?}: {refused:?}");
        }
    }

    #[test]
    fn hosts_versions_and_codes_are_plain() {
        let host = |name: &str| Host {
            name: name.to_owned(),
            dns_name: None,
            domain: None,
            dns_domain: None,
            domain_sid: None,
            machine_sid: None,
        };
        assert!(check_host(&host("PC-07")).is_ok());
        assert!(check_host(&host("PC 07\r\nINFO ok")).is_err());
        let versions = |agent: &str| Versions { agent: agent.to_owned(), windows: "10.0.22631".to_owned() };
        assert!(check_versions(&versions("0.1.0")).is_ok());
        assert!(check_versions(&versions("0.1\u{1b}[2J")).is_err());
        assert!(check_code("notices", "safe_mode_boot").is_ok());
        assert!(check_code("notices", "").is_err());
        assert!(check_code("notices", "Safe mode").is_err());
    }

    #[test]
    fn whatever_is_shown_is_printable() {
        assert_eq!(printable(&account("anna", "ACME", None)), "ACME\\anna");
        let shown = printable(&account("anna\n\u{202e}\u{1b}[2J", "ACME", None));
        assert!(shown.bytes().all(|b| (b' '..=b'~').contains(&b)), "{shown}");
    }
}
