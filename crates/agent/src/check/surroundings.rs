//! Windows around the tile: settings that let somebody in by another way, or that keep the tile away.

use super::lines::{Check, Line, Verdict, line};
use crate::printable::printable;

/// What was found out about this Windows. `verify` asks the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "facts, each read by one line")]
pub struct Surroundings {
    /// AutoAdminLogon signs an account in by itself.
    pub auto_admin_logon: bool,
    /// Windows signs the last user in by itself after an update (ARSO).
    pub automatic_restart_sign_on: bool,
    /// A policy excludes our provider (`ExcludedCredentialProviders`).
    pub excluded_by_policy: bool,
    /// Remote desktop clients may use Restricted Admin or Remote Credential Guard.
    pub restricted_admin: bool,
    /// Remote desktop is on, and a session that was cut off comes back by itself.
    pub reconnects: bool,
    /// CLSIDs of providers that stay beside ours.
    pub allowed_providers: Vec<String>,
    /// Programs of the logon screen that start something else (`Debugger` in Image File Execution
    /// Options).
    pub debugger_hooks: Vec<String>,
}

/// A line for each of them.
#[must_use]
pub fn surroundings(found: &Surroundings) -> Vec<Line> {
    let mut lines = vec![policy(found)];
    if found.auto_admin_logon {
        lines.push(warns(
            Check::AutomaticSignIn,
            "AutoAdminLogon signs an account in by itself; it will stop at the TRASA tile.",
        ));
    }
    if found.automatic_restart_sign_on {
        lines.push(warns(
            Check::AutomaticSignIn,
            "Windows signs the last user in by itself after an update (ARSO), without a second factor. Turn it off by policy.",
        ));
    }
    if !found.auto_admin_logon && !found.automatic_restart_sign_on {
        lines.push(line(Check::AutomaticSignIn, Verdict::Good, "Windows signs nobody in by itself."));
    }
    lines.push(if found.restricted_admin {
        warns(
            Check::RestrictedAdmin,
            "Restricted Admin or Remote Credential Guard is allowed: such remote sessions pass without a second factor.",
        )
    } else {
        line(Check::RestrictedAdmin, Verdict::Good, "Remote desktop asks for credentials: Restricted Admin is off.")
    });
    if found.reconnects {
        lines.push(warns(
            Check::Reconnection,
            "A remote session that was cut off comes back by itself, without a second factor. Turn automatic reconnection off by policy.",
        ));
    }
    lines.extend(found.allowed_providers.iter().map(|clsid| allowed(clsid)));
    lines.extend(found.debugger_hooks.iter().map(|program| {
        warns(
            Check::DebuggerHook,
            format!(
                "{} starts another program (Image File Execution Options): at the logon screen that is a way in without any password. Remove its Debugger value.",
                printable(program)
            ),
        )
    }));
    lines
}

fn policy(found: &Surroundings) -> Line {
    if found.excluded_by_policy {
        line(
            Check::Policy,
            Verdict::Refuses,
            "A policy excludes the TRASA credential provider (ExcludedCredentialProviders). Remove it there.",
        )
    } else {
        line(Check::Policy, Verdict::Good, "No policy excludes the credential provider.")
    }
}

/// B63: who allows a provider reads each time what that means.
fn allowed(clsid: &str) -> Line {
    let name = known_provider(clsid)
        .map_or_else(|| printable(clsid), |name| format!("{name} ({})", printable(clsid)));
    warns(
        Check::AllowedProvider,
        format!("{name} stays beside TRASA: whoever signs in with it passes without a second factor."),
    )
}

fn known_provider(clsid: &str) -> Option<&'static str> {
    let bare = clsid.trim().trim_matches(['{', '}']).to_ascii_uppercase();
    Some(match bare.as_str() {
        "60B78E88-EAD8-445C-9CFD-0B87F74EA6CD" => "Windows' own password",
        "D6886603-9D2F-4EB2-B667-1971041FA96B" => "Windows Hello PIN",
        "8AF662BF-65A0-4D0A-A540-A338A999D36F" => "Windows Hello face",
        "BEC09223-B018-416D-A0AC-523971B639F5" => "Windows Hello fingerprint",
        "8FD7E19C-3BF7-489B-A72C-846AB3678C96" => "Smart card",
        "C5D7540A-CD51-453B-B22B-05305BA03F07" => "Web sign-in",
        "2135F72A-90B5-4ED3-A7F1-8BB705AC276A" => "Picture password",
        _ => return None,
    })
}

fn warns(check: Check, text: impl Into<String>) -> Line {
    line(check, Verdict::Warns, text)
}
