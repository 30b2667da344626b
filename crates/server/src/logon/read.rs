//! From the request's body to a question.

use super::names;
use crate::store::logon_facts::{Asked, Who};
use crate::store::logons::Wanted;
use decision::account::TrasaId;
use decision::code::Given;
use protocol::encoding::Sha256;
use protocol::id::{LogonId, MachineId};
use protocol::v2::{LogonRequest, Method, PasswordState, Scenario, Session, Versions};
use std::net::IpAddr;

/// What was asked, beyond what finds the facts.
#[derive(Debug, Clone)]
pub struct Question {
    /// The method asked for.
    pub method: Method,
    /// The code as typed.
    pub code: Given,
    /// What Windows said of the password.
    pub password: PasswordState,
    /// What the person is doing.
    pub scenario: Scenario,
    /// Where the person sits.
    pub session: Session,
    /// The address that a remote client claims, where it is one.
    pub claimed_client: Option<IpAddr>,
    /// What runs on the machine.
    pub versions: Versions,
    /// Names this logon if it is decided now.
    pub short_code: String,
}

/// Reads a request.
///
/// # Errors
/// The field and what is wrong with it.
pub fn read(
    (machine, id, body_hash): (MachineId, LogonId, Sha256),
    request: LogonRequest,
    source: IpAddr,
    short_code: String,
) -> Result<(Wanted, Question), String> {
    let name = names::read_account(&request.account)?;
    names::check_versions(&request.versions)?;
    let who = match &request.trasa_id {
        None => Who::NotAsked,
        // Whatever people type there: it is nobody's name, and it is written down nowhere.
        Some(text) => TrasaId::parse(text).map_or(Who::Nobody, Who::Called),
    };
    let question = Question {
        method: request.method,
        code: Given::read(request.code.as_ref().map(|code| code.as_str())),
        password: request.password,
        scenario: request.scenario,
        session: request.session,
        claimed_client: request.claimed_client.as_deref().and_then(|text| text.parse().ok()),
        versions: request.versions,
        short_code,
    };
    let asked = Asked { machine, account: request.account, name, who };
    Ok((Wanted { id, body_hash, asked, password: question.password, source }, question))
}
