//! The lines of the check.

use super::{Facts, LastSignIn, Subject, Waived};
use crate::account::{KnownAccount, ResolveError};
use crate::config::{Generation, State};
use crate::exchange::CallFailed;
use crate::printable::printable;
use crate::texts;
use protocol::reason::Reason;
use protocol::v2::{CheckedAccount, Method, Params};

/// What a line is about. Its number is the exit code of a program whose first failing check it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "text() says each")]
pub enum Check {
    Configuration = 10,
    Approval = 11,
    Server = 12,
    Account = 13,
    Somebody = 14,
    OfflineUser = 15,
    OfflineAdministrator = 16,
    Trial = 17,
    Registration = 18,
    Filter = 19,
    Policy = 20,
    AutomaticSignIn = 21,
    RestrictedAdmin = 22,
    Clock = 23,
    Proxy = 24,
    Certificate = 25,
    OtherSignIn = 26,
    Dll = 27,
    Reconnection = 28,
    AllowedProvider = 29,
    DebuggerHook = 30,
    Protocol = 31,
    OtherFilter = 32,
}

impl Check {
    /// Every check, for `--help`.
    pub const ALL: [Self; 23] = [
        Self::Configuration,
        Self::Approval,
        Self::Server,
        Self::Account,
        Self::Somebody,
        Self::OfflineUser,
        Self::OfflineAdministrator,
        Self::Trial,
        Self::Registration,
        Self::Filter,
        Self::Policy,
        Self::AutomaticSignIn,
        Self::RestrictedAdmin,
        Self::Clock,
        Self::Proxy,
        Self::Certificate,
        Self::OtherSignIn,
        Self::Dll,
        Self::Reconnection,
        Self::AllowedProvider,
        Self::DebuggerHook,
        Self::Protocol,
        Self::OtherFilter,
    ];

    /// The exit code.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// What is checked, for `--help`.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Configuration => "a verified configuration is saved",
            Self::Approval => "the computer is approved in TRASA",
            Self::Server => "the TRASA server answers",
            Self::Account => "who would get in",
            Self::Somebody => "somebody would get in",
            Self::OfflineUser => "offline users lead to accounts",
            Self::OfflineAdministrator => "a local administrator is an offline user",
            Self::Trial => "a trial logon passed",
            Self::Registration => "the credential provider is registered",
            Self::Filter => "the filter is registered",
            Self::Policy => "no policy excludes the credential provider",
            Self::AutomaticSignIn => "Windows signs nobody in by itself",
            Self::RestrictedAdmin => "remote desktop asks for credentials",
            Self::Clock => "the clock is right",
            Self::Proxy => "the machine's proxy",
            Self::Certificate => "the server's certificate",
            Self::OtherSignIn => "accounts that sign in without a password",
            Self::Dll => "the credential provider's DLL loads",
            Self::Reconnection => "no remote session comes back by itself",
            Self::AllowedProvider => "no other provider stays beside TRASA",
            Self::DebuggerHook => "the logon screen's programs are Windows' own",
            Self::Protocol => "what the original's protocol cannot protect",
            Self::OtherFilter => "no other product's filter hides the tile",
        }
    }

    /// The name that scripts may rely on.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Approval => "approval",
            Self::Server => "server",
            Self::Account => "account",
            Self::Somebody => "somebody",
            Self::OfflineUser => "offline_user",
            Self::OfflineAdministrator => "offline_administrator",
            Self::Trial => "trial",
            Self::Registration => "registration",
            Self::Filter => "filter",
            Self::Policy => "policy",
            Self::AutomaticSignIn => "automatic_sign_in",
            Self::RestrictedAdmin => "restricted_admin",
            Self::Clock => "clock",
            Self::Proxy => "proxy",
            Self::Certificate => "certificate",
            Self::OtherSignIn => "other_sign_in",
            Self::Dll => "dll",
            Self::Reconnection => "reconnection",
            Self::AllowedProvider => "allowed_provider",
            Self::DebuggerHook => "debugger_hook",
            Self::Protocol => "protocol",
            Self::OtherFilter => "other_filter",
        }
    }
}

