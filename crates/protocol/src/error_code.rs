//! Error codes: why a request led to no decision.

use crate::reason::codes;
use serde::{Deserialize, Serialize};

codes! {
    /// Why a request was refused before any decision. In a signed answer each is a refusal, except
    /// `unknown_machine` with a valid receipt, which counts as no decision.
    ErrorCode {
        /// The body or the path is not what the protocol says; parameter `detail`.
        BadRequest = "bad_request",
        /// Nothing is served at this path with this method.
        NotFound = "not_found",
        /// The body is longer than [`crate::MAX_BODY_BYTES`].
        TooLarge = "too_large",
        /// No signature, or not in the profile.
        SignatureMissing = "signature_missing",
        /// The signature does not verify.
        SignatureInvalid = "signature_invalid",
        /// Neither row nor tombstone; parameter `receipt` is true where a valid receipt was shown.
        UnknownMachine = "unknown_machine",
        /// The machine was removed.
        MachineRevoked = "machine_revoked",
        /// The machine waits for an administrator's approval.
        MachineWaiting = "machine_waiting",
        /// No service has this id, or the key does not belong to it: one answer for both.
        ServiceRefused = "service_refused",
        /// The service was deleted.
        ServiceDeleted = "service_deleted",
        /// The token has been used as often as it may.
        TokenSpent = "token_spent",
        /// The token's last day is over.
        TokenExpired = "token_expired",
        /// The service admits by another way; parameter `admit`.
        AdmissionClosed = "admission_closed",
        /// This key pair was revoked and is never admitted again.
        KeyRevoked = "key_revoked",
        /// The logon id was used with another body.
        IdReused = "id_reused",
        /// No logon of this machine has this id.
        LogonUnknown = "logon_unknown",
        /// Only an agent that is approved and not armed may ask this.
        CheckRefused = "check_refused",
        /// Too many requests of this kind; parameter `wait_secs`.
        RateLimited = "rate_limited",
    }
}
