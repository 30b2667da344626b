//! Where a session meets LogonUI's event interfaces.
//!
//! Both interfaces belong to the thread that handed them in and are called on no other. Whatever changes elsewhere
//! waits for that thread: until it calls into the tile, or the tile's timer runs.

use super::screen::{Change, Screen};
use super::timer::Timer;
use crate::com::interfaces::{ICredentialProviderCredentialEvents, ICredentialProviderEvents};
use crate::com::{Fault, lock};
use crate::session::Session;
use agent::logon::Event;
use core::ffi::c_void;
use core::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use windows::Win32::System::Threading::GetCurrentThreadId;
use windows::Win32::UI::Shell::{
    CPFIS_FOCUSED, CPFS_DISPLAY_IN_BOTH, CPFS_DISPLAY_IN_SELECTED_TILE, CPFS_HIDDEN,
    CREDENTIAL_PROVIDER_FIELD_STATE,
};
use windows_core::{HSTRING, Interface, PCWSTR};

/// So many ticks of the timer lie between two looks at the network.
const TICKS_PER_NETWORK_LOOK: u32 = 20;

/// Rings for a new enumeration: ICredentialProviderEvents.
#[derive(Default)]
pub(crate) struct Bell {
    listener: Mutex<Option<Listener>>,
}

struct Listener {
    events: ICredentialProviderEvents,
    context: usize,
    thread: u32,
}

impl Bell {
    /// ICredentialProvider::Advise.
    ///
    /// # Safety
    /// `events` is null or an ICredentialProviderEvents.
    pub(crate) unsafe fn advise(&self, events: *mut c_void, context: usize) -> Result<(), Fault> {
        // SAFETY: the caller vouches for the pointer; a clone takes a reference of its own.
        let events =
            unsafe { ICredentialProviderEvents::from_raw_borrowed(&events) }.ok_or(Fault::NullPointer)?;
        let listener = Listener { events: events.clone(), context, thread: this_thread() };
        let former = lock(&self.listener).replace(listener);
        drop(former);
        Ok(())
    }

    /// ICredentialProvider::UnAdvise.
    pub(crate) fn unadvise(&self) {
        let former = lock(&self.listener).take();
        drop(former);
    }

    /// Asks LogonUI to enumerate again. False if that has to wait for another thread.
    fn ring(&self) -> bool {
        let (events, context) = match &*lock(&self.listener) {
            // Who is not listening enumerates anew in any case.
            None => return true,
            Some(listener) if listener.thread != this_thread() => return false,
            Some(listener) => (listener.events.clone(), listener.context),
        };
        // SAFETY: called on the thread that handed the interface in, with the context that came with it. No lock is
        // held: LogonUI may call back from here.
        let _ = unsafe { events.CredentialsChanged(context) };
        true
    }
}

/// A tile's session and what LogonUI shows of it.
pub(crate) struct Stage {
    session: Arc<Session>,
    bell: Arc<Bell>,
    screen: Mutex<Screen>,
    audience: Mutex<Option<Audience>>,
    ticks: AtomicU32,
}

struct Audience {
    events: ICredentialProviderCredentialEvents,
    /// The tile as LogonUI knows it. Not counted: the tile owns this stage, not the other way round.
    credential: *mut c_void,
    thread: u32,
    _timer: Option<Timer>,
}

