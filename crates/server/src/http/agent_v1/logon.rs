//! `POST /auth/agent/win` and its twins: the second factor of one logon.

use super::{Received, Shown, note_wrong_key, shown};
use crate::app::App;
use crate::store::StoreError;
use crate::{clock, logon, random};
use protocol::id::LogonId;
use protocol::v1::{FailedReason, LogonAnswer, LogonRequest};
use std::net::IpAddr;

/// The body where no decision could be made, which is a refusal.
pub(super) fn undecided() -> String {
    refused(FailedReason::Unknown)
}

/// The body of the answer: as it was written down with the decision, or that of a refusal before there
/// was anything to decide.
pub(super) async fn answer(app: &App, received: Received, source: IpAddr) -> String {
    let Some(request) = received.ok().and_then(|body| LogonRequest::read(&body.0)) else {
        return refused(FailedReason::InvalidRequest);
    };
    decide(app, &request, source).await.unwrap_or_else(|error| {
        tracing::error!(error = %error, reason_code = error.code(), "The store did not answer a logon of version 1");
        undecided()
    })
}

fn refused(reason: FailedReason) -> String {
    LogonAnswer::Refused(reason).to_envelope().to_json()
}

async fn decide(app: &App, request: &LogonRequest, source: IpAddr) -> Result<String, StoreError> {
    let now = clock::now();
    let service = match shown(app, (&request.service_id, &request.service_key), now)? {
        // Whether the service answers version 1 at all is decided, and written down, with the rest.
        Shown::Key(door) => door.service,
        Shown::WrongKey(door) => {
            note_wrong_key(app, &door, source, now).await;
            return Ok(refused(FailedReason::InvalidServiceDetails));
        }
        Shown::UnknownId => return Ok(refused(FailedReason::InvalidServiceDetails)),
    };
    let id = LogonId::new(random::identifier()?);
    let short_code = logon::short_code(random::bytes()?);
    let (wanted, question) = logon::v1::read((id, service), request, source, short_code);
    let decide = move |wanted: &_, gathered: &_| logon::v1::record(wanted, &question, gathered, now);
    app.store.decide_v1_logon(app.organisation, wanted, decide, now).await
}
