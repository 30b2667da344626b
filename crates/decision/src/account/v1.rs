//! Accounts as original agents write them (v1): without a SID, with the domain by any of its names.

use super::{Account, Domain, Name, NameError, Written};
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

/// The domains of a service, by their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Domains {
    /// Of each domain the names that were confirmed.
    pub confirmed: Vec<BTreeSet<Domain>>,
    /// Names that wait for an administrator.
    pub waiting: BTreeSet<Domain>,
}

impl Account {
    /// The account that an original agent means by `user`; `hosts` is how its machine claims to be
    /// called. All of it is the claim of whoever holds the service's key.
    ///
    /// | `user` | means |
    /// |---|---|
    /// | `name`, `\name` | the local account, and the one of the service's domain if it has exactly one |
    /// | `.\name` | the local account |
    /// | `D\name`, `name@D`, where `D` is a confirmed name of a domain | the domain's, by all of its names |
    /// | `D\name`, where the machine claims to be called `D` | the local account |
    /// | `D\name`, where `D` only waits to be a name | none that an access could name |
    /// | `D\name` otherwise | as it is written, as for the original |
    ///
    /// # Errors
    /// The text is no account's name; see [`Account::unreadable`].
    pub fn of_v1(user: &str, hosts: &[&str], domains: &Domains) -> Result<Self, NameError> {
        // The original drops one leading backslash, whatever follows.
        let (name, local, domain_names) = match Written::parse(user.strip_prefix('\\').unwrap_or(user))? {
            Written::Bare(name) => {
                let sole = match domains.confirmed.as_slice() {
                    [sole] => sole.clone(),
                    _ => BTreeSet::new(),
                };
                (name, true, sole)
            }
            Written::Local(name) => (name, true, BTreeSet::new()),
            Written::Qualified(domain, name) => {
                if let Some(names) = domains.confirmed.iter().find(|names| names.contains(&domain)) {
                    (name, false, names.clone())
                } else if domains.waiting.contains(&domain) {
                    (name, false, BTreeSet::new())
                } else {
                    let local = hosts.iter().any(|host| Domain::parse(host).as_ref() == Ok(&domain));
                    (name, local, BTreeSet::from([domain]))
                }
            }
        };
        Ok(Self { name, local, domain_names })
    }

    /// Whether an account written like this may pass where a service lets pass whom none of its
    /// accesses names; `read` is what [`Account::of_v1`] made of it and `may_be_named` whether one of
    /// its accesses [may be](Name::may_be) about that name. What cannot be read never passes, nor a name
    /// with an `@`: whom a directory knows by it only the directory can tell.
    #[must_use]
    pub fn passes_unnamed(user: &str, read: Result<&Self, &NameError>, may_be_named: bool) -> bool {
        read.is_ok() && !user.contains('@') && !may_be_named
    }

    /// An account whose name cannot be read: no access names it.
    #[must_use]
    pub const fn unreadable() -> Self {
        // No name that was read is empty.
        Self { name: Name(String::new()), local: false, domain_names: BTreeSet::new() }
    }
}

impl Name {
    /// Whether Windows might take two names for one, where we keep them apart: directories compare
    /// without accents and widths, so that `bát` may log `bat` on. Where a name that is *not* named
    /// opens something, that has to be asked, and in doubt the answer is yes.
    ///
    /// A character beyond ASCII may stand for anything, so only what the names have before and after
    /// such characters tells them apart. What follows an `@` is a domain.
    #[must_use]
    pub fn may_be(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.before_domain(), other.before_domain());
        if ours.is_ascii() && theirs.is_ascii() {
            return ours == theirs;
        }
        let (ours, theirs) = (ascii_ends(ours), ascii_ends(theirs));
        (ours.0.starts_with(theirs.0) || theirs.0.starts_with(ours.0))
            && (ours.1.ends_with(theirs.1) || theirs.1.ends_with(ours.1))
    }

    fn before_domain(&self) -> &str {
        self.0.split_once('@').map_or(self.as_str(), |(name, _)| name)
    }
}

