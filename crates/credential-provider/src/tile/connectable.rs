//! IConnectableCredentialProviderCredential: the exchange, while LogonUI shows a busy line and a Cancel button.
//! <https://learn.microsoft.com/windows/win32/api/credentialprovider/nn-credentialprovider-iconnectablecredentialprovidercredential>.

use super::credential::Tile_Impl;
use crate::com::interfaces::{IConnectableCredentialProviderCredential_Impl, IQueryContinueWithStatus};
use crate::com::{Fault, guard};
use agent::logon::{Event, Field, View};
use core::ffi::c_void;
use core::time::Duration;
use windows::Win32::Foundation::S_OK;
use windows_core::{HRESULT, HSTRING, Interface, PCWSTR};

/// How often LogonUI is asked whether the person gave up.
const POLL: Duration = Duration::from_millis(100);

impl IConnectableCredentialProviderCredential_Impl for Tile_Impl {
    /// Always `S_OK` once the work is done, also where nobody may pass: GetSerialization follows and says so.
    unsafe fn Connect(&self, progress: *mut c_void) -> HRESULT {
        self.act("Connect", || {
            // SAFETY: null or LogonUI's, by the contract of this method, and good until it returns.
            let progress = unsafe { IQueryContinueWithStatus::from_raw_borrowed(&progress) };
            let mut line = BusyLine { progress: progress.ok_or(Fault::NullPointer)?, said: String::new() };
            let session = self.stage.session();
            session.handle(Event::Submit);
            loop {
                session.tick();
                self.stage.flush();
                line.say(&session.view());
                if !session.wait(POLL) {
                    return Ok(());
                }
                if line.is_given_up() {
                    session.handle(Event::Cancel);
                }
            }
        })
    }

    unsafe fn Disconnect(&self) -> HRESULT {
        // For dial-up providers; there is nothing that stays connected here.
        guard("Disconnect", || Err(Fault::Unsupported))
    }
}

/// LogonUI's busy line.
struct BusyLine<'a> {
    progress: &'a IQueryContinueWithStatus,
    said: String,
}

impl BusyLine<'_> {
    /// Says what is going on, where that changed.
    fn say(&mut self, view: &View) {
        let Some(text) = busy_text(view).filter(|text| *text != self.said) else { return };
        let wide = HSTRING::from(text.as_str());
        // SAFETY: LogonUI's object on the thread of its own call; the text is zero-terminated and lives over the call.
        let _ = unsafe { self.progress.SetStatusMessage(PCWSTR(wide.as_ptr())) };
        self.said = text;
    }

    fn is_given_up(&self) -> bool {
        // SAFETY: LogonUI's object on the thread of its own call.
        unsafe { self.progress.QueryContinue() != S_OK }
    }
}

/// The busy line covers the tile on some versions of Windows, so the number stands in it too.
fn busy_text(view: &View) -> Option<String> {
    let status = view.status.as_ref()?;
    let number = view.field(Field::Number);
    Some(if number.shown { format!("{}  -  {}", number.text, status.text) } else { status.text.clone() })
}
