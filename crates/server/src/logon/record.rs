//! From facts to a decision, and from a decision to everything that is written about it.

use super::Question;
use crate::audit::{Actor, Entry};
use crate::store::UserId;
use crate::store::logon_facts::{Gathered, NamedAccess, Who};
use crate::store::logons::{Record, Wanted};
use decision::logon::{Decision, LogonRequest, Service, decide, for_tile};
use protocol::id::LogonId;
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
    let told = Told {
        actor: Actor::Machine(wanted.asked.machine),
        logon: wanted.id,
        account: shown_account(wanted, decision.access.is_some()),
        method: question.method,
        user: gathered.user,
        short_code: &question.short_code,
        // These types have string keys only, so writing them cannot fail; an empty answer is none.
        answer: serde_json::to_string(&answer).unwrap_or_default(),
        facts: facts(wanted, question, gathered, (&decision, now)),
    };
    written(told, decision)
}

/// What is told of a decision, in either generation of the protocol.
pub(super) struct Told<'a> {
    pub actor: Actor,
    pub logon: LogonId,
    pub account: String,
    pub method: Method,
    pub user: Option<UserId>,
    pub short_code: &'a str,
    pub answer: String,
    pub facts: Value,
}

/// Everything that is written down of a decision.
pub(super) fn written(told: Told<'_>, decision: Decision) -> Record {
    let outcome = &decision.outcome;
    let result = if outcome.is_allow() { "allow" } else { "deny" };
    let mut entry = Entry::new("logon", told.actor, told.logon)
        .detail("result", result)
        .detail("reason", outcome.reason().code())
        .detail("parameters", outcome.params())
        .detail("account", &told.account)
        .detail("user", told.user)
        .detail("short_code", told.short_code);
    if let Value::Object(facts) = &told.facts {
        entry = facts.iter().fold(entry, |entry, (name, value)| entry.detail(name, value));
    }
    Record {
        result,
        reason: outcome.reason().code(),
        parameters: outcome.params().clone(),
        account: told.account,
        method: method_word(told.method),
        answer: told.answer,
        short_code: told.short_code.to_owned(),
        facts: told.facts,
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
    (decision, now): (&Decision, i64),
) -> Value {
    let mut facts = json!({
        "service": gathered.machine.service_id,
        "service_mode": service_word(gathered.machine.service, now),
        "account_sid": wanted.asked.account.sid,
        "method": method_word(question.method),
        "password": if question.password == PasswordState::Verified { "verified" } else { "unknown" },
        "scenario": question.scenario,
        "session": question.session,
        "source": wanted.source,
        "agent": question.versions.agent,
        "trasa_id": trasa_id_word(&wanted.asked.who, gathered.user.is_some()),
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
    for (name, value) in access_facts(&gathered.accesses, decision) {
        add(name, value);
    }
    add("policy_line", json!(decision.policy_line));
    facts
}

/// The access that was used, or whose policy came nearest.
pub(super) fn access_facts(
    accesses: &[NamedAccess],
    decision: &Decision,
) -> impl Iterator<Item = (&'static str, Value)> {
    let access = decision.access.and_then(|place| accesses.get(place));
    access.into_iter().flat_map(|access| {
        [
            ("access", json!(access.id)),
            ("policy", json!(access.policy)),
            ("user_group", json!(access.user_group)),
            ("service_group", json!(access.service_group)),
        ]
    })
}

pub(super) const fn service_word(service: Service, now: i64) -> &'static str {
    match service {
        Service::Deleted => "deleted",
        Service::Closed => "closed",
        Service::Active(mode) if mode.watches(now) => "watch",
        Service::Active(_) => "guard",
    }
}

pub(super) const fn trasa_id_word(who: &Who, found: bool) -> &'static str {
    match who {
        Who::NotAsked => "not asked",
        Who::Called(_) if found => "a user's",
        Who::Nobody | Who::Called(_) => "nobody's",
    }
}

pub(super) const fn method_word(method: Method) -> &'static str {
    match method {
        Method::Push => "push",
        Method::Totp => "totp",
        Method::Auto => "auto",
    }
}
