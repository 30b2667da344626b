//! Tests of the decision. `World` is a fleet in which everything is right; each test changes a few
//! things in it and says what comes out.

mod checks;
mod factor;
mod order;
mod v1;
mod watching;

use super::{Access, Decision, Effects, Facts, LogonRequest, Machine, Service, TotpDevice, User, decide};
use crate::account::{Account, Domain, Pattern};
use crate::code::{Algorithm, Code, Given, TotpSecret, step_at};
use crate::limits::{CounterChange, CounterOf, Guesses};
use crate::mode::Mode;
use crate::policy::{Methods, Policy, Zone};
use alloc::collections::BTreeSet;
use core::net::IpAddr;
use protocol::reason::Reason;
use protocol::v2::{AccountKind, Method, PasswordState, Session};
use std::vec;

/// Tuesday, 24 November 2026, 09:00 UTC.
const NOW: i64 = 1_795_510_800;

#[derive(Clone)]
struct World {
    request: LogonRequest,
    facts: Facts,
    now: i64,
}

impl World {
    /// The user bat may be CORP\bat; has one device; sits at the machine with the right code.
    fn new() -> Self {
        Self {
            request: LogonRequest {
                account: account("bat"),
                method: Method::Totp,
                code: Given::Code(secret(1).code_at(step_at(NOW))),
                password: Some(PasswordState::Verified),
                session: Some(Session::Console),
                source: address("192.0.2.7"),
            },
            facts: Facts {
                service: Service::Active(Mode::Guard),
                machine: Machine::Approved,
                pass_through: false,
                bypass_until: None,
                user: Some(User {
                    enabled: true,
                    accesses: vec![access(r"CORP\bat", None)],
                    totp: vec![TotpDevice { secret: secret(1), last_step: None }],
                    guesses: Guesses::default(),
                }),
            },
            now: NOW,
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn user(&mut self) -> &mut User {
        self.facts.user.as_mut().expect("the world has a user")
    }

    fn decide(&self) -> Decision {
        decide(&self.request, &self.facts, self.now)
    }

    fn reason(&self) -> Reason {
        self.decide().outcome.reason()
    }

    /// Decides and applies the effects, as the store does.
    fn play(&mut self) -> Decision {
        let decision = self.decide();
        let now = self.now;
        self.apply(&decision.effects);
        if decision.effects.success_here {
            self.user().guesses.last_success_here = Some(now);
        }
        decision
    }

    fn apply(&mut self, effects: &Effects) {
        for CounterChange { counter, read, write } in &effects.counters {
            let stored = match counter {
                CounterOf::User => &mut self.user().guesses.user,
                CounterOf::UserAtMachine => &mut self.user().guesses.here,
                CounterOf::UserOverAddresses => &mut self.user().guesses.over_addresses,
            };
            assert_eq!(stored, read, "the change was made from what is stored");
            *stored = *write;
        }
        if let Some(step) = effects.step {
            let device = self.user().totp.get_mut(step.device).expect("a device of the user");
            assert_eq!(device.last_step, step.read);
            device.last_step = Some(step.write);
        }
    }

    /// A code that fits no step near now.
    fn type_wrong_code(&mut self) {
        let near = step_at(self.now) - 20..step_at(self.now) + 20;
        let wrong = ["000000", "111111", "222222"].map(|text| Code::parse(text).expect("six digits"));
        let wrong = wrong.into_iter().find(|code| near.clone().all(|step| secret(1).code_at(step) != *code));
        self.request.code = Given::Code(wrong.expect("three codes do not all fit"));
    }

    fn type_right_code(&mut self) {
        self.request.code = Given::Code(secret(1).code_at(step_at(self.now)));
    }
}

fn secret(seed: u8) -> TotpSecret {
    TotpSecret::new(&[seed; 20], Algorithm::Sha1).expect("long enough")
}

fn account(name: &str) -> Account {
    let names: BTreeSet<_> =
        ["CORP", "corp.example"].map(|name| Domain::parse(name).expect("a domain")).into();
    Account::new(AccountKind::Domain, name, names).expect("an account")
}

fn access(account: &str, policy: Option<Policy>) -> Access {
    Access { account: Pattern::parse(account).expect("a pattern"), policy, until: None }
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn at_hours(hours: &str) -> Policy {
    Policy { hours: vec![hours.parse().expect("hours")], zone: Zone::utc(), ..Policy::default() }
}

fn from_network(network: &str) -> Policy {
    Policy { networks: vec![network.parse().expect("a network")], ..Policy::default() }
}

fn by_methods(methods: Methods) -> Policy {
    Policy { methods, ..Policy::default() }
}

const PUSH: Methods = Methods { push: true, totp: false };
