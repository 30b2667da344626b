//! Where the provider is at home. Pure.

/// A place that is guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// LogonUI: logon and unlock, at the console or over remote desktop.
    LogonScreen,
    /// The prompt of User Account Control.
    Elevation,
}

impl Place {
    /// Whether it is a prompt of User Account Control.
    pub(crate) const fn is_elevation(self) -> bool {
        matches!(self, Self::Elevation)
    }
}

/// The place of a usage scenario (CREDENTIAL_PROVIDER_USAGE_SCENARIO), if it is guarded.
///
/// Credential prompts (CREDUI) are guarded in consent.exe only, which `in_consent` is asked about: the others mostly
/// are for other machines. Ctrl+Alt+Del's change of password and dial-up (PLAP) are Windows' own.
pub(crate) fn place(scenario: i32, in_consent: impl FnOnce() -> bool) -> Option<Place> {
    const LOGON: i32 = 1;
    const UNLOCK_WORKSTATION: i32 = 2;
    const CREDUI: i32 = 4;
    match scenario {
        LOGON | UNLOCK_WORKSTATION => Some(Place::LogonScreen),
        CREDUI if in_consent() => Some(Place::Elevation),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, place};

    #[test]
    fn only_logon_unlock_and_consent_are_guarded() {
        for (scenario, in_consent, expect) in [
            (0, true, None),
            (1, false, Some(Place::LogonScreen)),
            (2, false, Some(Place::LogonScreen)),
            (3, true, None),
            (4, false, None),
            (4, true, Some(Place::Elevation)),
            (5, true, None),
            (6, true, None),
            (-1, true, None),
        ] {
            assert_eq!(place(scenario, || in_consent), expect, "{scenario} {in_consent}");
        }
    }
}
