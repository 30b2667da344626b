//! Each address by itself: a logon is content with the first that answers, the check is not.

use crate::panel::Panel;
use agent::check::{Check, Line, Verdict};
use agent::config::{Learned, LinkV2};
use agent::exchange::{ANSWER_LIMIT, CONNECT_LIMIT};
use agent::keys::P256Verifier;
use agent::ports::{Address, Cancelled, Deadlines, HttpRequest, Method, TlsExpectation, TransportError};
use agent::texts;
use protocol::keys::KeyList;
use protocol::v2::{Answer, path};

/// What was found at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    /// Our server, in order.
    Server,
    /// Our server, with a certificate that only passes because its key is the one seen last.
    OutOfDate,
    /// Somebody without the keys of our server.
    Somebody,
    /// Nobody.
    Nothing(TransportError),
}

/// An address, and what was found there.
#[derive(Debug)]
pub(super) struct Look {
    address: Address,
    found: Found,
    certificate_ends: Option<i64>,
}

impl Look {
    /// The line about it.
    pub(super) fn line(&self) -> Line {
        line(&self.address, &self.found)
    }

    /// When the certificate that our server showed there ends, Unix seconds.
    pub(super) fn certificate_ends(&self) -> Option<i64> {
        self.certificate_ends.filter(|_| self.found == Found::Server)
    }
}

/// Looks at each address. Asks only for the public list of server keys, which wants no signature.
pub(super) fn look(
    panel: &Panel,
    link: LinkV2<'_>,
    learned: &Learned,
    cancelled: &dyn Cancelled,
) -> Vec<Look> {
    let asking = Asking { panel, link, list: learned.key_list(link.admission), learned, cancelled };
    let at = |address: &Address| {
        let (found, certificate_ends) = asking.find(address);
        Look { address: address.clone(), found, certificate_ends }
    };
    link.servers.iter().map(at).collect()
}

fn line(address: &Address, found: &Found) -> Line {
    let line = |check, verdict, text| Line { check, verdict, text };
    match found {
        Found::Server => line(Check::Server, Verdict::Good, format!("{address} answers.")),
        Found::OutOfDate => line(
            Check::Certificate,
            Verdict::Warns,
            format!(
                "{address}: the certificate is out of date, or the clock is wrong. It passes only because its key is known. Renew it (trasa-server cert renew)."
            ),
        ),
        Found::Somebody => line(
            Check::Server,
            Verdict::Warns,
            format!("{address}: something other than your TRASA server answers."),
        ),
        Found::Nothing(why @ (TransportError::Tls { .. } | TransportError::UnexpectedKey(_))) => {
            line(Check::Certificate, Verdict::Warns, format!("{address}: {}.", texts::address_failure(why)))
        }
        Found::Nothing(why) => {
            line(Check::Server, Verdict::Warns, format!("{address}: {}.", texts::address_failure(why)))
        }
    }
}

struct Asking<'a> {
    panel: &'a Panel,
    link: LinkV2<'a>,
    list: &'a KeyList,
    learned: &'a Learned,
    cancelled: &'a dyn Cancelled,
}

impl Asking<'_> {
    fn find(&self, address: &Address) -> (Found, Option<i64>) {
        let skip = self.link.skip_tls_verification;
        let strict = if skip {
            TlsExpectation::Pinned(self.list.tls.clone())
        } else {
            TlsExpectation::MachineStore { last_seen: None }
        };
        let last_seen = self.learned.tls_seen.get(&address.to_string()).copied();
        let found = match (self.ask(address, &strict), last_seen) {
            (Err(TransportError::Tls { code }), Some(key)) if !skip => {
                let known = TlsExpectation::MachineStore { last_seen: Some(key) };
                match self.ask(address, &known) {
                    Ok((true, _)) => Found::OutOfDate,
                    Ok((false, _)) => Found::Somebody,
                    Err(_) => Found::Nothing(TransportError::Tls { code }),
                }
            }
            (Ok((true, ends)), _) => return (Found::Server, ends),
            (Ok((false, _)), _) => Found::Somebody,
            (Err(why), _) => Found::Nothing(why),
        };
        (found, None)
    }

    /// Whether the key list at this address chains to our anchor, and when the certificate there ends.
    fn ask(&self, address: &Address, tls: &TlsExpectation) -> Result<(bool, Option<i64>), TransportError> {
        let request = HttpRequest {
            method: Method::Get,
            path_and_query: path::KEYS.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let deadlines = Deadlines { connect: CONNECT_LIMIT, total: ANSWER_LIMIT };
        let transport = &self.panel.services.transport;
        let answer = transport.exchange(address, tls, &request, deadlines, self.cancelled)?;
        let keys = match serde_json::from_slice(&answer.body) {
            Ok(Answer::Keys { keys }) => keys,
            _ => return Ok((false, None)),
        };
        let anchor = &self.link.admission.anchor;
        let chains = protocol::keys::follow(anchor, Some(self.list), &keys, P256Verifier::new).is_ok();
        Ok((chains, answer.certificate_ends))
    }
}

#[cfg(test)]
mod tests {
    use super::{Found, line};
    use agent::check::{Check, Verdict};
    use agent::ports::{Address, TransportError};
    use protocol::encoding::Bytes;

    #[test]
    fn each_address_has_its_line() {
        let address = Address::parse("one:8443").expect("an address");
        for (found, check, verdict) in [
            (Found::Server, Check::Server, Verdict::Good),
            (Found::OutOfDate, Check::Certificate, Verdict::Warns),
            (Found::Somebody, Check::Server, Verdict::Warns),
            (Found::Nothing(TransportError::Tls { code: 1 }), Check::Certificate, Verdict::Warns),
            (
                Found::Nothing(TransportError::UnexpectedKey(Bytes([1; 32]))),
                Check::Certificate,
                Verdict::Warns,
            ),
            (Found::Nothing(TransportError::Connect), Check::Server, Verdict::Warns),
        ] {
            let line = line(&address, &found);
            assert_eq!((line.check, line.verdict), (check, verdict), "{found:?}");
            assert!(line.text.starts_with("one:8443") && line.text.ends_with('.'), "{}", line.text);
        }
    }
}
