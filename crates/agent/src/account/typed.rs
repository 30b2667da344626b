//! What was typed as a user name.

use super::same_name;
use crate::ports::MachineFacts;
use crate::printable::is_hidden;

pub(super) const MICROSOFT: &str = "MicrosoftAccount";
pub(super) const ENTRA: &str = "AzureAD";

/// A user name, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypedName {
    /// `name`.
    Bare(String),
    /// `DOMAIN\name` or `HOST\name`.
    Qualified {
        /// Before the backslash.
        domain: String,
        /// After it.
        name: String,
    },
    /// `.\name`: an account of this machine.
    ThisMachine(String),
    /// `name@dns.domain`, a user principal name, whole.
    Principal(String),
    /// `MicrosoftAccount\a@b`: the address.
    Microsoft(String),
    /// `AzureAD\a@b`: the principal name.
    Entra(String),
}

/// Why a text is no user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TypedError {
    /// Nothing, or only white space.
    #[error("user name is empty")]
    Empty,
    /// Longer than any account name.
    #[error("user name is too long")]
    TooLong,
    /// Characters that no account name has.
    #[error("user name has characters that no account name has")]
    Characters,
}

/// The two strings that Windows is given: for the password check, and later the very same for the
/// logon itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogonName {
    /// User name, or a whole principal name.
    pub user: String,
    /// Domain or computer; `None` with a principal name.
    pub domain: Option<String>,
}

impl TypedName {
    const MAX_CHARS: usize = 256;

    /// Reads what was typed. White space around it is ignored.
    ///
    /// # Errors
    /// [`TypedError`] says why it is no name.
    pub fn parse(text: &str) -> Result<Self, TypedError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(TypedError::Empty);
        }
        if text.chars().take(Self::MAX_CHARS + 1).count() > Self::MAX_CHARS {
            return Err(TypedError::TooLong);
        }
        let Some((domain, name)) = text.split_once('\\') else {
            return if text.contains('@') {
                principal(text).map(Self::Principal)
            } else {
                account_name(text).map(Self::Bare)
            };
        };
        if domain == "." {
            account_name(name).map(Self::ThisMachine)
        } else if same_name(domain, MICROSOFT) {
            principal(name).map(Self::Microsoft)
        } else if same_name(domain, ENTRA) {
            // An Entra account also goes by its short name: `AzureAD\BatMan`.
            if name.contains('@') { principal(name) } else { account_name(name) }.map(Self::Entra)
        } else {
            Ok(Self::Qualified { domain: domain_name(domain)?, name: account_name(name)? })
        }
    }

    /// What it means on this machine: a bare name is an account of the domain on a joined machine,
    /// a local account elsewhere.
    #[must_use]
    pub fn logon_name(&self, machine: &MachineFacts) -> LogonName {
        let (domain, user) = match self {
            Self::Bare(name) => (machine.netbios_domain.as_ref().filter(|_| machine.joined), name),
            Self::Qualified { domain, name } => (Some(domain), name),
            Self::ThisMachine(name) => (None, name),
            Self::Principal(name) => return LogonName { user: name.clone(), domain: None },
            Self::Microsoft(name) => return LogonName { user: name.clone(), domain: Some(MICROSOFT.into()) },
            Self::Entra(name) => return LogonName { user: name.clone(), domain: Some(ENTRA.into()) },
        };
        LogonName { user: user.clone(), domain: Some(domain.unwrap_or(&machine.netbios_name).clone()) }
    }
}

impl LogonName {
    /// `DOMAIN\name`, or the principal name: what account look-up understands.
    #[must_use]
    pub fn to_lookup(&self) -> String {
        match &self.domain {
            Some(domain) => format!("{domain}\\{}", self.user),
            None => self.user.clone(),
        }
    }
}

/// SAM account names (Microsoft: "Naming conventions in Active Directory", logon names).
fn account_name(text: &str) -> Result<String, TypedError> {
    let forbidden = |c| is_hidden(c) || "\"/\\[]:;|=,+*?<>@".contains(c);
    let blank = text.chars().all(|c| c == '.' || c.is_whitespace());
    if blank {
        Err(TypedError::Empty)
    } else if text.chars().any(forbidden) {
        Err(TypedError::Characters)
    } else {
        Ok(text.to_owned())
    }
}

