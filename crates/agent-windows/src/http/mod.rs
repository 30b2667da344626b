//! HTTPS by WinHTTP, with the server's key compared before a body is sent (docs/adr/0003).
//!
//! One exchange is one blocking call on the caller's thread. Inside, WinHTTP runs asynchronously: its callback
//! (`callback`) writes what happened into the exchange's state, the caller's thread (`exchange`) waits for it and
//! in the ordinary course is the only one that closes handles. Sessions (`session`) are kept, one for each kind of
//! check, so that connections are reused.

mod answer;
mod callback;
mod certificate;
mod exchange;
mod failure;
mod proxy;
mod session;

use std::time::Instant;

use agent::ports::{
    Address, Cancelled, Deadlines, HttpAnswer, HttpRequest, TlsExpectation, Transport, TransportError,
};
use protocol::encoding::Sha256;

pub use proxy::machine_proxy;

use exchange::Attempt;
use session::{Checks, Sessions};

/// The transport of the agent: the machine's proxy and certificate store, TLS 1.2 or 1.3, no redirection, no
/// cookies, no authentication of its own accord, no decompression, certificates not looked up for revocation
/// (that would wait for other servers while a person waits).
#[derive(Default)]
pub struct WinHttp {
    sessions: Sessions,
}

impl WinHttp {
    /// Nothing is opened before the first exchange.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// Which keys may see the body, beside what WinHTTP itself checks.
#[derive(Debug, Clone, PartialEq, Eq)]
enum AcceptedKeys {
    Any,
    OneOf(Vec<Sha256>),
}

impl AcceptedKeys {
    fn accepts(&self, key: &Sha256) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(keys) => keys.contains(key),
        }
    }
}

impl Transport for WinHttp {
    fn exchange(
        &self,
        address: &Address,
        tls: &TlsExpectation,
        request: &HttpRequest,
        deadlines: Deadlines,
        cancelled: &dyn Cancelled,
    ) -> Result<HttpAnswer, TransportError> {
        let attempt = Attempt { address, request, deadlines, cancelled, begun: Instant::now() };
        match tls {
            TlsExpectation::FirstContact => attempt.run(&self.sessions, Checks::None, AcceptedKeys::Any),
            TlsExpectation::Pinned(keys) => {
                attempt.run(&self.sessions, Checks::None, AcceptedKeys::OneOf(keys.clone()))
            }
            TlsExpectation::MachineStore { last_seen } => {
                match (attempt.run(&self.sessions, Checks::All, AcceptedKeys::Any), last_seen) {
                    // Perhaps only the date is wrong. Relaxing nothing but the date finds out: every other fault
                    // fails again, and the key must be the known one.
                    (Err(TransportError::Tls { code }), Some(key)) => {
                        let known = AcceptedKeys::OneOf(vec![*key]);
                        match attempt.run(&self.sessions, Checks::AllButDate, known) {
                            Err(TransportError::UnexpectedKey(_)) => Err(TransportError::Tls { code }),
                            other => other,
                        }
                    }
                    (other, _) => other,
                }
            }
        }
    }
}
