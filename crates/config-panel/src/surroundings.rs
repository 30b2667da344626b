//! What stands in Windows' registry and matters at a guarded logon: who uses this computer, how they
//! sign in, and settings that let somebody in by another way.

use crate::panel::Panel;
use crate::registration::{self, PROVIDER};
use agent::Sid;
use agent::check::{LastSignIn, Surroundings};
use agent::config::Loaded;
use agent::ports::PolicyName;
use std::collections::BTreeSet;

const WINLOGON: &str = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon";
const PROFILES: &str = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList";
const LAST_PROVIDERS: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Authentication\LogonUI\UserTile";
const SYSTEM_POLICIES: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System";
const LOGON_POLICIES: &str = r"SOFTWARE\Policies\Microsoft\Windows\System";
const LSA: &str = r"SYSTEM\CurrentControlSet\Control\Lsa";
const TERMINAL_SERVER: &str = r"SYSTEM\CurrentControlSet\Control\Terminal Server";
const TERMINAL_POLICIES: &str = r"SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services";
const IMAGE_OPTIONS: &str = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\Image File Execution Options";

/// All of it that is about the computer and not about one account.
#[must_use]
pub fn gather(panel: &Panel, loaded: &Loaded) -> Surroundings {
    Surroundings {
        auto_admin_logon: auto_admin_logon(panel),
        automatic_restart_sign_on: automatic_restart_sign_on(panel),
        excluded_by_policy: excluded_by_policy(panel),
        restricted_admin: restricted_admin(panel),
        reconnects: reconnects(panel),
        allowed_providers: allowed_providers(panel, loaded),
        debugger_hooks: debugger_hooks(panel),
    }
}

/// What of it the server should hear of while the logon is guarded, as codes.
#[must_use]
pub fn standing(panel: &Panel) -> BTreeSet<&'static str> {
    let found = [
        ("other_filter", !registration::other_filters(panel).is_empty()),
        ("provider_excluded", excluded_by_policy(panel)),
        ("debugger_hook", !debugger_hooks(panel).is_empty()),
        ("auto_admin_logon", auto_admin_logon(panel)),
    ];
    found.into_iter().filter_map(|(code, is_so)| is_so.then_some(code)).collect()
}

/// Windows signs an account in by itself (AutoAdminLogon).
fn auto_admin_logon(panel: &Panel) -> bool {
    panel.local_machine.text(WINLOGON, "AutoAdminLogon").is_some_and(|value| value.trim() == "1")
}

/// Windows signs the last user in by itself after an update (ARSO): on from 8.1, unless a policy
/// turns it off.
fn automatic_restart_sign_on(panel: &Panel) -> bool {
    const FIRST_BUILD: u32 = 9600;
    let version = panel.services.machine.facts().windows_version;
    let knows =
        version.rsplit('.').next().and_then(|b| b.parse::<u32>().ok()).is_some_and(|b| b >= FIRST_BUILD);
    knows && panel.local_machine.number(SYSTEM_POLICIES, "DisableAutomaticRestartSignOn") != Some(1)
}

/// A policy keeps our provider from being loaded.
fn excluded_by_policy(panel: &Panel) -> bool {
    let bare = |clsid: &str| clsid.trim().trim_matches(['{', '}', '"']).to_ascii_lowercase();
    panel
        .local_machine
        .text(LOGON_POLICIES, "ExcludedCredentialProviders")
        .is_some_and(|list| list.split([',', ';']).any(|clsid| bare(clsid) == bare(PROVIDER)))
}

/// Remote desktop sessions may come in with no credential that a provider would see.
fn restricted_admin(panel: &Panel) -> bool {
    panel.local_machine.number(LSA, "DisableRestrictedAdmin") == Some(0)
}

/// Remote desktop is on, and no policy forbids that a session comes back by itself (CVE-2019-9510).
fn reconnects(panel: &Panel) -> bool {
    let registry = &panel.local_machine;
    registry.number(TERMINAL_SERVER, "fDenyTSConnections") == Some(0)
        && registry.number(TERMINAL_POLICIES, "fDisableAutoReconnect") != Some(1)
}

