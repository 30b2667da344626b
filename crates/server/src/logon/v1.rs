//! A logon that an original agent asks for ("version 1"): what was asked, and from the decision
//! everything that is written about it and answered.

use super::record::{self, Told};
use crate::audit::Actor;
use crate::store::logon_facts::Who;
use crate::store::logons::Record;
use crate::store::v1_calls::Call;
use crate::store::v1_logons::{Gathered, Wanted};
use decision::account::TrasaId;
use decision::code::Given;
use decision::logon::{LogonRequest, Outcome, decide};
use protocol::id::{LogonId, ServiceId};
use protocol::reason::Reason;
use protocol::v1::{self, FailedReason, LogonAnswer};
use protocol::v2::Method;
use serde_json::{Value, json};
use std::net::IpAddr;

/// What was asked, beyond what finds the facts.
#[derive(Debug, Clone)]
pub struct Question {
    /// From the code: an empty one asks for the phone.
    method: Method,
    code: Given,
    /// The address that the agent claims for the person, where it is one.
    claimed_client: Option<IpAddr>,
    /// Names this logon for administrators.
    short_code: String,
}

/// Reads a request of somebody who showed the service's key.
#[must_use]
pub fn read(
    (id, service): (LogonId, ServiceId),
    request: &v1::LogonRequest,
    source: IpAddr,
    short_code: String,
) -> (Wanted, Question) {
    let code = Given::read(Some(request.totp_code.as_str()));
    let question = Question {
        method: if code == Given::Missing { Method::Push } else { Method::Totp },
        code,
        claimed_client: request.user_ip.parse().ok(),
        short_code,
    };
    let hosts = [request.workstation.as_str(), request.hostname.as_str()];
    let wanted = Wanted {
        id,
        call: Call::new(service, &hosts, source),
        user: request.user.clone(),
        hosts: hosts.into_iter().map(str::to_owned).collect(),
        // Whatever people type there: it is nobody's name, and it is written down nowhere.
        who: TrasaId::parse(&request.trasa_id).map_or(Who::Nobody, Who::Called),
    };
    (wanted, question)
}

/// Decides at a time in Unix seconds. Called inside the commit that makes the result durable.
#[must_use]
pub fn record(wanted: &Wanted, question: &Question, gathered: &Gathered, now: i64) -> Record {
    let request = LogonRequest {
        account: gathered.account.clone(),
        method: question.method,
        code: question.code.clone(),
        password: None,
        session: None,
        source: wanted.call.source,
    };
    let decision = decide(&request, &gathered.facts, now);
    let told = Told {
        actor: Actor::Service(wanted.call.service),
        logon: wanted.id,
        account: shown_account(wanted, gathered),
        method: question.method,
        user: gathered.user,
        short_code: &question.short_code,
        answer: answer(&decision.outcome, question.method).to_envelope().to_json(),
        facts: facts(wanted, question, gathered, (&decision, now)),
    };
    record::written(told, decision)
}

/// The original's word for an outcome.
fn answer(outcome: &Outcome, method: Method) -> LogonAnswer {
    match outcome {
        Outcome::Allow { reason: Reason::PassThrough, .. } => LogonAnswer::PassedThrough,
        Outcome::Allow { .. } => LogonAnswer::Allowed,
        Outcome::Deny { reason, .. } => LogonAnswer::Refused(FailedReason::of(*reason, method)),
    }
}

/// An original agent asks only after Windows took the password, so this is an account's name; how it
/// is written is what an administrator has to see where no access fits.
fn shown_account(wanted: &Wanted, gathered: &Gathered) -> String {
    if gathered.readable { wanted.user.clone() } else { "(not readable)".to_owned() }
}

fn facts(
    wanted: &Wanted,
    question: &Question,
    gathered: &Gathered,
    (decision, now): (&decision::logon::Decision, i64),
) -> Value {
    let names: Vec<&str> = gathered.account.domain_names.iter().map(|name| name.as_str()).collect();
    let mut facts = json!({
        "protocol": "v1",
        "service": wanted.call.service,
        "service_mode": record::service_word(gathered.facts.service, now),
        "method": record::method_word(question.method),
        "source": wanted.call.source,
        "account_local": gathered.account.local,
        "account_domains": names,
        "pass_through": gathered.facts.pass_through,
        "trasa_id": record::trasa_id_word(&wanted.who, gathered.user.is_some()),
    });
    let Value::Object(map) = &mut facts else { return facts };
    let mut add = |name: &str, value: Value| {
        if !value.is_null() {
            map.insert(name.to_owned(), value);
        }
    };
    add("claimed_machine", json!(wanted.call.machine));
    add("claimed_client", json!(question.claimed_client));
    if let Some(user) = &gathered.facts.user {
        add("user_enabled", json!(user.enabled));
        add("devices", json!(user.totp.len()));
        let guesses = &user.guesses;
        add(
            "wrong_codes",
            json!({ "from_here": guesses.here.failures, "from_anywhere": guesses.over_addresses.failures }),
        );
    }
    for (name, value) in record::access_facts(&gathered.accesses, decision) {
        add(name, value);
    }
    add("policy_line", json!(decision.policy_line));
    facts
}
