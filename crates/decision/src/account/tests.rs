use super::{Account, Domain, Name, NameError, Pattern, TrasaId, Written, fold};
use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use proptest::prelude::*;
use protocol::v2::AccountKind;
use std::format;

fn names(list: &[&str]) -> BTreeSet<Domain> {
    list.iter().map(|name| Domain::parse(name).expect("a domain")).collect()
}

fn domain_account(name: &str) -> Account {
    Account::new(AccountKind::Domain, name, names(&["CORP", "corp.example"])).expect("an account")
}

fn local_account(name: &str) -> Account {
    Account::new(AccountKind::Local, name, names(&["PC-7", "pc-7.corp.example"])).expect("an account")
}

#[test]
fn patterns_match_every_name_of_the_domain_and_nothing_else() {
    fn check(pattern: &str, account: &Account, expect: bool) {
        let parsed = Pattern::parse(pattern).expect("a pattern");
        assert_eq!(parsed.matches(account), expect, "{pattern} for {account:?}");
        assert_eq!(Pattern::parse(&parsed.to_string()), Ok(parsed), "{pattern} reads back");
    }
    let bat = domain_account("Bat");
    check(r"CORP\bat", &bat, true);
    check(r"corp\BAT", &bat, true);
    check(r"corp.example\bat", &bat, true);
    check("BAT@Corp.Example", &bat, true);
    check(r".\bat", &bat, false);
    check(r"PC-7\bat", &bat, false);
    check(r"CORP\batman", &bat, false);
    check(r"CORPS\bat", &bat, false);

    let here = local_account("bat");
    check(r".\bat", &here, true);
    check(r"PC-7\Bat", &here, true);
    check(r"pc-7.corp.example\bat", &here, true);
    check(r"CORP\bat", &here, false);
    check(r"PC-8\bat", &here, false);

    let microsoft =
        Account::new(AccountKind::Microsoft, "Bat@Example.com", names(&["PC-7"])).expect("an account");
    check(r"MicrosoftAccount\bat@example.com", &microsoft, true);
    check(r".\bat@example.com", &microsoft, false);
    check(r"PC-7\bat@example.com", &microsoft, false);

    let entra = Account::new(AccountKind::Entra, "bat@example.com", BTreeSet::new()).expect("an account");
    check(r"AzureAD\bat@example.com", &entra, true);
    check(r"MicrosoftAccount\bat@example.com", &entra, false);
}

#[test]
fn written_forms() {
    fn check(text: &str, expect: Written) {
        assert_eq!(Written::parse(text), Ok(expect), "{text}");
    }
    let bat = || Name::parse("bat").expect("a name");
    let corp = || Domain::parse("corp").expect("a domain");
    check("Bat", Written::Bare(bat()));
    check(r"\Bat", Written::Bare(bat()));
    check(r".\Bat", Written::Local(bat()));
    check(r"CORP\Bat", Written::Qualified(corp(), bat()));
    check("bat@corp", Written::Qualified(corp(), bat()));
    assert_eq!(Pattern::parse("bat"), Err(NameError::NoDomain));
    assert!(Pattern::parse(r"CORP\John O'Brien").is_ok(), "blanks and apostrophes inside are Windows' own");
}

/// B60 of the field's list: names that look alike are names of different accounts.
#[test]
fn lookalike_account_is_another_account() {
    fn check(lookalike: &str) {
        let pattern = Pattern::parse(r"CORP\kassima").expect("a pattern");
        // Refused as a name, or another account: never the same.
        if let Ok(account) = Account::new(AccountKind::Domain, lookalike, names(&["CORP"])) {
            assert!(!pattern.matches(&account), "{lookalike:?}");
        }
    }
    check("\u{212A}assima"); // Kelvin sign
    check("ka\u{017F}sima"); // long s
    check("kass\u{0131}ma"); // dotless i
    check("KASS\u{0130}MA"); // dotted I
    check("kаssima"); // Cyrillic a
    check("ｋａｓｓｉｍａ"); // full width
    check("kassima.");
    check("kassima ");
    check("kassima\u{200B}");
    check("kassi\u{00AD}ma");
    check("KASSIM~1");
    check("kassi\u{0301}ma");
    assert_ne!(fold("é"), fold("e\u{0301}"), "composed and decomposed stay apart, as in Windows");
    assert_ne!(fold("ß"), fold("SS"));
    assert_ne!(fold("ς"), fold("σ"));
    assert_eq!(fold("ÄÖÜЖΣ"), fold("äöüжσ"));

    let domain = Pattern::parse("CORP\\kassima").expect("a pattern");
    let other = Account::new(AccountKind::Domain, "kassima", names(&["CΟRP"])).expect("an account");
    assert!(!domain.matches(&other), "a domain with a Greek O is another domain");
    let sid = "S-1-5-21-1-2-3-500";
    assert_eq!(Name::parse(sid), Err(NameError::IsSid), "a SID is no name");
}

