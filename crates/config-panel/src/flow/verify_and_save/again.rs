//! Without a ServiceKey: the computer is known already, and only addresses, TLS verification or
//! offline users change.

use super::{Request, Verified, original};
use crate::console::{Failure, Field};
use crate::panel::Panel;
use agent::account::KnownAccount;
use agent::config::{self, Configuration, Learned, Link, LinkV2, Loaded, Usable, UsableLink};
use agent::exchange::{CallFailed, Client, Connection, FIRST_ANSWER_LIMIT};
use agent::ports::Cancelled;
use agent::{probation, report};

pub(super) fn verify(
    panel: &Panel,
    request: &Request,
    before: &Loaded,
    known: Vec<KnownAccount>,
    cancelled: &dyn Cancelled,
) -> Result<Verified, Failure> {
    let usable = before.usable.as_ref().filter(|usable| usable.configuration.protocol() == request.protocol);
    let Some((usable, link)) = usable.map(|usable| (usable, usable.link())) else {
        return Err(Failure::usage("Give the ServiceKey or a token on standard input.").at(Field::ServiceKey));
    };
    let same_service = match link {
        UsableLink::V1(link) => link.verified.service == request.service_id,
        UsableLink::V2(link) => link.admission.service.id.to_string() == request.service_id,
    };
    if !same_service {
        return Err(Failure::usage("Another service wants its own ServiceKey. Give it on standard input.")
            .at(Field::ServiceKey));
    }
    match link {
        UsableLink::V1(link) => {
            // Nobody who stands between may use the moment: another TLS key wants the ServiceKey again.
            let skipped = link.skip_tls_verification || usable.configuration.skip_tls_verification;
            let pinned = skipped.then_some(link.verified.tls_key);
            let key = (link.key, pinned);
            let verified = original::verify_with(panel, request, key, before, known, cancelled)?;
            let mut configuration = verified.configuration;
            if let Link::V1(now) = &mut configuration.link {
                now.id = link.verified.id;
            }
            Ok(Verified { configuration, save: config::save_changed, ..verified })
        }
        UsableLink::V2(link) => {
            let link = LinkV2 {
                servers: &request.servers,
                skip_tls_verification: request.skip_tls_verification,
                ..link
            };
            confirm(panel, usable, link, before, cancelled)?;
            let configuration = Configuration {
                servers: request.servers.iter().map(ToString::to_string).collect(),
                skip_tls_verification: request.skip_tls_verification,
                known_accounts: known,
                saved: panel.services.clock.unix_seconds(),
                ..usable.configuration.clone()
            };
            Ok(Verified { configuration, save: config::save_changed, clock_offset: None })
        }
    }
}

/// One report over the new addresses, signed with this computer's key. It tells how the computer is
/// and nothing that is to be told once; that stays with the report task.
fn confirm(
    panel: &Panel,
    usable: &Usable,
    link: LinkV2<'_>,
    before: &Loaded,
    cancelled: &dyn Cancelled,
) -> Result<(), Failure> {
    let services = &panel.services;
    let quiet = Learned { notices: Default::default(), ..usable.learned.clone() };
    let facts = report::Facts { safe_mode_boots: None, ..panel.report_facts() };
    let request = report::build(before, &quiet, &facts, probation::standing(services), Vec::new());
    let connection = Connection { link, versions: request.versions.clone() };
    let mut client = Client::new(services, connection, usable.learned.clone());
    let answer = client.report(&request, FIRST_ANSWER_LIMIT, cancelled);
    Learned::update(services, &usable.learned, client.learned());
    match answer {
        Ok(_) => Ok(()),
        Err(CallFailed::Unreachable(causes)) => Err(Failure::unreachable(&causes).at(Field::Server)),
        Err(failed) => Err(failed.into()),
    }
}
