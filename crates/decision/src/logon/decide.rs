use super::{Access, Decision, Effects, Facts, LogonRequest, Machine, Outcome, Service, StepChange, User};
use crate::code::{Code, Given, Verdict, judge, spend_time};
use crate::policy::{Circumstances, Line, Methods, SessionSeen, Unmet, method_unmet, methods_value};
use alloc::boxed::Box;
use alloc::string::ToString;
use protocol::reason::Reason;
use protocol::v2::{Method, Params, PasswordState};
use serde_json::Value;

/// Decides a logon at a time in Unix seconds.
///
/// A service that watches lets pass what it would refuse; the effects are the same, so that watching
/// is no way to try codes.
pub fn decide(request: &LogonRequest, facts: &Facts, now: i64) -> Decision {
    let mode = match facts.service {
        Service::Active(mode) => mode,
        Service::Deleted => return *deny(Reason::ServiceDeleted),
        Service::Closed => return *deny(Reason::V1Closed),
    };
    let decision = guard(request, facts, now).unwrap_or_else(|denial| *denial);
    if mode.watches(now) { watched(decision) } else { decision }
}

/// What guarding would decide. The denials are boxed: they are the larger and rarer half.
fn guard(request: &LogonRequest, facts: &Facts, now: i64) -> Result<Decision, Box<Decision>> {
    if facts.machine == Machine::Waiting {
        return Err(deny(Reason::MachineWaiting));
    }
    if facts.bypass_until.is_some_and(|until| now < until) {
        return Ok(allow(Reason::Bypass));
    }
    if facts.pass_through {
        return Ok(allow(Reason::PassThrough));
    }
    if request.password == Some(PasswordState::Unknown) {
        // Before anything about the user, so that these answers depend on the request alone.
        askable_without_password(request)?;
    }
    let permitted = permitted(request, facts, now).inspect_err(|_| {
        if request.password == Some(PasswordState::Unknown) {
            spend_time(&request.code, now);
        }
    })?;
    one_time_code(request, &permitted, now)
}

fn watched(mut decision: Decision) -> Decision {
    if let Outcome::Deny { reason, params } = &mut decision.outcome {
        let mut params = core::mem::take(params);
        params.insert("would_be".to_string(), Value::from(reason.code()));
        decision.outcome = Outcome::Allow { reason: Reason::Watch, params };
    }
    decision
}

/// What a person whose password Windows did not verify may ask for: a code, six digits.
fn askable_without_password(request: &LogonRequest) -> Result<(), Box<Decision>> {
    match (request.method, &request.code) {
        (Method::Push, _) => Err(deny(Reason::PushNeedsPassword)),
        (_, Given::Missing) => Err(deny(Reason::CodeRequired)),
        (_, Given::Malformed) => Err(deny(Reason::CodeMalformed)),
        (_, Given::Code(_)) => Ok(()),
    }
}

/// A user who may be the account, here and now, by the method asked for.
struct Permitted<'a> {
    user: &'a User,
    access: usize,
}

fn permitted<'a>(request: &LogonRequest, facts: &'a Facts, now: i64) -> Result<Permitted<'a>, Box<Decision>> {
    let user = facts.user.as_ref().ok_or_else(|| deny(Reason::UserUnknown))?;
    if !user.enabled {
        return Err(deny(Reason::UserDisabled));
    }
    let session = request.session.map_or(SessionSeen::Untold, SessionSeen::Told);
    let at = Circumstances { source: Some(request.source), session, now };
    // The access whose policy holds apart from the method, with what such policies allow together.
    let mut holding: Option<(usize, Methods)> = None;
    let mut nearest: Option<(Line, Box<Decision>)> = None;
    for (place, access) in matching(user, request) {
        let holds = access.hold_end(now);
        match holds.and_then(|()| access.policy.as_ref().map_or(Ok(()), |policy| policy.evaluate(&at))) {
            Ok(()) => {
                let methods = access.policy.as_ref().map_or(Methods::ALL, |policy| policy.methods);
                if methods.and(user.methods()).contains(request.method) {
                    return Ok(Permitted { user, access: place });
                }
                let (first, others) = holding.unwrap_or((place, Methods::NONE));
                holding = Some((first, others.or(methods)));
            }
            Err(unmet) if nearest.as_ref().is_none_or(|(line, _)| *line < unmet.line) => {
                nearest = Some((unmet.line, deny_unmet(place, unmet)));
            }
            Err(_) => {}
        }
    }
    Err(match (holding, nearest) {
        (Some((place, allowed)), _) => no_method(place, allowed, user, request.method),
        (None, Some((_, denial))) => denial,
        (None, None) => deny(Reason::NoAccess),
    })
}

