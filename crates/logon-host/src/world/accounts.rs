//! Who can log on to the world, and what Windows says to whom.

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use super::{Sid, World, same};
use crate::codes;

/// An account of the host or of its domain.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The host's name or the domain's; `.` in a file means the host.
    pub domain: String,
    /// SAM name.
    pub name: String,
    /// Set for every account of a completed world.
    #[serde(default)]
    pub sid: Option<Sid>,
    /// The password that Windows takes.
    #[serde(deserialize_with = "secret")]
    pub password: Zeroizing<String>,
    /// Member of the local Administrators.
    #[serde(default)]
    pub administrator: bool,
    /// Another name to log on with.
    #[serde(default)]
    pub upn: Option<String>,
    /// Win32 code that a logon gives although the password is right.
    #[serde(default)]
    pub outcome: Option<u32>,
    /// How long a logon takes.
    #[serde(default)]
    pub delay_ms: u32,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Account({}, {:?})", self.qualified(), self.sid)
    }
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(deserializer).map(Zeroizing::new)
}

impl Account {
    /// `DOMAIN\name`.
    pub fn qualified(&self) -> String {
        format!("{}\\{}", self.domain, self.name)
    }

    /// Its SID; a world that is not completed has nobody.
    pub fn sid(&self) -> Sid {
        self.sid.clone().unwrap_or_else(|| Sid::nt(&[7]))
    }
}

/// An account's place in [`World::accounts`].
pub type AccountRef = usize;

/// What LogonUserW gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogonOutcome {
    /// A token of that account.
    Token(AccountRef),
    /// A Win32 error code.
    Error(u32),
}

impl World {
    /// Finds an account as Windows does: `domain` may be the host, the domain (either name), `.`, or empty for "the host, then
    /// the domain"; `name` may be a UPN when `domain` is empty, or carry `DOMAIN\` itself.
    pub fn find_account(&self, domain: &str, name: &str) -> Option<AccountRef> {
        if domain.is_empty() {
            if let Some((domain, name)) = name.split_once('\\') {
                return self.find_account(domain, name);
            }
            if name.contains('@') {
                return self.find_upn(name);
            }
            let on_host = self.find_in(&self.host, name);
            return on_host.or_else(|| self.domain.as_ref().and_then(|it| self.find_in(&it.netbios, name)));
        }
        match &self.domain {
            _ if domain == "." || same(domain, &self.host) => self.find_in(&self.host, name),
            Some(joined) if same(domain, &joined.netbios) || same(domain, &joined.dns) => {
                self.find_in(&joined.netbios, name)
            }
            _ => None,
        }
    }

    fn find_in(&self, domain: &str, name: &str) -> Option<AccountRef> {
        self.accounts.iter().position(|it| same(&it.domain, domain) && same(&it.name, name))
    }

    fn find_upn(&self, name: &str) -> Option<AccountRef> {
        let explicit = self.accounts.iter().position(|it| it.upn.as_ref().is_some_and(|upn| same(upn, name)));
        explicit.or_else(|| {
            let (user, suffix) = name.rsplit_once('@')?;
            let joined = self.domain.as_ref().filter(|it| same(&it.dns, suffix))?;
            self.find_in(&joined.netbios, user)
        })
    }

    /// The account with that SID.
    pub fn find_sid(&self, sid: &Sid) -> Option<AccountRef> {
        self.accounts.iter().position(|it| it.sid.as_ref() == Some(sid))
    }

    /// What LogonUserW says to this name and password.
    pub fn log_on(&self, domain: &str, name: &str, password: &str) -> LogonOutcome {
        let Some(index) = self.find_account(domain, name) else {
            return LogonOutcome::Error(codes::ERROR_LOGON_FAILURE);
        };
        let account = &self.accounts[index];
        if *account.password != password {
            return LogonOutcome::Error(codes::ERROR_LOGON_FAILURE);
        }
        match account.outcome {
            None | Some(0) => LogonOutcome::Token(index),
            Some(code) => LogonOutcome::Error(code),
        }
    }

