//! Whether the tile is there at all, and which other providers stay beside it.

use crate::config::State;

/// What LogonUI or another program wants a credential for (usage scenario).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Usage {
    /// A new session; Windows 10 says so for an unlock, too.
    Logon,
    /// An existing session.
    Unlock,
    /// Ctrl+Alt+Del, change password: Windows' own.
    ChangePassword,
    /// A prompt inside a session.
    CredUi,
    /// Pre-logon access provider: never touched.
    Plap,
}

/// The process that loaded us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host {
    /// It is `%SystemRoot%\System32\consent.exe`, by its full path.
    pub is_consent: bool,
    /// It runs as SYSTEM.
    pub is_system: bool,
}

/// Whether the provider takes part. Inert means Windows exactly as before: not armed, a prompt in
/// any other program (most go to other machines, and that process may not read our files), a
/// password change, PLAP.
#[must_use]
pub const fn takes_part(state: State, usage: Usage, host: Host) -> bool {
    state.guards()
        && match usage {
            Usage::Logon | Usage::Unlock => true,
            Usage::CredUi => host.is_consent && host.is_system,
            Usage::ChangePassword | Usage::Plap => false,
        }
}

/// Whether the filter lets another provider stay. CLSIDs in any spelling, with or without braces.
/// Asked only where [`takes_part`]; elsewhere the filter changes nothing.
#[must_use]
pub fn may_stay(clsid: &str, ours: &str, allowed: &[String]) -> bool {
    let same = |other: &str| bare(other).eq_ignore_ascii_case(bare(clsid));
    same(ours) || allowed.iter().any(|other| same(other))
}

fn bare(clsid: &str) -> &str {
    clsid.trim().trim_start_matches('{').trim_end_matches('}')
}

#[cfg(test)]
mod tests {
    use super::{Host, Usage, may_stay, takes_part};
    use crate::config::{Damage, State};

    #[test]
    fn unlisted_provider_is_hidden_in_every_scenario() {
        let consent = Host { is_consent: true, is_system: true };
        let hosts = [
            consent,
            Host { is_consent: false, is_system: true },
            Host { is_consent: true, is_system: false },
            Host { is_consent: false, is_system: false },
        ];
        for state in [State::Absent, State::Verified, State::Armed, State::Damaged(Damage::Missing)] {
            for host in hosts {
                let check = |usage, expect| {
                    assert_eq!(
                        takes_part(state, usage, host),
                        expect && state.guards(),
                        "{state:?} {usage:?} {host:?}"
                    );
                };
                check(Usage::Logon, true);
                check(Usage::Unlock, true);
                check(Usage::CredUi, host == consent);
                check(Usage::ChangePassword, false);
                check(Usage::Plap, false);
            }
        }
        let ours = "{7B1F3C52-5E0B-4C7E-9A36-2D64D1A5C0E1}";
        let allowed = ["{D6886603-9D2F-4EB2-B667-1971041FA96B}".to_owned()];
        assert!(may_stay("7b1f3c52-5e0b-4c7e-9a36-2d64d1a5c0e1", ours, &[]));
        assert!(may_stay("{d6886603-9d2f-4eb2-b667-1971041fa96b}", ours, &allowed));
        assert!(!may_stay("{60B78E88-EAD8-445C-9CFD-0B87F74EA6CD}", ours, &allowed));
    }
}
