//! WinHTTP's error numbers in the words of the port.

use agent::ports::TransportError;
use windows::Win32::Networking::WinHttp::{
    ERROR_WINHTTP_CLIENT_AUTH_CERT_NEEDED, ERROR_WINHTTP_CONNECTION_ERROR,
    ERROR_WINHTTP_INVALID_SERVER_RESPONSE, ERROR_WINHTTP_NAME_NOT_RESOLVED, ERROR_WINHTTP_RESEND_REQUEST,
    ERROR_WINHTTP_SECURE_CERT_CN_INVALID, ERROR_WINHTTP_SECURE_CERT_DATE_INVALID,
    ERROR_WINHTTP_SECURE_CERT_REV_FAILED, ERROR_WINHTTP_SECURE_CERT_REVOKED,
    ERROR_WINHTTP_SECURE_CERT_WRONG_USAGE, ERROR_WINHTTP_SECURE_CHANNEL_ERROR, ERROR_WINHTTP_SECURE_FAILURE,
    ERROR_WINHTTP_SECURE_FAILURE_PROXY, ERROR_WINHTTP_SECURE_INVALID_CA, ERROR_WINHTTP_SECURE_INVALID_CERT,
    ERROR_WINHTTP_TIMEOUT,
};

/// How far the exchange was when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// No certificate has been compared: nothing but connection and TLS can be the matter.
    Connecting,
    /// The server was reached; what fails now is its answer.
    Talking,
}

/// What this error means in this phase.
pub(super) fn meaning(code: u32, phase: Phase) -> TransportError {
    match code {
        ERROR_WINHTTP_NAME_NOT_RESOLVED => TransportError::NameResolution,
        ERROR_WINHTTP_TIMEOUT => TransportError::Timeout,
        ERROR_WINHTTP_SECURE_FAILURE
        | ERROR_WINHTTP_SECURE_FAILURE_PROXY
        | ERROR_WINHTTP_SECURE_CHANNEL_ERROR
        | ERROR_WINHTTP_SECURE_INVALID_CA
        | ERROR_WINHTTP_SECURE_INVALID_CERT
        | ERROR_WINHTTP_SECURE_CERT_CN_INVALID
        | ERROR_WINHTTP_SECURE_CERT_DATE_INVALID
        | ERROR_WINHTTP_SECURE_CERT_REVOKED
        | ERROR_WINHTTP_SECURE_CERT_REV_FAILED
        | ERROR_WINHTTP_SECURE_CERT_WRONG_USAGE
        | ERROR_WINHTTP_CLIENT_AUTH_CERT_NEEDED => TransportError::Tls { code },
        _ => match phase {
            Phase::Connecting => TransportError::Connect,
            Phase::Talking => TransportError::Malformed,
        },
    }
}

/// Whether a kept connection may just have been closed by the server meanwhile.
pub(super) fn may_be_stale_connection(code: u32) -> bool {
    matches!(
        code,
        ERROR_WINHTTP_CONNECTION_ERROR | ERROR_WINHTTP_RESEND_REQUEST | ERROR_WINHTTP_INVALID_SERVER_RESPONSE
    )
}
