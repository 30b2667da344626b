//! From facts to a decision, and from a decision to everything that is written about it.

use super::Question;
use crate::audit::{Actor, Entry};
use crate::store::logon_facts::{Gathered, Who};
use crate::store::logons::{Record, Wanted};
use decision::logon::{LogonRequest, Service, decide, for_tile};
use protocol::v2::{self, Answer, DecisionResult, Method, PasswordState};
use serde_json::{Value, json};

/// Decides at a time in Unix seconds. Called inside the commit that makes the result durable.
#[must_use]
pub fn record(wanted: &Wanted, question: &Question, gathered: &Gathered, now: i64) -> Record {
    let request = LogonRequest {
        account: gathered.account.clone(),
        method: question.method,
        code: question.code.clone(),
        password: Some(question.password),
        session: Some(question.session),
        source: wanted.source,
    };
    let decision = decide(&request, &gathered.facts, now);
    let outcome = &decision.outcome;
    let (told, told_parameters) = for_tile(outcome, question.password);
    let result = if outcome.is_allow() { DecisionResult::Allow } else { DecisionResult::Deny };
    let answer = Answer::Decision(v2::Decision {
        logon: wanted.id,
        machine: wanted.asked.machine,
        service: gathered.machine.service_id,
        account: wanted.asked.account.clone(),
        result,
        reason: told,
        parameters: told_parameters,
        short_code: question.short_code.clone(),
        time: now,
    });
    let result = if outcome.is_allow() { "allow" } else { "deny" };
    let account = shown_account(wanted, decision.access.is_some());
    let facts = facts(wanted, question, gathered, (&decision, now));
    let mut entry = Entry::new("logon", Actor::Machine(wanted.asked.machine), wanted.id)
        .detail("result", result)
        .detail("reason", outcome.reason().code())
        .detail("parameters", outcome.params())
        .detail("account", &account)
        .detail("user", gathered.user)
        .detail("short_code", &question.short_code);
    if let Value::Object(facts) = &facts {
        entry = facts.iter().fold(entry, |entry, (name, value)| entry.detail(name, value));
    }
    Record {
        result,
        reason: outcome.reason().code(),
        parameters: outcome.params().clone(),
        account,
        method: method_word(question.method),
        // These types have string keys only, so writing them cannot fail; an empty answer is none.
        answer: serde_json::to_string(&answer).unwrap_or_default(),
        short_code: question.short_code.clone(),
        facts,
        effects: decision.effects,
        entry,
    }
}

/// A name that Windows did not resolve may be anything, a password typed into the wrong field among
/// it: it is written down only where an access names it.
fn shown_account(wanted: &Wanted, known: bool) -> String {
    let account = &wanted.asked.account;
    if account.sid.is_some() || known {
        format!("{}\\{}", account.domain, account.name)
    } else {
        "(not resolved)".to_owned()
    }
}

fn facts(
    wanted: &Wanted,
    question: &Question,
    gathered: &Gathered,
    (decision, now): (&decision::logon::Decision, i64),
) -> Value {
    let service = match gathered.machine.service {
        Service::Deleted | Service::Closed => "deleted",
        Service::Active(mode) if mode.watches(now) => "watch",
        Service::Active(_) => "guard",
    };
    let mut facts = json!({
        "service": gathered.machine.service_id,
        "service_mode": service,
        "account_sid": wanted.asked.account.sid,
        "method": method_word(question.method),
        "password": if question.password == PasswordState::Verified { "verified" } else { "unknown" },
        "scenario": question.scenario,
        "session": question.session,
        "source": wanted.source,
        "agent": question.versions.agent,
        "trasa_id": match &wanted.asked.who {
            Who::NotAsked => "not asked",
            Who::Called(_) if gathered.user.is_some() => "a user's",
            Who::Nobody | Who::Called(_) => "nobody's",
        },
    });
    let Value::Object(map) = &mut facts else { return facts };
    let mut add = |name: &str, value: Value| {
        if !value.is_null() {
            map.insert(name.to_owned(), value);
        }
    };
    add("claimed_client", json!(question.claimed_client));
    add("bypass_until", json!(gathered.facts.bypass_until));
    if let Some(user) = &gathered.facts.user {
        add("user_enabled", json!(user.enabled));
        add("devices", json!(user.totp.len()));
        add("wrong_codes", json!({ "user": user.guesses.user.failures, "here": user.guesses.here.failures }));
    }
    if let Some((access, policy)) = decision.access.and_then(|place| gathered.accesses.get(place)) {
        add("access", json!(access));
        add("policy", json!(policy));
    }
    add("policy_line", json!(decision.policy_line));
    facts
}

const fn method_word(method: Method) -> &'static str {
    match method {
        Method::Push => "push",
        Method::Totp => "totp",
        Method::Auto => "auto",
    }
}