/// Providers that stay beside ours: the policy's, or else the configuration's.
fn allowed_providers(panel: &Panel, loaded: &Loaded) -> Vec<String> {
    let policy = panel.services.policies.policy(PolicyName::AllowedProviders);
    let configured = loaded.usable.as_ref().map(|usable| usable.configuration.allowed_providers.join(","));
    let list = policy.or(configured).unwrap_or_default();
    list.split(',').map(str::trim).filter(|clsid| !clsid.is_empty()).map(str::to_owned).collect()
}

/// Programs that anybody can start at the logon screen, with another one in their place (T1546.008).
fn debugger_hooks(panel: &Panel) -> Vec<String> {
    const PROGRAMS: [&str; 8] = [
        "sethc.exe",
        "utilman.exe",
        "osk.exe",
        "magnify.exe",
        "narrator.exe",
        "displayswitch.exe",
        "atbroker.exe",
        "logonui.exe",
    ];
    let hooked = |program: &&str| {
        let key = format!(r"{IMAGE_OPTIONS}\{program}");
        panel.local_machine.text(&key, "Debugger").is_some_and(|debugger| !debugger.trim().is_empty())
    };
    PROGRAMS.into_iter().filter(hooked).map(str::to_owned).collect()
}

/// Accounts with a profile that was used in the 90 days before `now` (Unix seconds).
#[must_use]
pub fn recent_profiles(panel: &Panel, now: i64) -> Vec<Sid> {
    const RECENT_SECS: i64 = 90 * 24 * 3600;
    let registry = &panel.local_machine;
    let used = |key: &str| {
        let half = |name: &str| registry.number(&format!(r"{PROFILES}\{key}"), name);
        // When a profile was in use last stands in the one or the other pair, by version.
        ["LocalProfileLoadTime", "LocalProfileUnloadTime"]
            .iter()
            .filter_map(|name| Some((half(&format!("{name}High"))?, half(&format!("{name}Low"))?)))
            .map(|(high, low)| unix_seconds(high, low))
            .max()
    };
    registry
        .keys(PROFILES)
        .into_iter()
        .filter(|key| key.starts_with("S-1-5-21-") || key.starts_with("S-1-12-1-"))
        .filter(|key| used(key).is_some_and(|at| at > now - RECENT_SECS))
        .filter_map(|key| Sid::parse(&key).ok())
        .collect()
}

/// FILETIME: 100 ns since 1601.
fn unix_seconds(high: u32, low: u32) -> i64 {
    const FROM_1601_TO_1970_SECS: u64 = 11_644_473_600;
    let seconds = ((u64::from(high) << 32) | u64::from(low)) / 10_000_000;
    seconds.checked_signed_diff(FROM_1601_TO_1970_SECS).unwrap_or(0)
}

