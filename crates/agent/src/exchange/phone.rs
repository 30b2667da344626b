//! Waiting for the phone: long polls until it answered, the challenge expired or all is lost.

use super::call::Budget;
use super::client::Client;
use super::logon::{Asked, Judged, Outcome};
use super::signed::Call;
use super::{CONNECT_LIMIT, PHONE_LIMIT, REMOTE_PHONE_LIMIT};
use crate::logon::Progress;
use crate::ports::{Address, Cancelled, Method};
use core::time::Duration;
use protocol::reason::Reason;
use protocol::v2::{Challenge, Params, path};

/// Between two rounds in which nobody was there, or nobody wanted to wait.
const PAUSE: Duration = Duration::from_secs(1);

impl Client<'_> {
    pub(super) fn await_phone(
        &mut self,
        asked: &Asked<'_>,
        challenge: &Challenge,
        first: &Address,
        cancelled: &dyn Cancelled,
        progress: &mut dyn FnMut(Progress),
    ) -> Outcome {
        let limit = if asked.question.remote { REMOTE_PHONE_LIMIT } else { PHONE_LIMIT };
        let open = u64::try_from(challenge.expires.saturating_sub(challenge.time)).unwrap_or(0);
        let until = self.ticks() + limit.min(Duration::from_secs(open));
        progress(Progress::Phone { number: Some(challenge.number.clone()), until });
        // Whoever rang the phone is asked first.
        let mut addresses = self.addresses();
        addresses.sort_by_key(|address| address != first);
        loop {
            let now = self.ticks();
            // One last question after the end, so that an answer of the last moment is not lost.
            let is_last = now >= until;
            let mut causes = Vec::new();
            let mut pending = false;
            for address in &addresses {
                let left = until.saturating_sub(self.ticks());
                let wait = left.as_secs().min(u64::from(protocol::MAX_WAIT_SECS));
                let mut call = Call::new(Method::Get, path::logon(asked.id));
                call.query = format!("wait={wait}");
                let answer = Duration::from_secs(wait) + CONNECT_LIMIT + CONNECT_LIMIT;
                let budget = Budget { until: self.ticks() + answer, answer };
                match self.call_at(address, &call, budget, cancelled) {
                    Ok((answer, created)) => match self.judge(asked, answer, created) {
                        Judged::End(outcome) => return outcome,
                        Judged::Phone(_) | Judged::Pending => {
                            pending = true;
                            break;
                        }
                        Judged::None(cause) => causes.push((address.clone(), cause)),
                    },
                    Err(cause) if cause.is_cancel() => return Outcome::Cancelled,
                    Err(cause) => causes.push((address.clone(), cause)),
                }
            }
            if is_last {
                return if pending {
                    Outcome::Deny {
                        reason: Reason::PushExpired,
                        parameters: Params::new(),
                        short_code: challenge.short_code.clone(),
                    }
                } else {
                    Outcome::NoDecision(causes)
                };
            }
            // A server that drains answers at once.
            if self.ticks() < now + PAUSE {
                self.services.clock.sleep(PAUSE.min(until.saturating_sub(self.ticks())));
            }
        }
    }
}