/// How a line came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// In order.
    Good,
    /// To be known; arming goes on.
    Warns,
    /// Arming is refused.
    Refuses,
}

impl Verdict {
    /// The name that scripts may rely on.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warns => "warns",
            Self::Refuses => "refuses",
        }
    }
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is about.
    pub check: Check,
    /// How it came out.
    pub verdict: Verdict,
    /// A sentence.
    pub text: String,
}

pub(super) fn line(check: Check, verdict: Verdict, text: impl Into<String>) -> Line {
    Line { check, verdict, text: text.into() }
}

fn good_or(check: Check, good: bool, otherwise: Verdict, texts: (&str, &str)) -> Line {
    if good { line(check, Verdict::Good, texts.0) } else { line(check, otherwise, texts.1) }
}

pub(super) fn configuration(facts: &Facts) -> Line {
    match facts.state {
        State::Verified => line(Check::Configuration, Verdict::Good, "A verified configuration is saved."),
        State::Armed => line(Check::Configuration, Verdict::Good, "The agent is armed already."),
        State::Absent => line(
            Check::Configuration,
            Verdict::Refuses,
            "No verified configuration is saved. Run `TrasaConfig set` first.",
        ),
        State::Damaged(damage) => line(
            Check::Configuration,
            Verdict::Refuses,
            format!("The configuration is damaged: {damage}. Run `TrasaConfig set` again."),
        ),
    }
}

pub(super) fn approval(facts: &Facts) -> Line {
    good_or(
        Check::Approval,
        facts.approved,
        Verdict::Refuses,
        (
            "The computer is approved in TRASA.",
            "The computer waits for an administrator's approval in TRASA (`trasa-server machine approve`).",
        ),
    )
}

pub(super) fn server(facts: &Facts) -> Line {
    let refuses = |text: String| line(Check::Server, Verdict::Refuses, text);
    match &facts.answer {
        Ok(_) => line(Check::Server, Verdict::Good, "The TRASA server answers."),
        Err(CallFailed::Refused(code, parameters)) => refuses(texts::refusal(*code, parameters)),
        Err(CallFailed::Unreachable(causes)) => {
            let why: Vec<_> =
                causes.iter().map(|(address, cause)| format!("{address}: {}", cause.text())).collect();
            refuses(format!("The TRASA server does not answer ({}).", why.join("; ")))
        }
        Err(_) => refuses(texts::ANSWER_DOES_NOT_FIT.to_owned()),
    }
}

fn answer_of<'a>(subject: &Subject, answers: &'a [CheckedAccount]) -> Option<&'a CheckedAccount> {
    let wire = subject.account.to_wire();
    answers.iter().find(|answer| answer.account == wire)
}

pub(super) fn subject(subject: &Subject, answers: &[CheckedAccount], facts: &Facts) -> Line {
    let who = match (subject.is_local_administrator, facts.offline.lists(&subject.account)) {
        (true, true) => format!("{} (local administrator, offline user)", subject.account),
        (true, false) => format!("{} (local administrator)", subject.account),
        (false, true) => format!("{} (offline user)", subject.account),
        (false, false) => subject.account.to_string(),
    };
    let Some(answer) = answer_of(subject, answers) else {
        return line(Check::Account, Verdict::Warns, format!("{who}: the server said nothing about it."));
    };
    if answer.would_get_in {
        let methods: Vec<_> = answer.methods.iter().filter_map(|method| method_name(*method)).collect();
        let by = if methods.is_empty() { String::new() } else { format!(" by {}", methods.join(" or ")) };
        // The server leaves hours out of its answer, and says where they would refuse right now.
        let at_other_hours = answer.parameters.get("now").and_then(serde_json::Value::as_bool) == Some(false);
        let when = if at_other_hours { ", but not at this hour" } else { "" };
        return line(Check::Account, Verdict::Good, format!("{who} would get in{by}{when}."));
    }
    let why = answer
        .reason
        .map_or_else(|| "the server gives no reason.".to_owned(), |reason| why(reason, &answer.parameters));
    line(Check::Account, Verdict::Warns, format!("{who} would not get in: {why}"))
}