/// B19 of the field's list: blank and odd names are refused before anything is looked up.
#[test]
fn blank_and_odd_names_are_refused_cheaply() {
    fn check(text: &str, expect: NameError) {
        assert_eq!(Name::parse(text), Err(expect), "{text:?}");
    }
    check("", NameError::Blank);
    check("   ", NameError::Blank);
    check("\u{3000}", NameError::Invisible);
    check("bat\0", NameError::Control);
    check("bat\r\nroot", NameError::Control);
    check("\u{1b}[2Jbat", NameError::Control);
    check("bat\u{2028}", NameError::Control);
    check("\u{202E}tab", NameError::Invisible);
    check("b\u{2066}at", NameError::Invisible);
    check("b\u{FEFF}at", NameError::Invisible);
    check(" bat", NameError::OuterBlank);
    check("bat ", NameError::OuterBlank);
    check("bat.", NameError::TrailingDot);
    check(".", NameError::TrailingDot);
    check("\"bat\"", NameError::Forbidden('"'));
    check("a\\b", NameError::Forbidden('\\'));
    check("a/b", NameError::Forbidden('/'));
    check("*", NameError::Forbidden('*'));
    check(&"b".repeat(257), NameError::TooLong);
    check(&"b".repeat(1_000_000), NameError::TooLong);
    assert!(Name::parse(&"ü".repeat(256)).is_ok());

    assert_eq!(Written::parse(r"CORP\"), Err(NameError::Blank));
    assert_eq!(Written::parse("bat@"), Err(NameError::Blank));
    assert_eq!(Written::parse("@corp"), Err(NameError::Blank));
    assert_eq!(Written::parse("a@b@corp"), Err(NameError::Forbidden('@')));
    assert_eq!(Written::parse(r"A\B\c"), Err(NameError::Forbidden('\\')));
    assert_eq!(Written::parse(r"corp.example.\bat"), Err(NameError::TrailingDot));
    assert_eq!(Written::parse(r"co rp\bat"), Err(NameError::Forbidden(' ')));

    assert_eq!(TrasaId::parse(" "), Err(NameError::Blank));
    assert_eq!(TrasaId::parse("bat\tman"), Err(NameError::Control));
    assert_eq!(TrasaId::parse(&" ".repeat(1_000_000)), Err(NameError::TooLong));
}

/// B32 of the field's list, first half: every spelling leads to the same user and the same account,
/// and counters hang on these. The second half is in the tests of `logon`.
#[test]
fn limits_follow_the_canonical_name() {
    for spelling in ["bat@example.com", "BAT@EXAMPLE.COM", " Bat@Example.Com ", "bAT@example.com"] {
        let id = TrasaId::parse(spelling).expect("a trasa id");
        assert_eq!(id.as_str(), "bat@example.com");
        assert!(!format!("{id:?}").contains("bat"), "what is typed here may be a password");
    }
    for spelling in ["Bat", "BAT", "bat"] {
        assert_eq!(domain_account(spelling), domain_account("bat"));
    }
}

#[test]
fn folding_joins_only_pairs() {
    for c in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
        let text = c.to_string();
        let folded = fold(&text);
        assert_eq!(fold(&folded), folded, "{c:?}");
        assert!(folded == text || c.to_uppercase().eq([c]), "{c:?} is folded though it is no upper case");
        assert_eq!(folded.is_ascii(), c.is_ascii(), "{c:?} crosses into ASCII");
    }
}

proptest! {
    #[test]
    fn parsing_never_panics_and_what_is_read_is_harmless(text in any::<String>()) {
        let _ = (Written::parse(&text), Domain::parse(&text), TrasaId::parse(&text));
        if let Ok(name) = Name::parse(&text) {
            prop_assert!(!name.as_str().is_empty());
            prop_assert!(!name.as_str().chars().any(char::is_control));
            prop_assert_eq!(Name::parse(name.as_str()), Ok(name));
        }
    }

    #[test]
    fn patterns_read_back(domain in "[A-Za-zÄö0-9.-]{0,8}[a-z0-9]", name in "[A-Za-zÄö'0-9 .]{0,8}[a-z0-9]", local: bool) {
        let text = if local { format!(".\\{name}") } else { format!("{domain}\\{name}") };
        if let Ok(pattern) = Pattern::parse(&text) {
            prop_assert_eq!(Pattern::parse(&pattern.to_string()), Ok(pattern));
        }
    }
}
