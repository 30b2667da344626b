//! One exchange, step by step.

use core::ffi::c_void;
use core::time::Duration;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use agent::ports::{Address, Cancelled, Deadlines, HttpAnswer, HttpRequest, TransportError};
use protocol::encoding::Sha256;
use windows::Win32::Networking::WinHttp::{
    WINHTTP_ADDREQ_FLAG_ADD, WINHTTP_AUTOLOGON_SECURITY_LEVEL_HIGH, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS,
    WINHTTP_DISABLE_AUTHENTICATION, WINHTTP_DISABLE_COOKIES, WINHTTP_DISABLE_KEEP_ALIVE,
    WINHTTP_DISABLE_REDIRECTS, WINHTTP_FLAG_ESCAPE_DISABLE, WINHTTP_FLAG_ESCAPE_DISABLE_QUERY,
    WINHTTP_FLAG_SECURE, WINHTTP_OPTION_AUTOLOGON_POLICY, WINHTTP_OPTION_CLIENT_CERT_CONTEXT,
    WINHTTP_OPTION_CONTEXT_VALUE, WINHTTP_OPTION_DISABLE_FEATURE, WINHTTP_OPTION_SECURITY_FLAGS,
    WINHTTP_QUERY_FLAG_NUMBER, WINHTTP_QUERY_RAW_HEADERS_CRLF, WINHTTP_QUERY_STATUS_CODE,
    WinHttpAddRequestHeaders, WinHttpCloseHandle, WinHttpConnect, WinHttpOpenRequest, WinHttpQueryHeaders,
    WinHttpReadData, WinHttpReceiveResponse, WinHttpSendRequest, WinHttpSetOption, WinHttpSetStatusCallback,
    WinHttpSetTimeouts, WinHttpWriteData,
};
use windows::core::PCWSTR;
use zeroize::Zeroizing;

use super::AcceptedKeys;
use super::answer;
use super::callback::{READ_CHUNK, Shared, Step, on_status};
use super::certificate::ServerCertificate;
use super::failure::{Phase, may_be_stale_connection, meaning};

use super::session::{Checks, Session, Sessions};
use crate::module_pin;
use crate::wide::{Wide, text_until_zero};
use crate::win_error;

/// How often the waiting thread asks whether the person gave up.
const ASK_EVERY: Duration = Duration::from_millis(100);
/// No server of ours sends more; in bytes, for the raw head of an answer.
const MAX_HEAD_BYTES: u32 = 32 * 1024;

/// What is sent, to whom, and for how long it may take.
pub(super) struct Attempt<'a> {
    pub(super) address: &'a Address,
    pub(super) request: &'a HttpRequest,
    pub(super) deadlines: Deadlines,
    pub(super) cancelled: &'a dyn Cancelled,
    pub(super) begun: Instant,
}

/// An error, and whether the connection was one that had been kept.
struct Failure {
    error: TransportError,
    stale: bool,
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self { error, stale: false }
    }
}

impl Attempt<'_> {
    /// Runs the exchange; a kept connection that turns out to be dead is replaced once.
    pub(super) fn run(
        &self,
        sessions: &Sessions,
        checks: Checks,
        accepted: AcceptedKeys,
    ) -> Result<HttpAnswer, TransportError> {
        match self.once(sessions, checks, accepted.clone()) {
            Err(Failure { stale: true, .. }) => {
                sessions.forget(checks);
                self.once(sessions, checks, accepted).map_err(|failure| failure.error)
            }
            other => other.map_err(|failure| failure.error),
        }
    }

    fn once(
        &self,
        sessions: &Sessions,
        checks: Checks,
        accepted: AcceptedKeys,
    ) -> Result<HttpAnswer, Failure> {
        module_pin::pin();
        let session = sessions.session(checks).map_err(|_| TransportError::Connect)?;
        let connection = Connection::open(&session, self.address)?;
        let exchange = Exchange {
            attempt: self,
            begun: Instant::now(),
            shared: Shared::new(accepted, Zeroizing::new(self.request.body.clone())),
        };
        exchange.open(&connection, checks)?;
        let outcome = exchange.walk();
        exchange.shared.close();
        outcome
    }

    fn left(&self) -> Duration {
        self.deadlines.total.saturating_sub(self.begun.elapsed())
    }
}

/// A WinHTTP connection handle (which connects nothing by itself), closed on drop.
struct Connection(*mut c_void);