fn matching<'a>(user: &'a User, request: &LogonRequest) -> impl Iterator<Item = (usize, &'a Access)> {
    user.accesses.iter().enumerate().filter(|(_, access)| access.account.matches(&request.account))
}

/// The policies hold, but none of what they allow is both asked for and there.
fn no_method(access: usize, allowed: Methods, user: &User, asked: Method) -> Box<Decision> {
    let owned = user.methods();
    if owned.is_empty() {
        return deny_at(access, Reason::NoDevice, Params::new());
    }
    if asked == Method::Push && allowed.push {
        return deny_at(
            access,
            Reason::PushNotAvailable,
            param("methods", methods_value(owned.and(allowed))),
        );
    }
    deny_unmet(access, method_unmet(allowed, asked))
}

/// The factor: limits first, then the shape of the code, then the attempt is taken, then it is judged.
fn one_time_code(
    request: &LogonRequest,
    permitted: &Permitted<'_>,
    now: i64,
) -> Result<Decision, Box<Decision>> {
    let &Permitted { user, access } = permitted;
    let attempt = user.guesses.take(request.password, now).map_err(|locked| {
        // The same work as for a code that is looked at; the code itself is not.
        spend_time(&request.code, now);
        deny_at(access, Reason::Locked, param("wait_secs", locked.wait_secs))
    })?;
    let code = match &request.code {
        Given::Missing => return Err(deny_at(access, Reason::CodeRequired, Params::new())),
        Given::Malformed => return Err(deny_at(access, Reason::CodeMalformed, Params::new())),
        Given::Code(code) => code,
    };
    let (verdict, device) = judge_all(user, code, now);
    let (reason, params) = match verdict {
        Verdict::Accepted { step } => {
            let read = user.totp.get(device).and_then(|device| device.last_step);
            let effects = Effects {
                counters: attempt.succeeded(),
                step: Some(StepChange { device, read, write: step }),
                success_here: true,
                wrong_code: false,
            };
            return Ok(Decision { access: Some(access), effects, ..allow(Reason::CodeAccepted) });
        }
        Verdict::Used => (Reason::CodeUsed, Params::new()),
        Verdict::ClockOff { offset_secs } => (Reason::CodeClock, param("offset_secs", offset_secs)),
        Verdict::Wrong => (Reason::CodeWrong, Params::new()),
    };
    let mut denial = deny_at(access, reason, params);
    denial.effects = Effects { counters: attempt.failed(), wrong_code: true, ..Effects::default() };
    Err(denial)
}

/// The best verdict over the user's devices, and the device that it comes from.
fn judge_all(user: &User, code: &Code, now: i64) -> (Verdict, usize) {
    let mut best = (Verdict::Wrong, 0);
    for (place, device) in user.totp.iter().enumerate() {
        let verdict = judge(&device.secret, code, device.last_step, now);
        if verdict > best.0 {
            best = (verdict, place);
        }
    }
    best
}

fn without_effects(outcome: Outcome) -> Decision {
    Decision { outcome, access: None, policy_line: None, effects: Effects::default() }
}

fn allow(reason: Reason) -> Decision {
    without_effects(Outcome::Allow { reason, params: Params::new() })
}

fn deny(reason: Reason) -> Box<Decision> {
    Box::new(without_effects(Outcome::Deny { reason, params: Params::new() }))
}

fn deny_at(access: usize, reason: Reason, params: Params) -> Box<Decision> {
    Box::new(Decision { access: Some(access), ..without_effects(Outcome::Deny { reason, params }) })
}

fn deny_unmet(access: usize, unmet: Unmet) -> Box<Decision> {
    let mut denial = deny_at(access, unmet.reason, unmet.params);
    denial.policy_line = Some(unmet.text);
    denial
}

fn param(name: &str, value: impl Into<Value>) -> Params {
    Params::from([(name.to_string(), value.into())])
}
