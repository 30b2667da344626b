use super::{Access, Decision, Effects, Facts, LogonRequest, Machine, Outcome, Service, StepChange, User};
use crate::code::{Code, Given, Verdict, judge, spend_time};
use crate::policy::{Circumstances, Methods, Policy, Unmet, method_unmet, methods_value};
use alloc::boxed::Box;
use alloc::string::{String, ToString};
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
        Service::Deleted => return refusal(Reason::ServiceDeleted).into_decision(),
    };
    let mut decision = match guard(request, facts, now) {
        Ok(granted) => granted,
        Err(refused) => refused.into_decision(),
    };
    if mode.watches(now)
        && let Outcome::Deny { reason, params } = &mut decision.outcome
    {
        let mut params = core::mem::take(params);
        params.insert("would_be".to_string(), Value::from(reason.code()));
        decision.outcome = Outcome::Allow { reason: Reason::Watch, params };
    }
    decision
}

fn guard(request: &LogonRequest, facts: &Facts, now: i64) -> Result<Decision, Box<Refusal>> {
    if facts.machine == Machine::Waiting {
        return Err(Box::new(refusal(Reason::MachineWaiting)));
    }
    if facts.bypass_until.is_some_and(|until| now < until) {
        return Ok(allow(Reason::Bypass, None, Effects::default()));
    }
    if request.password == PasswordState::Unknown {
        // Before anything about the user, so that these answers depend on the request alone.
        request_without_password(request)?;
    }
    let user = match permitted(request, facts, now) {
        Ok(user) => user,
        Err(refused) => {
            if request.password == PasswordState::Unknown {
                spend_time(&request.code, now);
            }
            return Err(refused);
        }
    };
    one_time_code(request, user, now)
}

/// What a person whose password Windows did not verify may ask for: a code, six digits.
fn request_without_password(request: &LogonRequest) -> Result<(), Box<Refusal>> {
    match (request.method, &request.code) {
        (Method::Push, _) => Err(Box::new(refusal(Reason::PushNeedsPassword))),
        (_, Given::Missing) => Err(Box::new(refusal(Reason::CodeRequired))),
        (_, Given::Malformed) => Err(Box::new(refusal(Reason::CodeMalformed))),
        (_, Given::Code(_)) => Ok(()),
    }
}

/// A user who may be the account here and now by the method asked for.
struct Permitted<'a> {
    user: &'a User,
    access: usize,
}

fn permitted<'a>(request: &LogonRequest, facts: &'a Facts, now: i64) -> Result<Permitted<'a>, Box<Refusal>> {
    let user = facts.user.as_ref().ok_or_else(|| Box::new(refusal(Reason::UserUnknown)))?;
    if !user.enabled {
        return Err(Box::new(refusal(Reason::UserDisabled)));
    }
    let at = Circumstances { source: Some(request.source), session: Some(request.session), now };
    let owned = user.methods();
    let mut nearest: Option<Refusal> = None;
    // What the policies that hold would allow, and the first of their accesses.
    let mut allowed = Methods::NONE;
    let mut holding: Option<usize> = None;
    for (place, access) in matching(user, request) {
        match access.policy.as_ref().map_or(Ok(()), |policy| policy.evaluate(&at)) {
            Ok(()) => {
                let methods = access.policy.as_ref().map_or(Methods::ALL, |policy: &Policy| policy.methods);
                if methods.and(owned).contains(request.method) {
                    return Ok(Permitted { user, access: place });
                }
                allowed = allowed.or(methods);
                holding = holding.or(Some(place));
            }
            Err(unmet) => {
                if nearest.as_ref().is_none_or(|best| best.line() < Some(unmet.line)) {
                    nearest = Some(unmet_refusal(place, unmet));
                }
            }
        }
    }
    let Some(place) = holding else {
        return Err(Box::new(nearest.unwrap_or_else(|| refusal(Reason::NoAccess))));
    };
    if owned.is_empty() {
        return Err(Box::new(Refusal { access: Some(place), ..refusal(Reason::NoDevice) }));
    }
    if request.method == Method::Push && allowed.push {
        let usable = methods_value(owned.and(allowed));
        let params = Params::from([("methods".to_string(), usable)]);
        return Err(Box::new(Refusal { access: Some(place), params, ..refusal(Reason::PushNotAvailable) }));
    }
    Err(Box::new(unmet_refusal(place, method_unmet(allowed, request.method))))
}

fn matching<'a>(user: &'a User, request: &LogonRequest) -> impl Iterator<Item = (usize, &'a Access)> {
    user.accesses.iter().enumerate().filter(|(_, access)| access.account.matches(&request.account))
}

/// The factor: limits first, then the shape of the code, then the attempt is taken, then it is judged.
fn one_time_code(
    request: &LogonRequest,
    permitted: Permitted<'_>,
    now: i64,
) -> Result<Decision, Box<Refusal>> {
    let Permitted { user, access } = permitted;
    let refuse = |reason| Refusal { access: Some(access), ..refusal(reason) };
    let attempt = match user.guesses.take(request.password, now) {
        Ok(attempt) => attempt,
        Err(locked) => {
            // The same work as for a code that is looked at; the code itself is not.
            spend_time(&request.code, now);
            let params = Params::from([("wait_secs".to_string(), Value::from(locked.wait_secs))]);
            return Err(Box::new(Refusal { params, ..refuse(Reason::Locked) }));
        }
    };
    let code = match &request.code {
        Given::Missing => return Err(Box::new(refuse(Reason::CodeRequired))),
        Given::Malformed => return Err(Box::new(refuse(Reason::CodeMalformed))),
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
            return Ok(allow(Reason::CodeAccepted, Some(access), effects));
        }
        Verdict::Used => (Reason::CodeUsed, Params::new()),
        Verdict::ClockOff { offset_secs } => {
            (Reason::CodeClock, Params::from([("offset_secs".to_string(), Value::from(offset_secs))]))
        }
        Verdict::Wrong => (Reason::CodeWrong, Params::new()),
    };
    let effects = Effects { counters: attempt.failed(), wrong_code: true, ..Effects::default() };
    Err(Box::new(Refusal { params, effects, ..refuse(reason) }))
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

/// A denial on its way to becoming a decision.
struct Refusal {
    reason: Reason,
    params: Params,
    access: Option<usize>,
    unmet: Option<(crate::policy::Line, String)>,
    effects: Effects,
}

impl Refusal {
    fn line(&self) -> Option<crate::policy::Line> {
        self.unmet.as_ref().map(|(line, _)| *line)
    }

    fn into_decision(self) -> Decision {
        Decision {
            outcome: Outcome::Deny { reason: self.reason, params: self.params },
            access: self.access,
            policy_line: self.unmet.map(|(_, text)| text),
            effects: self.effects,
        }
    }
}

fn refusal(reason: Reason) -> Refusal {
    Refusal { reason, params: Params::new(), access: None, unmet: None, effects: Effects::default() }
}

fn unmet_refusal(access: usize, unmet: Unmet) -> Refusal {
    Refusal {
        params: unmet.params,
        access: Some(access),
        unmet: Some((unmet.line, unmet.text)),
        ..refusal(unmet.reason)
    }
}

fn allow(reason: Reason, access: Option<usize>, effects: Effects) -> Decision {
    Decision { outcome: Outcome::Allow { reason, params: Params::new() }, access, policy_line: None, effects }
}