fn domain_name(text: &str) -> Result<String, TypedError> {
    let forbidden = |c: char| is_hidden(c) || c.is_whitespace() || "\"/\\[]:;|=,+*?<>@".contains(c);
    if text.is_empty() {
        // `\name`, which the original agent sends, names no domain.
        Err(TypedError::Characters)
    } else if text.chars().any(forbidden) {
        Err(TypedError::Characters)
    } else {
        Ok(text.to_owned())
    }
}

fn principal(text: &str) -> Result<String, TypedError> {
    let forbidden = |c: char| is_hidden(c) || c.is_whitespace() || "\"/\\[]:;|,<>".contains(c);
    let (name, domain) = text.rsplit_once('@').ok_or(TypedError::Characters)?;
    if name.is_empty() || domain.is_empty() || name.contains('@') || text.chars().any(forbidden) {
        Err(TypedError::Characters)
    } else {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{LogonName, TypedError, TypedName};
    use crate::ports::MachineFacts;

    fn machine(joined: bool) -> MachineFacts {
        MachineFacts {
            netbios_name: "HOST".into(),
            dns_host_name: "host".into(),
            joined,
            netbios_domain: joined.then(|| "CORP".into()),
            dns_domain: joined.then(|| "corp.example.com".into()),
            machine_sid: None,
            domain_sid: None,
            windows_version: "10.0.19045".into(),
        }
    }

    #[test]
    fn meaning_of_what_is_typed() {
        let check = |text: &str, joined: bool, expect: &str| {
            let name = TypedName::parse(text).map(|t| t.logon_name(&machine(joined)).to_lookup());
            assert_eq!(name.as_deref(), Ok(expect), "{text} joined={joined}");
        };
        check("bat", false, "HOST\\bat");
        check("bat", true, "CORP\\bat");
        check(" bat ", true, "CORP\\bat");
        check(".\\bat", false, "HOST\\bat");
        check(".\\bat", true, "HOST\\bat");
        check("HOST\\bat", true, "HOST\\bat");
        check("CORP\\bat", true, "CORP\\bat");
        check("corp.example.com\\bat", true, "corp.example.com\\bat");
        check("bat@corp.example.com", true, "bat@corp.example.com");
        check("MicrosoftAccount\\a.b+c@example.com", false, "MicrosoftAccount\\a.b+c@example.com");
        check("microsoftaccount\\a@b", false, "MicrosoftAccount\\a@b");
        check("AzureAD\\bat@example.com", false, "AzureAD\\bat@example.com");
        check("AzureAD\\BatMan", false, "AzureAD\\BatMan");
        check("Mr. Bat Man", false, "HOST\\Mr. Bat Man");
    }

    #[test]
    fn blank_and_odd_names_are_refused_cheaply() {
        let check = |text: &str, expect| assert_eq!(TypedName::parse(text), Err(expect), "{text:?}");
        for blank in ["", " ", "\t", "\u{3000}", ".", "...", ".\\", "HOST\\", "HOST\\ "] {
            check(blank, TypedError::Empty);
        }
        for odd in [
            "a\"b",
            "a/b",
            "a;b",
            "a\0b",
            "a\r\nb",
            "a\u{202e}b",
            "\\bat",
            "a\\b\\c",
            "a@",
            "@b",
            "a@b@c",
            "a b@c",
            "A B\\c",
            "a\\b@c",
            "a*",
        ] {
            check(odd, TypedError::Characters);
        }
        check(&"x".repeat(257), TypedError::TooLong);
    }

    #[test]
    fn a_principal_name_has_no_domain() {
        let name = TypedName::parse("a@b").map(|t| t.logon_name(&machine(true)));
        assert_eq!(name, Ok(LogonName { user: "a@b".into(), domain: None }));
    }

    proptest::proptest! {
        #[test]
        fn parsing_never_panics(text in "\\PC{0,40}|.{0,300}") {
            if let Ok(name) = TypedName::parse(&text) {
                let shown = name.logon_name(&machine(true)).to_lookup();
                proptest::prop_assert!(!shown.chars().any(char::is_control));
            }
        }
    }
}
