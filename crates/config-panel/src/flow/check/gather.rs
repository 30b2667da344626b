//! Gathers what the check decides about.

use super::addresses::{self, Look};
use crate::panel::Panel;
use crate::registration::PROVIDER;
use crate::{registration, surroundings};
use agent::account::{Account, KnownAccount, LOOKUP_LIMIT, ResolveError, resolve_listed};
use agent::check::{Facts, Subject};
use agent::config::{self, Learned, LinkV2, OfflineList, State, Usable, UsableLink};
use agent::exchange::v1::VerifyFailed;
use agent::exchange::{CallFailed, Client, Connection, FIRST_ANSWER_LIMIT};
use agent::ports::{Cancelled, LookupError};
use agent::worker::versions;
use agent::{report, trial};
use protocol::error_code::ErrorCode;
use protocol::v2::{CheckAnswer, CheckPurpose, CheckRequest, Params};
use std::path::Path;

/// Everything that the check wants to know.
pub(super) struct Gathered {
    pub facts: Facts,
    /// What was found at each address, where the server answers at all.
    pub addresses: Vec<Look>,
}

/// Tells the server first how this computer is, so that its mode and approval are those of now.
pub(super) fn gather(panel: &Panel, cancelled: &dyn Cancelled) -> Gathered {
    let services = &panel.services;
    let told = tell(panel, cancelled);
    let loaded = config::load(services);
    let (offline, unresolved) = resolved(panel, &loaded.offline.users);
    let subjects = subjects(panel, &offline);
    let usable = loaded.usable.as_ref();
    let now = services.clock.unix_seconds();
    let v2 = usable.and_then(|usable| match usable.link() {
        UsableLink::V2(link) => Some((usable, link)),
        UsableLink::V1(_) => None,
    });
    let answer = told.and_then(|()| match v2 {
        Some((usable, link)) if loaded.state == State::Verified => {
            ask(panel, (usable, link), &subjects, &loaded.machine.windows_version, cancelled)
        }
        // Version 1 has no such question; and once armed the server says who would get in no more.
        _ => Ok(CheckAnswer { accounts: Vec::new(), ask_trasa_id: true, time: now }),
    });
    // The report's answer and the check's say what the time is at the server.
    let server_time = answer.as_ref().ok().and_then(|answer| match v2 {
        Some(_) if loaded.state == State::Verified => Some(answer.time),
        Some((usable, _)) => Some(usable.learned.highest_server_time),
        None => None,
    });
    let addresses = match (&answer, v2) {
        (Ok(_), Some((usable, link))) => addresses::look(panel, link, &usable.learned, cancelled),
        _ => Vec::new(),
    };
    let ends = addresses.iter().filter_map(Look::certificate_ends).min();
    let facts = Facts {
        state: loaded.state,
        protocol: usable.map(|usable| usable.configuration.protocol()),
        watching: usable.is_some_and(|usable| usable.is_watching(now)),
        approved: usable.is_some_and(Usable::is_approved),
        subjects,
        answer,
        offline,
        unresolved,
        registration: registration::facts(panel),
        dll: registration::dll(panel, PROVIDER)
            .filter(|path| panel.program.is_file(Path::new(path)))
            .map(|path| panel.diagnostics.load_provider(Path::new(&path))),
        other_filters: registration::other_filters(panel),
        surroundings: surroundings::gather(panel, &loaded),
        clock_offset: server_time.map(|time| time.saturating_sub(now)),
        proxy: panel.diagnostics.machine_proxy(),
        certificate_days: ends.map(|ends| ends.saturating_sub(server_time.unwrap_or(now)).div_euclid(86_400)),
        trial: usable.and_then(|usable| trial::passed(services, usable)),
    };
    Gathered { facts, addresses }
}

/// Whether the server answers: by a report, or in version 1 by asking whether the configuration still
/// stands.
fn tell(panel: &Panel, cancelled: &dyn Cancelled) -> Result<(), CallFailed> {
    let services = &panel.services;
    let loaded = config::load(services);
    match loaded.usable.as_ref().map(Usable::link) {
        None => Err(CallFailed::Unreachable(Vec::new())),
        Some(UsableLink::V2(_)) => report::report(services, &panel.report_facts(), cancelled).map(drop),
        Some(UsableLink::V1(link)) => link.verify_again(services, cancelled).map_err(|failed| match failed {
            VerifyFailed::Refused(_) => CallFailed::Refused(ErrorCode::ServiceRefused, Params::new()),
            VerifyFailed::Unreachable(causes) => CallFailed::Unreachable(causes),
            VerifyFailed::NotUnderstood(..) => CallFailed::DoesNotFit,
            _ => CallFailed::Internal,
        }),
    }
}

/// The offline users whom Windows still knows, and the others. Where Windows cannot say, what was
/// resolved when the list was saved stands.
fn resolved(panel: &Panel, users: &[KnownAccount]) -> (OfflineList, Vec<(String, ResolveError)>) {
    let lookup = &*panel.services.lookup;
    let machine = panel.services.machine.facts();
    let mut list = OfflineList::default();
    let mut unresolved = Vec::new();
    for user in users {
        let found = match &user.account.sid {
            Some(sid) => match lookup.by_sid(sid, LOOKUP_LIMIT) {
                Ok(account) if account.is_user => Ok(user.clone()),
                Ok(_) => Err(ResolveError::NotAUser),
                Err(LookupError::NotFound) => Err(ResolveError::NotFound),
                Err(_) => Ok(user.clone()),
            },
            None => resolve_listed(&user.typed, &machine, lookup),
        };
        match found {
            Ok(user) => list.users.push(user),
            Err(why) => unresolved.push((user.typed.clone(), why)),
        }
    }
    (list, unresolved)
}

