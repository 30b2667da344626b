//! `POST /agent/v2/machines`.

use super::call::Call;
use super::fault::Fault;
use crate::admission::{Refusal, judge};
use crate::app::App;
use crate::keys::ServerKeys;
use crate::keys::p256::{HmacKey, is_public_key};
use crate::logon::names;
use crate::random;
use crate::store::StoreError;
use crate::store::machines::{Admission, Door, Newcomer};
use protocol::error_code::ErrorCode;
use protocol::id::MachineId;
use protocol::statement::{self, Receipt};
use protocol::v2::{AdmissionRequest, Admitted, Answer, Mode, ServiceInfo, Settings};

pub(super) async fn admit(app: &App, call: &Call) -> Result<Answer, Fault> {
    let key_id = &call.unverified.parameters.key_id;
    // One answer for an unknown service and for a wrong key.
    let door = app.store.read(|read| read.door(app.organisation, key_id))?.ok_or_else(refused)?;
    if !call.unverified.verify(&HmacKey::new(key_id.clone(), &door.secret)) {
        return Err(refused());
    }
    call.in_time()?;
    call.without_query()?;
    let request: AdmissionRequest = call.body()?;
    if request.service != door.service {
        return Err(refused());
    }
    if !is_public_key(&request.public_key) {
        return Err(Fault::bad("public_key: not a point of the curve"));
    }
    names::check_host(&request.host).map_err(Fault::bad)?;
    names::check_versions(&request.versions).map_err(Fault::bad)?;
    let new = Newcomer {
        id: MachineId::new(random::identifier().map_err(StoreError::from)?),
        public_key: request.public_key,
        host: request.host.clone(),
        versions: request.versions.clone(),
        source: call.source,
    };
    let (origin, now) = (request.origin, call.now);
    let judge = move |door: &Door| judge(door, origin, now);
    match app.store.admit_machine(app.organisation, (key_id.clone(), new), judge, now).await? {
        Admission::Machine { id, name, admitted, state } => {
            let receipt = Receipt {
                machine: id,
                service: door.service,
                public_key: request.public_key,
                name,
                time: admitted,
            };
            Ok(answer(&app.keys(), &door, &receipt, state.is_approved(), now)?)
        }
        Admission::KeyRevoked => Err(Fault::error(
            ErrorCode::KeyRevoked,
            "this key pair was removed or belongs to a machine of another service",
        )),
        Admission::Gone => Err(refused()),
        Admission::Refused(Refusal::TokenNeeded) => {
            Err(Fault::error(ErrorCode::AdmissionClosed, "this service admits with a token only")
                .with("admit", "token"))
        }
        Admission::Refused(refusal) => Err(Fault::error(refusal.code(), "this machine is not admitted")),
    }
}

fn refused() -> Fault {
    Fault::error(ErrorCode::ServiceRefused, "no service has this id, or the key is another's")
}

fn answer(
    keys: &ServerKeys,
    door: &Door,
    receipt: &Receipt,
    approved: bool,
    now: i64,
) -> Result<Answer, StoreError> {
    let signed = statement::sign(receipt, keys.signing.public_key(), &keys.signing)?;
    Ok(Answer::Admitted(Admitted {
        machine: receipt.machine,
        receipt: signed,
        anchor: keys.anchor,
        keys: keys.chain.clone(),
        service: ServiceInfo { id: door.service, name: door.name.clone() },
        settings: settings(door.mode, approved, now),
        features: Vec::new(),
        time: now,
    }))
}

/// What the agent keeps until its next report. Watching that has ended is guarding.
pub(super) fn settings((mode, until): (Mode, Option<i64>), approved: bool, now: i64) -> Settings {
    match (mode, until) {
        (Mode::Watch, Some(until)) if now < until => {
            Settings { mode: Mode::Watch, mode_until: Some(until), approved }
        }
        _ => Settings { mode: Mode::Guard, mode_until: None, approved },
    }
}
