//! `POST /auth/agent/checkconfig`: whether ServiceID and key fit.

use super::{Received, Shown, note_wrong_key, shown};
use crate::app::App;
use crate::clock;
use crate::store::StoreError;
use crate::store::v1_calls::Call;
use protocol::v1::{CheckConfigRequest, ConfigAnswer, FailedReason};
use std::net::IpAddr;

/// The body where the request's cannot be read, or nothing can be said.
pub(super) fn unread() -> String {
    body(ConfigAnswer::Failed(FailedReason::CheckFailed))
}

pub(super) async fn answer(app: &App, received: Received, source: IpAddr) -> String {
    let Some(request) = received.ok().and_then(|body| CheckConfigRequest::read(&body.0)) else {
        return unread();
    };
    check(app, &request, source).await.map_or_else(
        |error| {
            tracing::error!(error = %error, "The store did not answer a configuration check");
            unread()
        },
        body,
    )
}

fn body(answer: ConfigAnswer) -> String {
    answer.to_envelope().to_json()
}

async fn check(app: &App, request: &CheckConfigRequest, source: IpAddr) -> Result<ConfigAnswer, StoreError> {
    let now = clock::now();
    match shown(app, (&request.service_id, &request.service_key), now)? {
        Shown::Key(door) => {
            // No name comes with this call.
            let call = Call::new(door.service, &[], source);
            app.store.note_v1_check(app.organisation, (call, door.open), now).await?;
            // For whoever asks in version 1, a service that answers it no more is none.
            Ok(if door.open {
                ConfigAnswer::Valid
            } else {
                ConfigAnswer::Failed(FailedReason::InvalidServiceId)
            })
        }
        Shown::WrongKey(door) => {
            note_wrong_key(app, &door, source, now).await;
            Ok(ConfigAnswer::Failed(FailedReason::InvalidServiceSecret))
        }
        Shown::UnknownId => Ok(ConfigAnswer::Failed(FailedReason::InvalidServiceId)),
    }
}