impl Connection {
    fn open(session: &Session, address: &Address) -> Result<Self, TransportError> {
        let host = Wide::new(address.host()).ok_or(TransportError::NameResolution)?;
        // SAFETY: the session is open while we hold it; the name ends with a zero and is copied.
        let handle = unsafe { WinHttpConnect(session.raw(), host.as_pcwstr(), address.port(), 0) };
        if handle.is_null() { Err(TransportError::Connect) } else { Ok(Self(handle)) }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: opened by us, closed here only; open requests keep what they need.
        let _only_fails_when_closed = unsafe { WinHttpCloseHandle(self.0) };
    }
}

struct Exchange<'a> {
    attempt: &'a Attempt<'a>,
    /// The connect deadline counts from here, the total one from the attempt's beginning.
    begun: Instant,
    shared: Arc<Shared>,
}

impl Exchange<'_> {
    /// Opens the request handle and sets everything that must stand before it is sent.
    fn open(&self, connection: &Connection, checks: Checks) -> Result<(), TransportError> {
        let request = self.attempt.request;
        let wide = |text: &str| Wide::new(text).ok_or(TransportError::Malformed);
        let (verb, path) = (wide(request.method.as_str())?, wide(&request.path_and_query)?);
        // SAFETY: the connection is open; the strings end with a zero and are copied; no accept types are listed.
        let handle = unsafe {
            WinHttpOpenRequest(
                connection.0,
                verb.as_pcwstr(),
                path.as_pcwstr(),
                PCWSTR::null(),
                PCWSTR::null(),
                core::ptr::null(),
                WINHTTP_FLAG_SECURE | WINHTTP_FLAG_ESCAPE_DISABLE | WINHTTP_FLAG_ESCAPE_DISABLE_QUERY,
            )
        };
        if handle.is_null() {
            return Err(TransportError::Connect);
        }
        self.shared.adopt(handle);
        let set_up = self.set_options(checks).and_then(|()| self.add_headers());
        if set_up.is_err() {
            self.shared.close();
        }
        set_up
    }

    fn set_options(&self, checks: Checks) -> Result<(), TransportError> {
        let mut features =
            WINHTTP_DISABLE_COOKIES | WINHTTP_DISABLE_REDIRECTS | WINHTTP_DISABLE_AUTHENTICATION;
        // What nobody vouched for is not kept for a later request (Wine has one pool for all sessions).
        if checks == Checks::AllButDate
            || *self.shared.accepted() == AcceptedKeys::Any && checks == Checks::None
        {
            features |= WINHTTP_DISABLE_KEEP_ALIVE;
        }
        self.set_option(WINHTTP_OPTION_DISABLE_FEATURE, features)?;
        self.set_option(WINHTTP_OPTION_AUTOLOGON_POLICY, WINHTTP_AUTOLOGON_SECURITY_LEVEL_HIGH)?;
        if checks.security_flags() != 0 {
            self.set_option(WINHTTP_OPTION_SECURITY_FLAGS, checks.security_flags())?;
        }
        let deadlines = self.attempt.deadlines;
        let connect = milliseconds(deadlines.connect.min(self.attempt.left()));
        let rest = milliseconds(self.attempt.left());
        self.call(Phase::Connecting, |handle| {
            // A server that asks for a client certificate is told that there is none. Wine lacks the option's null form;
            // such a server is none of ours, so a failure here changes nothing.
            // SAFETY: the handle is open inside `call`; null is this option's "no certificate".
            let _ = unsafe { WinHttpSetOption(Some(handle), WINHTTP_OPTION_CLIENT_CERT_CONTEXT, None) };
            // SAFETY: as above; plain numbers.
            unsafe { WinHttpSetTimeouts(handle, connect, connect, rest, rest) }
        })?;
        self.give_share_to_callback()
    }

    fn set_option(&self, option: u32, value: u32) -> Result<(), TransportError> {
        self.call(Phase::Connecting, |handle| {
            // SAFETY: the handle is open inside `call`; these options take a DWORD.
            unsafe { WinHttpSetOption(Some(handle), option, Some(&value.to_ne_bytes())) }
        })
    }

    /// From here on WinHTTP holds a share of the state, until HANDLE_CLOSING.
    fn give_share_to_callback(&self) -> Result<(), TransportError> {
        let share = Arc::into_raw(Arc::clone(&self.shared));
        let context = share.expose_provenance();
        let set = self.call(Phase::Connecting, |handle| {
            // SAFETY: the handle is open inside `call`; the option takes a pointer's worth of bytes.
            unsafe {
                WinHttpSetOption(Some(handle), WINHTTP_OPTION_CONTEXT_VALUE, Some(&context.to_ne_bytes()))
            }
        });
        if let Err(error) = set {
            // SAFETY: the share was made above and WinHTTP did not take it.
            drop(unsafe { Arc::from_raw(share) });
            return Err(error);
        }
        self.call(Phase::Connecting, |handle| {
            // SAFETY: the handle is open inside `call`; `on_status` stays mapped because the module is pinned. The
            // previous callback, none, is of no interest, and neither is the "invalid" value: without a callback the
            // exchange ends by its deadline.
            let _previous = unsafe {
                WinHttpSetStatusCallback(handle, Some(on_status), WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0)
            };
            Ok(())
        })
    }

    fn add_headers(&self) -> Result<(), TransportError> {
        for (name, value) in &self.attempt.request.headers {
            let visible = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
            if !visible(name) || !visible(value) {
                return Err(TransportError::Malformed);
            }
            let line: Vec<u16> = format!("{name}: {value}").encode_utf16().collect();
            self.call(Phase::Connecting, |handle| {
                // SAFETY: the handle is open inside `call`; the line is copied.
                unsafe { WinHttpAddRequestHeaders(handle, &line, WINHTTP_ADDREQ_FLAG_ADD) }
            })?;
        }
        Ok(())
    }

    /// Send the head, compare the key, send the body, take the answer.
    fn walk(&self) -> Result<HttpAnswer, Failure> {
        let connecting = Phase::Connecting;
        let body_length = u32::try_from(self.shared.body().len()).map_err(|_| TransportError::Malformed)?;
        let context = Arc::as_ptr(&self.shared).expose_provenance();
        self.start(connecting, |handle| {
            // SAFETY: the handle is open inside `start`; there is no body yet, only its length; the context is the same
            // share that the option holds.
            unsafe { WinHttpSendRequest(handle, None, None, 0, body_length, context) }
        })?;
        self.finish(connecting, Step::Sent)?;
        let (tls_key, certificate_ends) = self.compare_key()?;

        let talking = Phase::Talking;
        if body_length > 0 {
            self.start(talking, |handle| {
                // SAFETY: the handle is open inside `start`; the body lives in the shared state, whose share WinHTTP
                // keeps until the handle is gone. Asynchronous, so the count is not asked for.
                unsafe {
                    WinHttpWriteData(
                        handle,
                        Some(self.shared.body().as_ptr().cast()),
                        body_length,
                        core::ptr::null_mut(),
                    )
                }
            })?;
            self.finish(talking, Step::Written)?;
        }
        self.start(talking, |handle| {
            // SAFETY: the handle is open inside `start`.
            unsafe { WinHttpReceiveResponse(handle, core::ptr::null_mut()) }
        })?;
        self.finish(talking, Step::Headers)?;
        let status = self.status()?;
        let headers = answer::headers(&self.raw_head()?);
        let body = self.body()?;
        Ok(HttpAnswer { status, headers, body, tls_key, certificate_ends })
    }

    /// The comparison that counts: not one byte of the body has left, and without a key none will.
    fn compare_key(&self) -> Result<(Sha256, Option<i64>), TransportError> {
        let certificate = self.shared.with_handle(|handle| {
            // SAFETY: the handle is open inside `with_handle`.
            unsafe { ServerCertificate::of_request(handle) }
        });
        if let Some(refused) = self.shared.progress().refused {
            return Err(TransportError::UnexpectedKey(refused));
        }
        // No certificate: what answered is a proxy that did not let us through.
        let certificate = certificate.flatten().ok_or(TransportError::Connect)?;
        let key = certificate.key_hash().ok_or(TransportError::Connect)?;
        if self.shared.accepted().accepts(&key) {
            Ok((key, certificate.ends()))
        } else {
            Err(TransportError::UnexpectedKey(key))
        }
    }

    fn status(&self) -> Result<u16, TransportError> {
        let mut status = 0u32;
        let mut size = 4u32;
        self.call(Phase::Talking, |handle| {
            // SAFETY: the handle is open inside `call`; a number is asked for, and `status` has room for it.
            unsafe {
                WinHttpQueryHeaders(
                    handle,
                    WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER,
                    PCWSTR::null(),
                    Some((&raw mut status).cast()),
                    &raw mut size,
                    core::ptr::null_mut(),
                )
            }
        })?;
        u16::try_from(status).ok().filter(|it| (100..=999).contains(it)).ok_or(TransportError::Malformed)
    }

    fn raw_head(&self) -> Result<String, TransportError> {
        let mut units = vec![0u16; MAX_HEAD_BYTES as usize / 2];
        let mut size = MAX_HEAD_BYTES;
        self.call(Phase::Talking, |handle| {
            // SAFETY: the handle is open inside `call`; the buffer has `size` bytes.
            unsafe {
                WinHttpQueryHeaders(
                    handle,
                    WINHTTP_QUERY_RAW_HEADERS_CRLF,
                    PCWSTR::null(),
                    Some(units.as_mut_ptr().cast()),
                    &raw mut size,
                    core::ptr::null_mut(),
                )
            }
        })?;
        Ok(text_until_zero(&units))
    }

    fn body(&self) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        loop {
            let chunk = u32::try_from(READ_CHUNK).unwrap_or(0);
            self.start(Phase::Talking, |handle| {
                // SAFETY: the handle is open inside `start`; the buffer has READ_CHUNK bytes, lives in the shared state
                // until the handle is gone, and nobody else touches it before READ_COMPLETE.
                unsafe {
                    WinHttpReadData(handle, self.shared.read_buffer().cast(), chunk, core::ptr::null_mut())
                }
            })?;
            let Step::Read(read) = self.wait(Phase::Talking)? else {
                return Err(TransportError::Malformed.into());
            };
            if read == 0 {
                return Ok(body);
            }
            if read > READ_CHUNK || body.len() + read > protocol::MAX_BODY_BYTES {
                return Err(TransportError::TooLarge.into());
            }
            // SAFETY: READ_COMPLETE said that so many bytes are written, at most READ_CHUNK; no read is under way.
            let chunk = unsafe { core::slice::from_raw_parts(self.shared.read_buffer(), read) };
            body.extend_from_slice(chunk);
        }
    }

    /// A call that is over when it returns.
    fn call(
        &self,
        phase: Phase,
        call: impl FnOnce(*mut c_void) -> windows::core::Result<()>,
    ) -> Result<(), TransportError> {
        match self.shared.with_handle(call) {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => Err(meaning(win_error::code_of(&error), phase)),
            None => Err(self.why_closed()),
        }
    }

    /// A call that begins a step; it may fail at once.
    fn start(
        &self,
        phase: Phase,
        call: impl FnOnce(*mut c_void) -> windows::core::Result<()>,
    ) -> Result<(), Failure> {
        self.shared.progress().step = None;
        match self.shared.with_handle(call) {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => Err(self.failure(win_error::code_of(&error), phase)),
            None => Err(self.why_closed().into()),
        }
    }

    fn finish(&self, phase: Phase, expected: Step) -> Result<(), Failure> {
        if self.wait(phase)? == expected { Ok(()) } else { Err(TransportError::Malformed.into()) }
    }

    /// Waits for the end of the step that was begun, a deadline, or the person's patience.
    fn wait(&self, phase: Phase) -> Result<Step, Failure> {
        let attempt = self.attempt;
        let mut progress = self.shared.progress();
        loop {
            if let Some(refused) = progress.refused {
                return Err(TransportError::UnexpectedKey(refused).into());
            }
            match progress.step {
                Some(Step::Failed(code)) => {
                    drop(progress);
                    return Err(self.failure(code, phase));
                }
                Some(step) => return Ok(step),
                None => {}
            }
            if attempt.cancelled.is_cancelled() {
                return Err(TransportError::Cancelled.into());
            }
            let mut left = attempt.left();
            if progress.connected.is_none() {
                left = left.min(attempt.deadlines.connect.saturating_sub(self.begun.elapsed()));
            }
            if left.is_zero() {
                return Err(TransportError::Timeout.into());
            }
            progress = self
                .shared
                .changed()
                .wait_timeout(progress, left.min(ASK_EVERY))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn failure(&self, code: u32, phase: Phase) -> Failure {
        let progress = self.shared.progress();
        if let Some(refused) = progress.refused {
            return TransportError::UnexpectedKey(refused).into();
        }
        Failure { error: meaning(code, phase), stale: !progress.connecting && may_be_stale_connection(code) }
    }

    fn why_closed(&self) -> TransportError {
        self.shared.progress().refused.map_or(TransportError::Cancelled, TransportError::UnexpectedKey)
    }
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        self.shared.close();
    }
}

/// For WinHTTP, to which zero means "for ever".
fn milliseconds(time: Duration) -> i32 {
    i32::try_from(time.as_millis()).unwrap_or(i32::MAX).max(1)
}
