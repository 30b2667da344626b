//! `PUT`, `GET` and `DELETE /agent/v2/logons/{id}`.

use super::call::Call;
use super::caller::{Caller, caller};
use super::fault::Fault;
use crate::app::App;
use crate::keys::p256::sha256;
use crate::logon::{self, Replay, replay, short_code};
use crate::random;
use crate::store::StoreError;
use crate::store::logons::{Decided, Stored};
use protocol::MAX_WAIT_SECS;
use protocol::error_code::ErrorCode;
use protocol::id::LogonId;
use protocol::reason::Reason;
use protocol::v2::{Account, Answer, Decision, DecisionResult, LogonRequest, Params, Pending, path};
use std::time::Duration;

/// Asks for a decision.
pub(super) async fn put(app: &App, call: &Call) -> Result<Answer, Fault> {
    let caller = caller(app, call).await?;
    let id = id(call)?;
    call.without_query()?;
    let request: LogonRequest = call.body()?;
    let key = (caller.machine, id, sha256(&call.body));
    let (wanted, question) = logon::read(key, request, call.source, new_short_code()?).map_err(Fault::bad)?;
    let (now, account, body_hash) = (call.now, wanted.asked.account.clone(), wanted.body_hash);
    let decide = move |wanted: &_, gathered: &_| logon::record(wanted, &question, gathered, now);
    match app.store.decide_logon(app.organisation, wanted, decide, now).await? {
        Decided::Now(answer) => read_answer(&answer),
        Decided::Before(stored) => again(&caller, id, &stored, Some((&account, body_hash)), now),
        Decided::MachineGone => Err(Fault::error(ErrorCode::MachineRevoked, "this machine was removed")),
    }
}

/// Asks how a logon stands, and waits for its end if `wait` says so.
pub(super) async fn get(app: &App, call: &Call) -> Result<Answer, Fault> {
    let caller = caller(app, call).await?;
    let id = id(call)?;
    call.without_body()?;
    let wait = wait(&call.request.query)?;
    let place = app.waiting.place(caller.machine, id);
    let mut draining = app.draining();
    let deadline = tokio::time::sleep(wait);
    tokio::pin!(deadline);
    loop {
        let rung = place.rung();
        let stored = app
            .store
            .read(|read| read.stored_logon(app.organisation, caller.machine, id))?
            .ok_or_else(unknown)?;
        let answer = again(&caller, id, &stored, None, crate::clock::now())?;
        if !matches!(answer, Answer::Pending(_)) || wait.is_zero() {
            return Ok(answer);
        }
        tokio::select! {
            () = rung => {}
            () = &mut deadline => return Ok(answer),
            _ = draining.wait_for(|draining| *draining) => return Ok(answer),
        }
    }
}

/// The person gave up.
pub(super) async fn delete(app: &App, call: &Call) -> Result<Answer, Fault> {
    let caller = caller(app, call).await?;
    let id = id(call)?;
    call.without_query()?;
    call.without_body()?;
    let logon = (caller.machine, id, new_short_code()?);
    let before = app.store.cancel_logon(app.organisation, logon, call.now).await?.ok_or_else(unknown)?;
    app.waiting.ring(caller.machine, id);
    let ended = Stored {
        result: if before.result == "deny" { "deny".to_owned() } else { "cancelled".to_owned() },
        decided: if matches!(before.result.as_str(), "deny" | "cancelled") {
            before.decided
        } else {
            Some(call.now)
        },
        ..before
    };
    again(&caller, id, &ended, None, call.now)
}

fn id(call: &Call) -> Result<LogonId, Fault> {
    let text = call.request.path.strip_prefix(path::LOGONS).unwrap_or_default();
    LogonId::parse(text).ok_or_else(|| Fault::bad("the path does not end in a logon's id"))
}

fn new_short_code() -> Result<String, Fault> {
    Ok(short_code(random::bytes().map_err(StoreError::from)?))
}

fn unknown() -> Fault {
    Fault::error(ErrorCode::LogonUnknown, "no logon of this machine has this id")
}

/// Reads `wait=S`; nothing is no waiting.
fn wait(query: &str) -> Result<Duration, Fault> {
    if query.is_empty() {
        return Ok(Duration::ZERO);
    }
    query
        .strip_prefix("wait=")
        .and_then(|seconds| seconds.parse().ok())
        .filter(|seconds| *seconds <= MAX_WAIT_SECS)
        .map(|seconds: u32| Duration::from_secs(seconds.into()))
        .ok_or_else(|| Fault::bad(format!("the query is not wait=0 to wait={MAX_WAIT_SECS}")))
}

fn read_answer(answer: &str) -> Result<Answer, Fault> {
    serde_json::from_str(answer).map_err(|error| StoreError::from(error).into())
}

/// The answer to a logon that is there already; `asked` is the account and body of a `PUT`.
fn again(
    caller: &Caller,
    id: LogonId,
    stored: &Stored,
    asked: Option<(&Account, protocol::encoding::Sha256)>,
    now: i64,
) -> Result<Answer, Fault> {
    match (replay(stored, now), asked) {
        (Replay::CancelledUnasked { short_code }, Some((account, _))) => Ok(Answer::Decision(Decision {
            logon: id,
            machine: caller.machine,
            service: caller.service,
            account: account.clone(),
            result: DecisionResult::Deny,
            reason: Reason::Cancelled,
            parameters: Params::new(),
            short_code,
            time: now,
        })),
        (Replay::CancelledUnasked { .. }, None) => Err(unknown()),
        (_, Some((_, body_hash))) if body_hash != stored.body_hash => {
            Err(Fault::error(ErrorCode::IdReused, "this logon was asked for with another body"))
        }
        (Replay::Decision(decision), _) => Ok(Answer::Decision(decision)),
        (Replay::Pending, _) => Ok(Answer::Pending(Pending { logon: id, time: now })),
        (Replay::Damaged, _) => {
            Err(StoreError::Unavailable("a logon's row cannot be read".to_owned()).into())
        }
    }
}
