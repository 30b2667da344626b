//! Why a server's address gave no answer: which certificate it shows, and whether the clock may be at
//! fault. Asked only after a failure, to explain it.

use crate::panel::Panel;
use agent::exchange::{ANSWER_LIMIT, CONNECT_LIMIT};
use agent::ports::{
    Address, Cancelled, Deadlines, HttpAnswer, HttpRequest, Method, TlsExpectation, TransportError,
};
use agent::texts;
use protocol::encoding::Sha256;
use protocol::v2::path;

/// What was found at an address that is of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Nothing answers.
    Nothing {
        /// The address.
        address: Address,
        /// Why.
        why: TransportError,
    },
    /// Windows does not trust the certificate.
    Certificate {
        /// The address.
        address: Address,
        /// SHA-256 of the key in it, where it could be seen.
        key: Option<Sha256>,
        /// Days since it ended, by this computer's clock, where it has ended.
        ended_days: Option<i64>,
    },
}

impl Finding {
    /// A sentence.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Nothing { address, why } => format!("{address}: {}.", texts::address_failure(why)),
            Self::Certificate { address, key: Some(key), .. } => {
                format!("{address}: Windows does not trust its certificate, whose key is {key}.")
            }
            Self::Certificate { address, key: None, .. } => {
                format!("{address}: {}.", texts::address_failure(&TransportError::Tls { code: 0 }))
            }
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn explanation(&self) -> Vec<String> {
        let Self::Certificate { address, key, ended_days } = self else { return Vec::new() };
        let mut lines = Vec::new();
        if let Some(days) = ended_days {
            lines.push(format!(
                "By this computer's clock the certificate of {address} ended {days} days ago: renew it, or set the clock."
            ));
        }
        if let Some(key) = key {
            lines.push(format!(
                "The certificate of {address} has this key (SHA-256): {key}. If it is your server's own, tick Skip TLS verification, as the service profile page says: then the keys that the server signed for are good, and no other."
            ));
        }
        lines
    }
}

/// Looks at each address. `now` is this computer's clock, Unix seconds.
#[must_use]
pub fn diagnose(panel: &Panel, addresses: &[Address], cancelled: &dyn Cancelled) -> Vec<Finding> {
    let look = |address: &Address| {
        if cancelled.is_cancelled() {
            return None;
        }
        match ask(panel, address, &TlsExpectation::MachineStore { last_seen: None }, cancelled) {
            Ok(_) => None,
            Err(TransportError::Tls { .. }) => {
                // Nothing secret is sent: the list of server keys is public.
                let shown = ask(panel, address, &TlsExpectation::FirstContact, cancelled).ok();
                let now = panel.services.clock.unix_seconds();
                Some(Finding::Certificate {
                    address: address.clone(),
                    key: shown.as_ref().map(|answer| answer.tls_key),
                    ended_days: shown.and_then(|answer| ended_days(answer.certificate_ends?, now)),
                })
            }
            Err(TransportError::Cancelled) => None,
            Err(why) => Some(Finding::Nothing { address: address.clone(), why }),
        }
    };
    addresses.iter().filter_map(look).collect()
}

fn ended_days(end: i64, now: i64) -> Option<i64> {
    const DAY_SECS: i64 = 86_400;
    let over = now.checked_sub(end)?;
    (over > 0).then(|| over.saturating_add(DAY_SECS - 1) / DAY_SECS)
}

fn ask(
    panel: &Panel,
    address: &Address,
    tls: &TlsExpectation,
    cancelled: &dyn Cancelled,
) -> Result<HttpAnswer, TransportError> {
    let request = HttpRequest {
        method: Method::Get,
        path_and_query: path::KEYS.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    let deadlines = Deadlines { connect: CONNECT_LIMIT, total: ANSWER_LIMIT };
    panel.services.transport.exchange(address, tls, &request, deadlines, cancelled)
}

#[cfg(test)]
mod tests {
    use super::{Finding, diagnose, ended_days};
    use crate::testing::Fixture;
    use agent::ports::{Address, Never, TransportError};

    #[test]
    fn an_untrusted_certificate_is_shown_with_its_key() {
        let fixture = Fixture::new();
        let panel = fixture.panel();
        let address = Address::parse("one.example.com").expect("an address");
        let addresses = [address.clone()];
        assert_eq!(diagnose(&panel, &addresses, &Never), [], "nothing is wrong");
        *fixture.world.server.trusted.lock().expect("lock") = false;
        let found = diagnose(&panel, &addresses, &Never);
        let [Finding::Certificate { key: Some(key), .. }] = &found[..] else { unreachable!("{found:?}") };
        assert!(found[0].text().contains(&key.to_string()));
        assert!(found[0].explanation().iter().any(|line| line.contains("Skip TLS verification")));
        let nothing = Finding::Nothing { address, why: TransportError::NameResolution };
        assert!(nothing.text().contains("could not be resolved") && nothing.explanation().is_empty());
    }

    #[test]
    fn days_since_a_certificate_ended() {
        for (end, now, days) in [
            (100, 50, None),
            (100, 100, None),
            (100, 101, Some(1)),
            (0, 86_400, Some(1)),
            (0, 86_401, Some(2)),
        ] {
            assert_eq!(ended_days(end, now), days, "{end} {now}");
        }
    }
}
