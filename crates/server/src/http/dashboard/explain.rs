//! What a reason means for an administrator, and what to change. The tile's texts are the agent's.

use super::words::quoted;
use crate::store::logon_list::Logon;
use protocol::reason::Reason;

/// What to change.
pub(super) struct Advice {
    /// In a sentence.
    pub text: String,
    /// A command that does it, where one does.
    pub command: Option<String>,
    /// A page where it is done.
    pub page: Option<(String, &'static str)>,
}

/// What happened, in half a sentence.
pub(super) fn meaning(code: &str) -> &'static str {
    use Reason as R;
    match Reason::from_code(code) {
        Some(R::CodeAccepted) => "the one-time code was right",
        Some(R::PushApproved) => "approved on the phone",
        Some(R::Watch) => "the service only watches",
        Some(R::Bypass) => "an administrator let this account past for some minutes",
        Some(R::PassThrough) => {
            "no access names this account, and the service lets such accounts pass (version 1)"
        }
        Some(R::UserUnknown) => "nobody has this username or email address",
        Some(R::UserDisabled) => "the user is disabled",
        Some(R::NoAccess) => "no access lets this user be this account here",
        Some(R::NotPermitted) => "the user may not sign in here",
        Some(R::OutsideHours) => "outside the policy's days and hours",
        Some(R::NetworkNotAllowed) => "from a network that the policy does not allow",
        Some(R::SessionNotAllowed) => "the policy wants another kind of session",
        Some(R::PolicyExpired) => "the time of the access, or of its policy, is over",
        Some(R::MethodNotAllowed) => "the policy does not allow this method",
        Some(R::NoDevice) => "the user has no device",
        Some(R::PushNotAvailable) => "no phone of the user can be rung",
        Some(R::PushNeedsPassword) => "Windows did not verify the password, so no phone is rung",
        Some(R::CodeRequired) => "no code was typed",
        Some(R::CodeMalformed) => "what was typed is no code of six digits",
        Some(R::CodeWrong) => "the code was wrong",
        Some(R::CodeUsed) => "the code was used before",
        Some(R::CodeClock) => "the phone's clock is off",
        Some(R::Locked) => "too many wrong codes: the next attempt has to wait",
        Some(R::CodeRefused) => "the code was refused",
        Some(R::PushDenied) => "denied on the phone",
        Some(R::PushExpired) => "nobody answered on the phone in time",
        Some(R::PushNumberWrong) => "a wrong number was typed on the phone",
        Some(R::PushBusy) => "another question on the phone was open",
        Some(R::PushStopped) => "pushes from this machine are stopped for a while",
        Some(R::MachineWaiting) => "the machine waits for approval",
        Some(R::ServiceDeleted) => "the service was deleted",
        Some(R::V1Closed) => "the service does not answer version 1",
        Some(R::Cancelled) => "the person gave up",
        Some(R::Expired) => "the answer came too late",
        _ => "a reason that this version does not know",
    }
}

/// What to change so that the next attempt gets in; nothing where it did, or where nothing is wrong.
pub(super) fn advice(logon: &Logon) -> Option<Advice> {
    use Reason as R;
    // Names come from machines and people: what is pasted into a shell must stay a name there.
    let user = logon.user.as_deref().map_or_else(|| "NAME".to_owned(), quoted);
    let account =
        if logon.account.contains('\\') { quoted(&logon.account) } else { "'DOMAIN\\name'".to_owned() };
    let (service, machine) = (quoted(&logon.service), quoted(&logon.machine));
    let text = |text: &str| Advice { text: text.to_owned(), command: None, page: None };
    let run = |says: &str, command: String| Advice { command: Some(command), ..text(says) };
    // A username that stays itself in a path.
    let plain = logon.user.as_deref().filter(|user| quoted(user) == **user);
    let page = plain.map(|user| (format!("/users/{user}"), "To the user"));
    let at_user = |advice: Advice| Advice { page: page.clone(), ..advice };
    Some(match Reason::from_code(&logon.reason)? {
        R::UserUnknown => run(
            "Was the name typed right? The audit keeps no typed name that is nobody's. Somebody new is added with:",
            "trasa-server user add NAME --email ADDRESS".to_owned(),
        ),
        R::UserDisabled => at_user(run(
            "If they should get in again, enable them:",
            format!("trasa-server user enable {user}"),
        )),
        R::NoAccess => at_user(run(
            "Grant it, with the account written as the machine calls it. If there is one already, look whether a name \
             of the domain waits (`domain list`):",
            format!("trasa-server access grant --user {user} --service {service} --account {account}"),
        )),
        R::OutsideHours
        | R::NetworkNotAllowed
        | R::SessionNotAllowed
        | R::PolicyExpired
        | R::MethodNotAllowed => run(
            "The line below says so. Where that is wrong, grant the access anew, under another policy or with a later \
             end; for once, let the account past:",
            format!("trasa-server logon bypass --machine {machine} --account {account} --minutes 10"),
        ),
        R::NoDevice | R::PushNotAvailable => at_user(run(
            "Give them a device, in person or over a channel that you trust:",
            format!("trasa-server device add-totp {user}"),
        )),
        R::CodeClock => text(
            "Set the phone's clock to automatic. How far it is off stands below; codes of a clock that is off are never \
             accepted.",
        ),
        R::CodeWrong | R::CodeRefused => text(
            "Is it the right entry in the app? If the phone was replaced, remove the old device and add a new one.",
        ),
        R::CodeUsed => text("A code works once. The next one comes within half a minute."),
        R::CodeMalformed | R::CodeRequired => {
            text("Six digits, as the app shows them, without anything around.")
        }
        R::Locked => text(
            "Waiting suffices; how long stands below. If it was not them who typed the wrong codes, somebody knows their \
             password: have it changed.",
        ),
        R::MachineWaiting => Advice {
            text: "If you know this machine, approve it.".to_owned(),
            command: None,
            page: logon.machine_id.map(|id| (format!("/machines/{id}"), "To the machine")),
        },
        R::ServiceDeleted => run(
            "If that was a mistake, bring the service back:",
            "trasa-server service restore SERVICEID".to_owned(),
        ),
        R::V1Closed => run(
            "If original agents should go on for a while:",
            format!("trasa-server service allow-v1 {service} --until DATE"),
        ),
        R::PushDenied | R::PushNumberWrong => text(
            "Ask the person. If it was not them who signed in, somebody knows their password: have it changed.",
        ),
        R::PushExpired | R::PushBusy | R::PushStopped | R::PushNeedsPassword | R::Expired => {
            text("Trying again suffices; a one-time code works meanwhile.")
        }
        R::CodeAccepted
        | R::PushApproved
        | R::Watch
        | R::Bypass
        | R::PassThrough
        | R::NotPermitted
        | R::Cancelled => {
            return None;
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::meaning;
    use protocol::reason::Reason;

    #[test]
    fn every_reason_has_its_words() {
        let mut all: Vec<_> = Reason::ALL.iter().map(|reason| meaning(reason.code())).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), Reason::ALL.len());
        assert!(!all.contains(&"a reason that this version does not know"));
    }
}