/// Local administrators, offline users, whoever used this computer lately, and the accounts of the
/// computer itself; each once.
fn subjects(panel: &Panel, offline: &OfflineList) -> Vec<Subject> {
    let services = &panel.services;
    let machine = services.machine.facts();
    let profiles = surroundings::recent_profiles(panel, services.clock.unix_seconds());
    let administrators = panel.local_administrators();
    let local = panel.local_accounts(protocol::MAX_CHECK_ACCOUNTS);
    let lately = profiles.iter().filter_map(|sid| services.lookup.by_sid(sid, LOOKUP_LIMIT).ok());
    let lately = lately.filter(|found| found.is_user).map(|found| Account::from_resolved(&found, &machine));
    let mut subjects: Vec<Subject> = Vec::new();
    let offline = offline.users.iter().map(|user| user.account.clone());
    let everybody = administrators.iter().cloned().chain(offline).chain(lately).chain(local);
    for account in everybody {
        if subjects.len() == protocol::MAX_CHECK_ACCOUNTS {
            break;
        }
        if subjects.iter().any(|subject| subject.account.is_same(&account)) {
            continue;
        }
        let sid = account.sid.as_ref();
        subjects.push(Subject {
            is_local_administrator: administrators.iter().any(|other| other.is_same(&account)),
            has_recent_profile: sid.is_some_and(|sid| profiles.contains(sid)),
            last_sign_in: sid
                .map_or(agent::check::LastSignIn::Unknown, |sid| surroundings::last_sign_in(panel, sid)),
            account,
        });
    }
    subjects
}

fn ask(
    panel: &Panel,
    (usable, link): (&Usable, LinkV2<'_>),
    subjects: &[Subject],
    windows: &str,
    cancelled: &dyn Cancelled,
) -> Result<CheckAnswer, CallFailed> {
    let request = CheckRequest {
        purpose: CheckPurpose::Arming,
        armed: false,
        accounts: subjects.iter().map(|subject| subject.account.to_wire()).collect(),
    };
    let connection = Connection { link, versions: versions(windows) };
    let mut client = Client::new(&panel.services, connection, usable.learned.clone());
    let answer = client.check(&request, FIRST_ANSWER_LIMIT, cancelled);
    Learned::update(&panel.services, &usable.learned, client.learned());
    answer
}

#[cfg(test)]
mod tests {
    use super::{gather, resolved};
    use crate::testing::Fixture;
    use agent::Sid;
    use agent::account::{Account, AccountKind, KnownAccount, ResolveError};
    use agent::ports::Never;

    const PROFILES: &str = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList";

    #[test]
    fn everybody_who_matters_is_asked_about_once() {
        let fixture = Fixture::new();
        fixture.world.windows.add("CORP", "dora", "S-1-5-21-7-8-9-1101");
        // In use when the fake clock stands: 2026-09-21 in FILETIME.
        let key = format!(r"{PROFILES}\S-1-5-21-7-8-9-1101");
        let time = u64::try_from(1_790_000_000i64 + 11_644_473_600).expect("a time") * 10_000_000;
        fixture.set_number(&key, "LocalProfileLoadTimeHigh", u32::try_from(time >> 32).expect("half"));
        fixture.set_number(&key, "LocalProfileLoadTimeLow", u32::try_from(time & 0xffff_ffff).expect("half"));
        assert_eq!(fixture.set("--offline-users bat").exit, 0);
        let names = |fixture: &Fixture| {
            let subjects = gather(&fixture.panel(), &Never).facts.subjects;
            subjects.iter().map(|subject| subject.account.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(&fixture), ["HOST\\bat", "CORP\\dora", "HOST\\anna"]);
        fixture.accounts.borrow_mut()[1].is_disabled = true;
        assert_eq!(names(&fixture), ["HOST\\bat", "CORP\\dora"], "nobody signs in with a disabled account");
    }

    #[test]
    fn an_offline_user_is_given_up_only_when_windows_says_so() {
        let fixture = Fixture::new();
        let user = |sid: &str, name: &str| {
            let account = Account {
                sid: Sid::parse(sid).ok(),
                domain: "HOST".into(),
                dns_domain: None,
                name: name.into(),
                kind: AccountKind::Local,
            };
            KnownAccount::new(name.to_owned(), account)
        };
        let users = || {
            vec![
                user("S-1-5-21-1-2-3-1001", "bat"),
                user("S-1-5-21-1-2-3-1999", "gone"),
                user("no SID", "anna"),
                user("no SID", "nobdoy"),
            ]
        };
        let (list, lost) = resolved(&fixture.panel(), &users());
        assert_eq!(list.users.iter().map(|user| user.typed.as_str()).collect::<Vec<_>>(), ["bat", "anna"]);
        assert!(list.users.iter().all(|user| user.account.sid.is_some()));
        let expect = ["gone", "nobdoy"].map(|name| (name.to_owned(), ResolveError::NotFound));
        assert_eq!(lost, expect);
        *fixture.world.windows.lookup_fails.lock().expect("lock") = true;
        let (list, lost) = resolved(&fixture.panel(), &users());
        assert_eq!(list.users.len(), 2, "what was resolved when it was saved stands");
        assert_eq!(lost.len(), 2);
    }
}