/// The reason for whoever sets this up; the tile's text is for whoever signs in.
fn why(reason: Reason, parameters: &Params) -> String {
    match reason {
        Reason::NotPermitted | Reason::NoAccess | Reason::UserUnknown | Reason::UserDisabled => {
            "no enabled TRASA user has an access for it (`trasa-server access grant`).".to_owned()
        }
        Reason::NoDevice => {
            "who has an access for it has no device yet (`trasa-server device add-totp`).".to_owned()
        }
        Reason::NetworkNotAllowed => "the policy excludes the network of this computer.".to_owned(),
        Reason::PolicyExpired => "the access for it has ended (`trasa-server access list`).".to_owned(),
        reason => texts::reason(reason, parameters),
    }
}

const fn method_name(method: Method) -> Option<&'static str> {
    match method {
        Method::Push => Some("push"),
        Method::Totp => Some("one-time code"),
        Method::Auto => None,
    }
}

pub(super) fn somebody(facts: &Facts, answers: &[CheckedAccount]) -> Line {
    let somebody = answers.iter().any(|answer| answer.would_get_in);
    if facts.watching {
        line(Check::Somebody, Verdict::Good, "The service only watches: everybody passes for now.")
    } else {
        good_or(
            Check::Somebody,
            somebody,
            Verdict::Refuses,
            (
                "Somebody would get in.",
                "Nobody would get in. Give a user access to an account of this computer first (`trasa-server access grant`).",
            ),
        )
    }
}

pub(super) fn offline_user(user: &KnownAccount) -> Line {
    let sid = user.account.sid.as_ref().map_or("no SID", |sid| sid.as_str());
    let verdict = if user.account.sid.is_some() { Verdict::Good } else { Verdict::Warns };
    line(
        Check::OfflineUser,
        verdict,
        format!("Offline user {} -> {} ({sid}).", printable(&user.typed), user.account),
    )
}

pub(super) fn unresolved(typed: &str, why: ResolveError) -> Line {
    line(
        Check::OfflineUser,
        Verdict::Refuses,
        format!("Offline user {} leads to no account: {}", printable(typed), texts::resolve_error(why)),
    )
}

pub(super) fn offline_administrator(facts: &Facts, waived: Waived) -> Line {
    let there = facts.subjects.iter().any(|subject| {
        subject.is_local_administrator
            && facts
                .offline
                .users
                .iter()
                .any(|user| user.account.sid.is_some() && user.account.is_same(&subject.account))
    });
    let otherwise = if waived.offline_user { Verdict::Warns } else { Verdict::Refuses };
    good_or(
        Check::OfflineAdministrator,
        there,
        otherwise,
        (
            "A local administrator is an offline user.",
            "No local administrator is an offline user: while the server cannot be reached nobody could repair this computer. Name one with --offline-users, or waive it with --without-offline-user.",
        ),
    )
}

pub(super) fn trial(facts: &Facts, waived: Waived) -> Line {
    let otherwise = if waived.trial { Verdict::Warns } else { Verdict::Refuses };
    match &facts.trial {
        Some(passed) => line(
            Check::Trial,
            Verdict::Good,
            format!("A trial logon of {} passed.", printable(&passed.account)),
        ),
        None => line(
            Check::Trial,
            otherwise,
            "No trial logon passed since the configuration was saved. Run `TrasaConfig try`, or waive it with --without-trial.",
        ),
    }
}

pub(super) fn registration(facts: &Facts) -> [Line; 2] {
    [
        good_or(
            Check::Registration,
            facts.registration.provider,
            Verdict::Refuses,
            (
                "The credential provider is registered.",
                "The credential provider is not registered or its file is missing. Repair the installation.",
            ),
        ),
        good_or(
            Check::Filter,
            facts.registration.filter,
            Verdict::Refuses,
            (
                "The filter is registered.",
                "The filter is not registered: other providers would let people pass. Repair the installation.",
            ),
        ),
    ]
}

