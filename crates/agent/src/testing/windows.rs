//! Windows: accounts, passwords, who this machine is.

use crate::ports::{
    AccountLookup, LookupError, Machine, MachineFacts, PasswordAnswer, PasswordCheck, ResolvedAccount,
    Session, SessionFacts,
};
use crate::{Password, Sid};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::Mutex;

/// An account and what LogonUserW says of it.
#[derive(Debug, Clone)]
pub struct WindowsAccount {
    pub domain: String,
    pub name: String,
    pub password: String,
    pub sid: Sid,
    /// LogonUserW's code with the right password; 0 for success.
    pub code: u32,
}

/// Windows with a list of accounts.
pub struct FakeWindows {
    pub machine: Mutex<MachineFacts>,
    pub session: Mutex<SessionFacts>,
    pub accounts: Mutex<Vec<WindowsAccount>>,
    /// No domain controller, no look-up.
    pub lookup_fails: Mutex<bool>,
    pub password_checks: AtomicUsize,
}

impl FakeWindows {
    /// `HOST`, not joined, with the local accounts `bat` and `anna`; both passwords are `right`.
    #[must_use]
    pub fn workgroup() -> Self {
        let windows = Self::empty(false);
        windows.add("HOST", "bat", "S-1-5-21-1-2-3-1001");
        windows.add("HOST", "anna", "S-1-5-21-1-2-3-1002");
        windows
    }

    /// `HOST`, joined to `CORP` (`corp.example.com`), with `bat` both local and in the domain, and
    /// the domain's `anna`.
    #[must_use]
    pub fn joined() -> Self {
        let windows = Self::empty(true);
        windows.add("HOST", "bat", "S-1-5-21-1-2-3-1001");
        windows.add("CORP", "bat", "S-1-5-21-7-8-9-1101");
        windows.add("CORP", "anna", "S-1-5-21-7-8-9-1102");
        windows
    }

    fn empty(joined: bool) -> Self {
        let machine = MachineFacts {
            netbios_name: "HOST".into(),
            dns_host_name: "host".into(),
            joined,
            netbios_domain: joined.then(|| "CORP".into()),
            dns_domain: joined.then(|| "corp.example.com".into()),
            machine_sid: Sid::parse("S-1-5-21-1-2-3").ok(),
            domain_sid: joined.then(|| Sid::parse("S-1-5-21-7-8-9").unwrap()),
            windows_version: "10.0.19045".into(),
        };
        Self {
            machine: Mutex::new(machine),
            session: Mutex::new(SessionFacts { id: 1, remote: false, owner: None }),
            accounts: Mutex::default(),
            lookup_fails: Mutex::new(false),
            password_checks: AtomicUsize::new(0),
        }
    }

    pub fn add(&self, domain: &str, name: &str, sid: &str) {
        self.accounts.lock().unwrap().push(WindowsAccount {
            domain: domain.into(),
            name: name.into(),
            password: "right".into(),
            sid: Sid::parse(sid).unwrap(),
            code: 0,
        });
    }

    /// Lets LogonUserW answer `code` for each account.
    pub fn answer_with(&self, code: u32) {
        for account in self.accounts.lock().unwrap().iter_mut() {
            account.code = code;
        }
    }

    fn find(&self, domain: Option<&str>, user: &str) -> Option<WindowsAccount> {
        let machine = self.machine.lock().unwrap().clone();
        let dns = machine.dns_domain.unwrap_or_default();
        let (domain, user) = match (domain, user.split_once('@')) {
            (Some(domain), _) => (domain.to_owned(), user.to_owned()),
            (None, Some((user, domain))) => (domain.to_owned(), user.to_owned()),
            (None, None) => (machine.netbios_name, user.to_owned()),
        };
        let domain = if domain.eq_ignore_ascii_case(&dns) { "CORP".to_owned() } else { domain };
        let accounts = self.accounts.lock().unwrap();
        accounts
            .iter()
            .find(|a| a.domain.eq_ignore_ascii_case(&domain) && a.name.eq_ignore_ascii_case(&user))
            .cloned()
    }

    fn resolved(account: WindowsAccount) -> ResolvedAccount {
        ResolvedAccount { sid: account.sid, domain: account.domain, name: account.name, is_user: true }
    }
}

impl PasswordCheck for FakeWindows {
    fn check(&self, user: &str, domain: Option<&str>, password: &Password) -> PasswordAnswer {
        self.password_checks.fetch_add(1, Ordering::SeqCst);
        let right = |a: &WindowsAccount| Password::from_text(&a.password).unwrap().same_as(password);
        match self.find(domain, user).filter(right) {
            Some(account) if account.code == 0 => PasswordAnswer { code: 0, sid: Some(account.sid) },
            Some(account) => PasswordAnswer { code: account.code, sid: None },
            None => PasswordAnswer { code: 1326, sid: None },
        }
    }
}

impl AccountLookup for FakeWindows {
    fn by_name(&self, name: &str, _limit: Duration) -> Result<ResolvedAccount, LookupError> {
        if *self.lookup_fails.lock().unwrap() {
            return Err(LookupError::Unavailable);
        }
        let (domain, user) = name.split_once('\\').map_or((None, name), |(d, u)| (Some(d), u));
        self.find(domain, user).map(Self::resolved).ok_or(LookupError::NotFound)
    }

    fn by_sid(&self, sid: &Sid, _limit: Duration) -> Result<ResolvedAccount, LookupError> {
        if *self.lookup_fails.lock().unwrap() {
            return Err(LookupError::Unavailable);
        }
        let accounts = self.accounts.lock().unwrap();
        accounts.iter().find(|a| a.sid == *sid).cloned().map(Self::resolved).ok_or(LookupError::NotFound)
    }
}

impl Machine for FakeWindows {
    fn facts(&self) -> MachineFacts {
        self.machine.lock().unwrap().clone()
    }
}

impl Session for FakeWindows {
    fn facts(&self) -> SessionFacts {
        self.session.lock().unwrap().clone()
    }
}