    /// What Windows answers to a credential that a provider returned: NTSTATUS and sub-status.
    pub fn windows_answer(&self, domain: &str, name: &str, password: &str) -> (i32, i32) {
        match self.log_on(domain, name, password) {
            LogonOutcome::Token(_) => (0, 0),
            LogonOutcome::Error(code) => codes::status_of_logon_error(code),
        }
    }

    /// A password change: the old password must be right, the new one takes its place and settles "must change".
    pub fn change_password(&mut self, domain: &str, name: &str, old: &str, new: &str) -> (i32, i32) {
        let index = self.find_account(domain, name);
        let Some(account) = index.and_then(|it| self.accounts.get_mut(it)) else {
            return (codes::STATUS_LOGON_FAILURE, codes::STATUS_NO_SUCH_USER);
        };
        if *account.password != old {
            return (codes::STATUS_WRONG_PASSWORD, 0);
        }
        if new.is_empty() || new == old {
            return (codes::STATUS_PASSWORD_RESTRICTION, 0);
        }
        account.password = Zeroizing::new(new.to_owned());
        if matches!(account.outcome, Some(codes::ERROR_PASSWORD_MUST_CHANGE | codes::ERROR_PASSWORD_EXPIRED))
        {
            account.outcome = None;
        }
        (0, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Domain;

    fn account(domain: &str, name: &str) -> Account {
        Account {
            domain: domain.to_owned(),
            name: name.to_owned(),
            sid: None,
            password: Zeroizing::new("right".to_owned()),
            administrator: false,
            upn: (name == "bat").then(|| "b.at@else.example".to_owned()),
            outcome: (name == "old").then_some(codes::ERROR_PASSWORD_MUST_CHANGE),
            delay_ms: 0,
        }
    }

    fn world() -> World {
        let domain = Domain { netbios: "CORP".into(), dns: "corp.example".into(), sid: Sid::domain(9, 8, 7) };
        let mut world = World {
            domain: Some(domain),
            accounts: vec![
                account("WS01", "anna"),
                account("CORP", "anna"),
                account("CORP", "bat"),
                account("CORP", "old"),
            ],
            ..World::default()
        };
        assert!(world.complete().is_ok());
        world
    }

    #[test]
    fn names_find_their_account() {
        let world = world();
        for (domain, name, expected) in [
            ("", "anna", Some(0)),
            (".", "ANNA", Some(0)),
            ("ws01", "anna", Some(0)),
            ("Corp", "anna", Some(1)),
            ("corp.example", "anna", Some(1)),
            ("", "bat", Some(2)),
            ("", "bat@corp.example", Some(2)),
            ("", "B.At@Else.example", Some(2)),
            ("", "CORP\\bat", Some(2)),
            ("WS01", "bat", None),
            ("ELSE", "anna", None),
            ("", "bat@nowhere", None),
        ] {
            assert_eq!(world.find_account(domain, name), expected, "{domain} {name}");
        }
    }

    #[test]
    fn logons() {
        let mut world = world();
        assert_eq!(world.log_on("CORP", "bat", "right"), LogonOutcome::Token(2));
        assert_eq!(world.log_on("CORP", "bat", "wrong"), LogonOutcome::Error(1326));
        assert_eq!(world.log_on("CORP", "old", "right"), LogonOutcome::Error(1907));
        assert_eq!(world.windows_answer("CORP", "old", "right").0, codes::STATUS_PASSWORD_MUST_CHANGE);
        assert_eq!(world.change_password("CORP", "old", "wrong", "new").0, codes::STATUS_WRONG_PASSWORD);
        assert_eq!(world.change_password("CORP", "old", "right", "new"), (0, 0));
        assert_eq!(world.windows_answer("CORP", "old", "new"), (0, 0));
    }

    #[test]
    fn a_password_is_not_shown() {
        assert!(!format!("{:?}", world()).contains("right"));
    }
}