impl Stage {
    #[expect(
        clippy::arc_with_non_send_sync,
        reason = "the count must be atomic, LogonUI picks its threads; its interfaces are used on their own"
    )]
    pub(crate) fn new(session: Arc<Session>, bell: Arc<Bell>) -> Arc<Self> {
        let screen = Mutex::new(Screen::of(&session.view()));
        Arc::new(Self { session, bell, screen, audience: Mutex::new(None), ticks: AtomicU32::new(0) })
    }

    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// The screen, to note what the person did to it.
    pub(super) fn note(&self, change: impl FnOnce(&mut Screen)) {
        change(&mut lock(&self.screen));
    }

    /// ICredentialProviderCredential::Advise: LogonUI asks for every field after it, so it shows the view of now.
    ///
    /// # Safety
    /// `events` is null or an ICredentialProviderCredentialEvents; `credential` is the tile that owns this stage.
    pub(super) unsafe fn open(
        self: &Arc<Self>,
        events: *mut c_void,
        credential: *mut c_void,
    ) -> Result<(), Fault> {
        // SAFETY: the caller vouches for the pointer; a clone takes a reference of its own.
        let events = unsafe { ICredentialProviderCredentialEvents::from_raw_borrowed(&events) }
            .ok_or(Fault::NullPointer)?;
        self.close();
        let _ = (self.session.take_blanks(), self.session.take_stale());
        *lock(&self.screen) = Screen::of(&self.session.view());
        let timer = Timer::start(self);
        let audience = Audience { events: events.clone(), credential, thread: this_thread(), _timer: timer };
        *lock(&self.audience) = Some(audience);
        Ok(())
    }

    /// ICredentialProviderCredential::UnAdvise.
    pub(super) fn close(&self) {
        let former = lock(&self.audience).take();
        drop(former);
    }

    /// Draws what changed, and rings if LogonUI is to enumerate again. Elsewhere than on the tile's thread: nothing.
    pub(super) fn flush(&self) {
        let Some((events, credential)) = self.audience_here() else { return };
        let emptied = self.session.take_blanks();
        for field in &emptied {
            // SAFETY: on the thread that handed the interface in; the text is static and zero-terminated.
            let _ = unsafe { events.SetFieldString(credential, field.id(), windows_core::w!("")) };
        }
        if self.session.take_stale() || !emptied.is_empty() {
            let changes = lock(&self.screen).update(&self.session.view(), &emptied);
            for change in changes {
                apply(&events, credential, &change);
            }
        }
        if self.session.take_ring() && !self.bell.ring() {
            self.session.ring_later();
        }
    }

    /// The timer ran.
    pub(super) fn tick(&self) {
        if self.ticks.fetch_add(1, Ordering::Relaxed).is_multiple_of(TICKS_PER_NETWORK_LOOK) {
            let up = self.session.agent().services().network.is_up();
            self.session.handle(Event::Network(up));
        }
        self.session.tick();
        self.flush();
    }

    fn audience_here(&self) -> Option<(ICredentialProviderCredentialEvents, *mut c_void)> {
        let audience = lock(&self.audience);
        let here = audience.as_ref().filter(|audience| audience.thread == this_thread())?;
        Some((here.events.clone(), here.credential))
    }
}

/// How a field is shown, in LogonUI's terms.
pub(super) fn field_state(field: agent::logon::Field, shown: bool) -> CREDENTIAL_PROVIDER_FIELD_STATE {
    match (shown, field.is_shown_when_deselected()) {
        (false, _) => CPFS_HIDDEN,
        (true, false) => CPFS_DISPLAY_IN_SELECTED_TILE,
        (true, true) => CPFS_DISPLAY_IN_BOTH,
    }
}

/// One call. What LogonUI says to it changes nothing: it is drawn or it is not.
fn apply(events: &ICredentialProviderCredentialEvents, credential: *mut c_void, change: &Change) {
    // SAFETY (all of them): on the thread that handed the interface in, with the tile that it belongs to; texts are
    // zero-terminated and live over the call. No lock is held: LogonUI may call back from here.
    let _ = match change {
        Change::Shown(field, shown) => {
            let state = field_state(*field, *shown);
            // SAFETY: see above.
            unsafe { events.SetFieldState(credential, field.id(), state) }
        }
        Change::Text(field, text) => {
            let text = HSTRING::from(text.as_str());
            // SAFETY: see above.
            unsafe { events.SetFieldString(credential, field.id(), PCWSTR(text.as_ptr())) }
        }
        Change::Method(method) => {
            let field = agent::logon::Field::Method.id();
            // SAFETY: see above.
            unsafe { events.SetFieldComboBoxSelectedItem(credential, field, method.index()) }
        }
        Change::SubmitBeside(field) => {
            let submit = agent::logon::Field::Submit.id();
            // SAFETY: see above.
            unsafe { events.SetFieldSubmitButton(credential, submit, field.id()) }
        }
        Change::Focus(field) => {
            // SAFETY: see above.
            unsafe { events.SetFieldInteractiveState(credential, field.id(), CPFIS_FOCUSED) }
        }
    };
}

fn this_thread() -> u32 {
    // SAFETY: takes nothing and cannot fail.
    unsafe { GetCurrentThreadId() }
}
