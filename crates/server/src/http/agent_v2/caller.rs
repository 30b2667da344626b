//! Which machine asks: its key, its state, its receipt.

use super::call::Call;
use super::fault::Fault;
use crate::app::App;
use crate::audit::Actor;
use crate::keys::VerifyingKey;
use crate::store::machines::{KnownMachine, Met, State};
use protocol::error_code::ErrorCode;
use protocol::id::{MachineId, ServiceId};
use protocol::statement::{Receipt, Unverified};

/// A machine whose signature verified and that was not removed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller {
    /// The machine.
    pub machine: MachineId,
    /// Its service.
    pub service: ServiceId,
    /// Waiting, approved or released.
    pub state: State,
}

impl Caller {
    /// Who this is in the audit.
    pub(super) const fn actor(&self) -> Actor {
        Actor::Machine(self.machine)
    }
}

/// Finds the machine, verifies its signature, and refuses who was removed or is not known.
pub(super) async fn caller(app: &App, call: &Call) -> Result<Caller, Fault> {
    let id = MachineId::parse(&call.unverified.parameters.key_id).ok_or_else(|| unknown(false))?;
    let Some(known) = app.store.read(|read| read.known_machine(app.organisation, id))? else {
        return Err(by_receipt(app, call, id).await);
    };
    call.verify(&VerifyingKey::new(&known.public_key))?;
    known_caller(id, &known)
}

fn known_caller(machine: MachineId, known: &KnownMachine) -> Result<Caller, Fault> {
    if known.state == State::Revoked {
        return Err(Fault::error(ErrorCode::MachineRevoked, "this machine was removed"));
    }
    if known.state == State::Waiting && known.by_receipt {
        return Err(unknown(true));
    }
    Ok(Caller { machine, service: known.service, state: known.state })
}

fn unknown(receipt: bool) -> Fault {
    let message = if receipt {
        "no machine has this id; its receipt is valid"
    } else {
        "no machine has this id, and there is no valid receipt"
    };
    Fault::error(ErrorCode::UnknownMachine, message).with("receipt", receipt)
}

/// A machine without row or tombstone: the store may have been restored to before its admission. Its
/// receipt says who it is, its signature that it is the one; an administrator says the rest.
async fn by_receipt(app: &App, call: &Call, id: MachineId) -> Fault {
    let Some(receipt) = receipt(app, call, id) else { return unknown(false) };
    if let Err(fault) = call.verify(&VerifyingKey::new(&receipt.public_key)) {
        return fault;
    }
    match app.store.meet_by_receipt(app.organisation, receipt, call.source, call.now).await {
        Ok(Met::Waits) => unknown(true),
        Ok(Met::Revoked) => Fault::error(ErrorCode::MachineRevoked, "this machine was removed"),
        Err(error) => error.into(),
    }
}

/// The receipt, if a key that this server ever had signed it for this machine.
fn receipt(app: &App, call: &Call, id: MachineId) -> Option<Receipt> {
    let unverified = Unverified::<Receipt>::read(call.receipt.as_deref()?)?;
    let keys = app.keys();
    let key = keys.known_key(&unverified.key)?;
    unverified.verify(&VerifyingKey::new(key)).filter(|receipt| receipt.machine == id)
}