/// What stands before the first and after the last character beyond ASCII.
fn ascii_ends(name: &str) -> (&str, &str) {
    let beyond = |c: char| !c.is_ascii();
    (name.split(beyond).next().unwrap_or_default(), name.rsplit(beyond).next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{Account, Domains};
    use crate::account::{Domain, Name, Pattern};
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;
    use proptest::prelude::*;
    use std::vec;

    fn names(list: &[&str]) -> BTreeSet<Domain> {
        list.iter().map(|name| Domain::parse(name).expect("a domain")).collect()
    }

    fn one_domain() -> Domains {
        Domains { confirmed: vec![names(&["ACME", "acme.example"])], waiting: names(&["NEW"]) }
    }

    fn two_domains() -> Domains {
        Domains { confirmed: vec![names(&["ACME", "acme.example"]), names(&["CORP"])], ..Domains::default() }
    }

    /// Which of these accesses name the account.
    fn named(user: &str, hosts: &[&str], domains: &Domains) -> Vec<&'static str> {
        let account = Account::of_v1(user, hosts, domains).expect("an account");
        [r".\bat", r"ACME\bat", r"acme.example\bat", r"CORP\bat", r"PC-7\bat", r"NEW\bat", r".\robin"]
            .into_iter()
            .filter(|access| Pattern::parse(access).expect("a pattern").matches(&account))
            .collect()
    }

    #[test]
    fn every_form_of_user_names_what_the_table_says() {
        let acme = [r"ACME\bat", r"acme.example\bat"];
        let bare = [r".\bat", r"ACME\bat", r"acme.example\bat"];
        for (user, hosts, domains, expect) in [
            ("bat", vec![], one_domain(), bare.to_vec()),
            (r"\Bat", vec!["PC-7"], one_domain(), bare.to_vec()),
            ("bat", vec![], two_domains(), vec![r".\bat"]),
            ("bat", vec![], Domains::default(), vec![r".\bat"]),
            (r".\bat", vec!["PC-7"], one_domain(), vec![r".\bat"]),
            (r"ACME\BAT", vec![], one_domain(), acme.to_vec()),
            (r"Acme.Example\bat", vec![], two_domains(), acme.to_vec()),
            (r"\acme.example\bat", vec![], one_domain(), acme.to_vec()),
            ("bat@acme.example", vec![], one_domain(), acme.to_vec()),
            (r"CORP\bat", vec![], two_domains(), vec![r"CORP\bat"]),
            // A machine that is called like a domain makes its accounts no domain's, nor the
            // domain's accounts its own.
            (r"ACME\bat", vec!["ACME"], one_domain(), acme.to_vec()),
            (r"pc-7\bat", vec!["", "PC-7"], one_domain(), vec![r".\bat", r"PC-7\bat"]),
            (r"PC-7\bat", vec!["", ""], one_domain(), vec![r"PC-7\bat"]),
            (r"PC-8\bat", vec!["PC-7"], one_domain(), vec![]),
            (r"NEW\bat", vec![], one_domain(), vec![]),
            (r"NEW\bat", vec!["NEW"], one_domain(), vec![]),
            (r"NEW\bat", vec![], Domains::default(), vec![r"NEW\bat"]),
            (r"acme.example\bat", vec![], Domains::default(), vec![r"acme.example\bat"]),
        ] {
            assert_eq!(named(user, &hosts, &domains), expect, "{user} {hosts:?} {domains:?}");
        }
    }

    #[test]
    fn only_a_plain_name_that_no_access_may_mean_passes_unnamed() {
        let passes = |user: &str, may_be_named| {
            let read = Account::of_v1(user, &[], &one_domain());
            Account::passes_unnamed(user, read.as_ref(), may_be_named)
        };
        assert!(passes(r"ACME\robin", false) && passes("robin", false));
        assert!(!passes(r"ACME\robin", true));
        assert!(!passes("robin@acme.example", false) && !passes(r"ACME\robin@acme.example", false));
        assert!(!passes("a\nb", false) && !passes("", false));
    }

    #[test]
    fn what_is_no_name_is_no_account() {
        for user in ["", "\\", "  ", "bat.", "S-1-5-21-1-2-3-500", "a\nb", r"A\B\c", r"\\\a", "a\u{202e}"] {
            assert!(Account::of_v1(user, &[], &one_domain()).is_err(), "{user:?}");
        }
        let unreadable = Account::unreadable();
        for access in [r".\bat", r"ACME\bat"] {
            assert!(!Pattern::parse(access).expect("a pattern").matches(&unreadable));
        }
    }

    #[test]
    fn what_windows_may_take_for_one_name_may_be_one() {
        for (a, b, may) in [
            ("bat", "bat", true),
            ("bat", "bat2", false),
            ("bat", "bát", true),
            ("ba\u{301}t", "bát", true),
            ("bat", "\u{ff42}\u{ff41}\u{ff54}", true),
            ("\u{212a}arl", "karl", true),
            ("muller", "mueller", false),
            ("müller", "mueller", true),
            ("müller", "muller", true),
            ("müller", "maier", false),
            ("müller", "anna", false),
            ("bat@acme.example", "bat", true),
            ("b\u{e1}t@acme.example", "bat", true),
            ("bat@acme.example", "anna", false),
        ] {
            let [a, b] = [a, b].map(|name| Name::parse(name).expect("a name"));
            assert_eq!((a.may_be(&b), b.may_be(&a)), (may, may), "{a:?} {b:?}");
        }
    }

    proptest! {
        /// Whatever is sent, and whatever the machine calls itself: a domain's access is matched by
        /// one of that domain's names or by a bare name only.
        #[test]
        fn a_claimed_host_opens_no_domain(user in "[a-zA-Z.\\\\@-]{0,12}", host in "[A-Za-z.]{0,6}") {
            let anywhere = Account::of_v1(&user, &[], &two_domains());
            let claimed = Account::of_v1(&user, &[&host], &two_domains());
            for access in [r"ACME\bat", r"acme.example\bat", r"CORP\bat"] {
                let access = Pattern::parse(access).expect("a pattern");
                let matches = |account: &Result<Account, _>| account.as_ref().is_ok_and(|a| access.matches(a));
                prop_assert_eq!(matches(&anywhere), matches(&claimed));
            }
        }
    }
}