/// Another product's filter hides our tile as ours hides theirs: nobody would see any.
pub(super) fn other_filters(facts: &Facts) -> Vec<Line> {
    let refuses = |filter: &String| {
        let text = format!(
            "Another product filters the logon screen and would hide the TRASA tile, while TRASA hides its: {}. Remove that product first.",
            printable(filter)
        );
        line(Check::OtherFilter, Verdict::Refuses, text)
    };
    facts.other_filters.iter().map(refuses).collect()
}

/// Version 1 signs nothing, and whoever arms with it should have read what follows from that.
pub(super) fn protocol(facts: &Facts) -> Vec<Line> {
    if facts.protocol != Some(Generation::V1) {
        return Vec::new();
    }
    let mut lines = vec![line(
        Check::Account,
        Verdict::Warns,
        "An original TRASA server does not say who would get in: make a trial logon (`TrasaConfig try`).",
    )];
    lines.extend(texts::v1::LIMITS.iter().map(|limit| line(Check::Protocol, Verdict::Warns, *limit)));
    lines
}

/// The DLL, where it was tried: what is registered and does not load would be no tile at all.
pub(super) fn dll(facts: &Facts) -> Option<Line> {
    Some(match facts.dll.as_ref()? {
        Ok(()) => line(Check::Dll, Verdict::Good, "The credential provider's DLL loads."),
        Err(why) => line(
            Check::Dll,
            Verdict::Refuses,
            format!(
                "The credential provider's DLL does not load: {}. Repair the installation.",
                printable(why)
            ),
        ),
    })
}

/// More than this is more than a signature bears.
const CLOCK_LIMIT_SECS: i64 = 30;
/// So many days before its end a certificate is warned about.
const CERTIFICATE_DAYS: i64 = 30;

/// The way to the server: clock, proxy, certificate.
pub(super) fn way_to_the_server(facts: &Facts) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(offset) = facts.clock_offset {
        lines.push(if offset.abs() > CLOCK_LIMIT_SECS {
            line(
                Check::Clock,
                Verdict::Warns,
                format!("The clock is {} s off the server's. Set it.", offset.abs()),
            )
        } else {
            line(Check::Clock, Verdict::Good, "The clock agrees with the server's.")
        });
    }
    lines.push(match &facts.proxy {
        Some(proxy) => line(
            Check::Proxy,
            Verdict::Warns,
            format!("The server is asked through the machine's proxy {}.", printable(proxy)),
        ),
        None => line(Check::Proxy, Verdict::Good, "The server is asked without a proxy."),
    });
    lines.extend(facts.certificate_days.map(certificate));
    lines
}

fn certificate(days: i64) -> Line {
    if days > CERTIFICATE_DAYS {
        return line(
            Check::Certificate,
            Verdict::Good,
            format!("The server's certificate is good for {days} days."),
        );
    }
    let ends = match days {
        ..0 => "has ended".to_owned(),
        0 => "ends today".to_owned(),
        1 => "ends tomorrow".to_owned(),
        days => format!("ends in {days} days"),
    };
    line(
        Check::Certificate,
        Verdict::Warns,
        format!("The server's certificate {ends}. Renew it (`trasa-server cert renew`)."),
    )
}

/// Accounts whose people are used to something else than a password.
pub(super) fn other_sign_in(facts: &Facts) -> Vec<Line> {
    let used = facts.subjects.iter().filter_map(|subject| {
        let how = match subject.last_sign_in {
            LastSignIn::Password | LastSignIn::Unknown => return None,
            LastSignIn::Pin => "a PIN",
            LastSignIn::Hello => "face or finger",
            LastSignIn::SmartCard => "a smart card",
            LastSignIn::Web => "web sign-in",
        };
        let text =
            format!("{} signed in with {how} last; while armed it needs its password.", subject.account);
        Some(line(Check::OtherSignIn, Verdict::Warns, text))
    });
    used.collect()
}
