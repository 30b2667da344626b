//! Requests, signed before anything is measured.

use crate::population::{DOMAIN_SID, Machine, Person, Population};
use anyhow::{Context as _, Result};
use protocol::encoding::Bytes;
use protocol::id::{LogonId, MachineId};
use protocol::signing::{self, Nonce, Parameters, SignedRequest, Signer, Tag};
use protocol::v2::{
    Account, AccountKind, DecisionResult, LogonRequest, Method, PasswordState, Scenario, Session, Versions,
    path,
};
use server::clock::now;
use server::random;
use std::fmt::Write as _;
use std::ops::Range;

/// One phase.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Clients at once, each with a machine and a connection of its own.
    pub clients: usize,
    /// Users that log on in it.
    pub users: usize,
}

impl Shape {
    /// With so many times fewer users, but one for each client.
    pub fn divided_by(self, times: usize) -> Self {
        Self { users: (self.users / times).max(self.clients), ..self }
    }
}

/// A request as it goes over the wire.
pub struct Prepared {
    pub bytes: Vec<u8>,
    /// What must come of it.
    pub expect: DecisionResult,
    /// What its answer is verified against.
    pub signed: SignedRequest,
    pub nonce: Nonce,
}

struct MachineSigner<'a>(&'a Machine);

impl Signer for MachineSigner<'_> {
    fn key_id(&self) -> String {
        let id: MachineId = self.0.id;
        id.to_string()
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.key.sign(message)
    }
}

/// For each client its requests in order: each user's wrong code, right code, wrong code, and the next
/// step's right code.
pub fn sign(population: &Population, shape: Shape, users: Range<usize>) -> Result<Vec<Vec<Prepared>>> {
    let people = population.people.get(users).context("too few users")?;
    let mut clients: Vec<Vec<Prepared>> = Vec::new();
    for number in 0..shape.clients {
        let machine = population.machines.get(number).context("too few machines")?;
        let mine: Vec<&Person> = people.iter().skip(number).step_by(shape.clients).collect();
        let mut requests = Vec::with_capacity(mine.len() * 4);
        for round in 0..2 {
            for person in &mine {
                let right = person.totp.generate(u64::try_from(now())? + round * 30).to_string();
                requests.push(prepared(machine, person, &wrong(person)?, DecisionResult::Deny)?);
                requests.push(prepared(machine, person, &right, DecisionResult::Allow)?);
            }
        }
        clients.push(requests);
    }
    Ok(clients)
}

/// Six digits that are no code from ten minutes ago until in ten minutes.
fn wrong(person: &Person) -> Result<String> {
    let now = u64::try_from(now())?;
    let near: Vec<String> =
        (0..40).map(|step| person.totp.generate(now - 600 + step * 30).to_string()).collect();
    let mut codes = (0..).map(|code| format!("{code:06}"));
    codes.find(|code| !near.contains(code)).context("every code is right")
}

fn prepared(machine: &Machine, person: &Person, code: &str, expect: DecisionResult) -> Result<Prepared> {
    let request = LogonRequest {
        account: Account {
            sid: Some(format!("{DOMAIN_SID}-1104")),
            domain: "ACME".to_owned(),
            dns_domain: Some("acme.example".to_owned()),
            name: person.name.clone(),
            kind: AccountKind::Domain,
        },
        trasa_id: Some(person.name.clone()),
        method: Method::Totp,
        code: Some(code.to_owned().into()),
        password: PasswordState::Verified,
        scenario: Scenario::Logon,
        session: Session::Console,
        claimed_client: None,
        versions: Versions { agent: "0.1.0".to_owned(), windows: "10.0.22631".to_owned() },
    };
    let body = serde_json::to_vec(&request)?;
    let target = path::logon(LogonId::new(random::bytes()?));
    let signer = MachineSigner(machine);
    let nonce = Bytes(random::bytes()?);
    let parameters = Parameters { created: now(), key_id: signer.key_id(), nonce, tag: Tag::Request };
    let (signed, headers) = signing::sign_request(("PUT", &target, ""), &body, &parameters, &signer);
    let mut head = format!("PUT {target} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n");
    for (name, value) in [
        (signing::CONTENT_DIGEST, &headers.content_digest),
        (signing::SIGNATURE_INPUT, &headers.signature_input),
        (signing::SIGNATURE, &headers.signature),
    ] {
        write!(head, "{name}: {value}\r\n")?;
    }
    write!(head, "content-length: {}\r\n\r\n", body.len())?;
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(&body);
    Ok(Prepared { bytes, expect, signed, nonce })
}