/// How an account signed in last, by the provider that Windows noted for it.
#[must_use]
pub fn last_sign_in(panel: &Panel, sid: &Sid) -> LastSignIn {
    let Some(provider) = panel.local_machine.text(LAST_PROVIDERS, sid.as_str()) else {
        return LastSignIn::Unknown;
    };
    match provider.to_ascii_uppercase().as_str() {
        "{60B78E88-EAD8-445C-9CFD-0B87F74EA6CD}" => LastSignIn::Password,
        "{D6886603-9D2F-4EB2-B667-1971041FA96B}" => LastSignIn::Pin,
        // Face, finger.
        "{8AF662BF-65A0-4D0A-A540-A338A999D36F}" | "{BEC09223-B018-416D-A0AC-523971B639F5}" => {
            LastSignIn::Hello
        }
        "{8FD7E19C-3BF7-489B-A72C-846AB3678C96}" => LastSignIn::SmartCard,
        "{C5D7540A-CD51-453B-B22B-05305BA03F07}" => LastSignIn::Web,
        _ => LastSignIn::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        IMAGE_OPTIONS, LAST_PROVIDERS, LOGON_POLICIES, LSA, PROFILES, SYSTEM_POLICIES, TERMINAL_POLICIES,
        TERMINAL_SERVER, WINLOGON,
    };
    use crate::testing::Fixture;
    use agent::Sid;
    use agent::check::{LastSignIn, Surroundings};
    use agent::config;
    use agent::ports::PolicyName;

    const SID: &str = "S-1-5-21-1-2-3-1001";

    fn found(fixture: &Fixture) -> Surroundings {
        super::gather(&fixture.panel(), &config::load(&fixture.world.services))
    }

    #[test]
    fn settings_that_let_somebody_in_by_another_way() {
        let fixture = Fixture::new();
        let untouched = Surroundings { automatic_restart_sign_on: true, ..Surroundings::default() };
        assert_eq!(found(&fixture), untouched, "ARSO is on unless it is turned off");
        fixture.set_text(WINLOGON, "AutoAdminLogon", "1");
        fixture.set_number(LSA, "DisableRestrictedAdmin", 0);
        fixture.set_number(SYSTEM_POLICIES, "DisableAutomaticRestartSignOn", 1);
        fixture.set_number(TERMINAL_SERVER, "fDenyTSConnections", 0);
        fixture.set_text(&format!(r"{IMAGE_OPTIONS}\Utilman.exe"), "Debugger", "cmd.exe");
        fixture.set_text(&format!(r"{IMAGE_OPTIONS}\sethc.exe"), "Debugger", " ");
        let expect = Surroundings {
            auto_admin_logon: true,
            restricted_admin: true,
            reconnects: true,
            debugger_hooks: vec!["utilman.exe".to_owned()],
            ..Surroundings::default()
        };
        assert_eq!(found(&fixture), expect);
        let standing: Vec<_> = super::standing(&fixture.panel()).into_iter().collect();
        assert_eq!(standing, ["auto_admin_logon", "debugger_hook"]);
        fixture.set_number(TERMINAL_POLICIES, "fDisableAutoReconnect", 1);
        assert!(!found(&fixture).reconnects);
        for (list, excluded) in [
            ("{60B78E88-EAD8-445C-9CFD-0B87F74EA6CD}", false),
            ("{60B78E88-EAD8-445C-9CFD-0B87F74EA6CD}, {7b1f3c52-5e0b-4c7e-9a36-2d64d1a5c0e1}", true),
            ("7B1F3C52-5E0B-4C7E-9A36-2D64D1A5C0E1", true),
        ] {
            fixture.set_text(LOGON_POLICIES, "ExcludedCredentialProviders", list);
            assert_eq!(found(&fixture).excluded_by_policy, excluded, "{list}");
        }
        let policy = " {D6886603-9D2F-4EB2-B667-1971041FA96B}, ".to_owned();
        fixture.world.registry.policies.lock().expect("lock").insert(PolicyName::AllowedProviders, policy);
        assert_eq!(found(&fixture).allowed_providers, ["{D6886603-9D2F-4EB2-B667-1971041FA96B}"]);
    }

    #[test]
    fn profiles_of_the_last_90_days() {
        // 2026-09-21 in FILETIME; the times beside it are days from then.
        const NOW: i64 = 1_790_000_000;
        let fixture = Fixture::new();
        let panel = fixture.panel();
        let file_time =
            |days: i64| (u64::try_from(NOW - days * 86_400 + 11_644_473_600).unwrap_or(0)) * 10_000_000;
        for (sid, days) in [(SID, 89), ("S-1-5-21-1-2-3-1002", 91), ("S-1-5-18", 1)] {
            let time = file_time(days);
            let key = format!(r"{PROFILES}\{sid}");
            fixture.set_number(&key, "LocalProfileLoadTimeHigh", u32::try_from(time >> 32).unwrap_or(0));
            fixture.set_number(
                &key,
                "LocalProfileLoadTimeLow",
                u32::try_from(time & 0xffff_ffff).unwrap_or(0),
            );
        }
        let found: Vec<_> = super::recent_profiles(&panel, NOW).iter().map(ToString::to_string).collect();
        assert_eq!(found, [SID]);
    }

    #[test]
    fn how_somebody_signed_in_last() {
        let fixture = Fixture::new();
        let panel = fixture.panel();
        let sid = Sid::parse(SID).expect("a SID");
        assert_eq!(super::last_sign_in(&panel, &sid), LastSignIn::Unknown);
        fixture.set_text(LAST_PROVIDERS, SID, "{d6886603-9d2f-4eb2-b667-1971041fa96b}");
        assert_eq!(super::last_sign_in(&panel, &sid), LastSignIn::Pin);
        fixture.set_text(LAST_PROVIDERS, SID, "{7B1F3C52-5E0B-4C7E-9A36-2D64D1A5C0E1}");
        assert_eq!(super::last_sign_in(&panel, &sid), LastSignIn::Unknown);
    }
}
