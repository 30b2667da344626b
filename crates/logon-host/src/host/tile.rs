//! From a created provider to a selected tile, and again after CredentialsChanged.

use std::time::{Duration, Instant};

use windows::Win32::UI::Shell::{ICredentialProviderCredentialEvents, ICredentialProviderEvents};
use windows::Win32::UI::WindowsAndMessaging::{
    DispatchMessageW, MSG, PM_REMOVE, PeekMessageW, TranslateMessage,
};

use super::com::{self, Descriptor};
use super::events::{CredentialEvents, ProviderEvents};
use super::library::braces;
use super::walk::Walk;
use crate::codes::{self, S_OK};
use crate::fields::Field;
use crate::output::Event;

/// More automatic submits in a row than any provider means.
const MOST_AUTOMATIC: u32 = 8;
/// CREDENTIAL_PROVIDER_NO_DEFAULT.
const NO_DEFAULT: u32 = u32::MAX;

impl Walk {
    /// Brings the tile up, if it is not.
    pub(super) fn start(&mut self) -> Result<(), String> {
        if self.started {
            return Ok(());
        }
        self.started = true;
        self.shared.output.mark();
        self.run_filter()?;
        let provider = self.provider()?;
        let code = com::set_usage_scenario(&provider, self.scenario.cpus(), self.flags);
        self.heard("SetUsageScenario", code);
        if code != S_OK {
            // Windows leaves the provider out. That is an answer, not a fault.
            return Ok(());
        }
        if let Some(incoming) = &mut self.incoming {
            let code = com::set_serialization(&provider, Some(incoming));
            self.heard("SetSerialization", code);
        }
        self.hand_over_users()?;
        self.advise()?;
        self.read_descriptors()?;
        self.enumerate()
    }

    pub(super) fn advise(&mut self) -> Result<(), String> {
        let provider = self.provider()?;
        let events: ICredentialProviderEvents = ProviderEvents(self.shared.clone()).into();
        let code = com::advise(&provider, Some(&events));
        self.advised = code == S_OK;
        self.heard("Advise", code);
        Ok(())
    }

    fn read_descriptors(&mut self) -> Result<(), String> {
        let provider = self.provider()?;
        let (code, count) = com::field_count(&provider, false);
        self.heard("GetFieldDescriptorCount", code);
        let mut fields = Vec::new();
        for index in 0..count.min(256) {
            let (code, descriptor) = com::descriptor(&provider, index, false);
            let Some(Descriptor { id, kind, label, guid }) = descriptor.filter(|_| code == S_OK) else {
                self.heard("GetFieldDescriptorAt", code);
                return Err(format!("field {index} of {count} has no descriptor"));
            };
            fields.push(Field { id, kind, label, guid: braces(&guid), ..Field::default() });
        }
        *self.shared.fields() = fields;
        Ok(())
    }

    /// GetCredentialCount, and the tile anew.
    pub(super) fn enumerate(&mut self) -> Result<(), String> {
        let provider = self.provider()?;
        if let Some(old) = self.credential.take() {
            let code = com::credential_unadvise(&old);
            self.heard("ICredentialProviderCredential::UnAdvise", code);
        }
        self.selected = false;
        let (code, count) = com::credential_count(&provider, false);
        self.heard("GetCredentialCount", code);
        self.last.count = count;
        let default = (count.default != NO_DEFAULT && count.default < count.count).then_some(count.default);
        self.shared.output.event(
            Event::new("enumerated")
                .with("count", count.count)
                .with("default", default)
                .with("auto_logon", count.auto_logon),
        );
        if code != S_OK || count.count == 0 {
            return Ok(());
        }
        let (code, credential) = com::credential_at(&provider, default.unwrap_or(0), false);
        self.heard("GetCredentialAt", code);
        let Some(credential) = credential else {
            return Err(format!("GetCredentialAt gave no credential: {}", codes::hresult_name(code)));
        };
        self.credential = Some(credential);
        self.credential_advise()?;
        self.read_fields()?;
        self.select(count.auto_logon && default.is_some())
    }

    pub(super) fn credential_advise(&mut self) -> Result<(), String> {
        let events: ICredentialProviderCredentialEvents = CredentialEvents(self.shared.clone()).into();
        let code = com::credential_advise(&self.credential()?, Some(&events));
        self.heard("ICredentialProviderCredential::Advise", code);
        Ok(())
    }

    fn read_fields(&mut self) -> Result<(), String> {
        let credential = self.credential()?;
        // Not while the fields are locked: the provider may call back.
        let mut fields = self.shared.fields_now();
        for field in &mut fields {
            com::read_field(&credential, field);
        }
        *self.shared.fields() = fields;
        Ok(())
    }

    /// SetSelected; submits when the provider asks for auto-logon, here or at the enumeration.
    pub(super) fn select(&mut self, auto_logon: bool) -> Result<(), String> {
        let (code, auto_selected) = com::set_selected(&self.credential()?, false);
        self.heard("SetSelected", code);
        self.selected = true;
        if !auto_logon && !auto_selected {
            self.automatic = 0;
            return Ok(());
        }
        self.automatic += 1;
        if self.automatic > MOST_AUTOMATIC {
            return Err("the provider asks for auto-logon without end".to_owned());
        }
        self.submit()
    }

    /// SetDeselected, then what a deselected tile says.
    pub(super) fn deselect(&mut self) -> Result<(), String> {
        let code = com::set_deselected(&self.credential()?);
        self.heard("SetDeselected", code);
        self.selected = false;
        Ok(())
    }

    /// Handles the messages of this thread for that long; providers may post to it.
    pub(super) fn pump(&self, time: Duration) {
        let until = Instant::now() + time;
        loop {
            let mut message = MSG::default();
            // SAFETY: the place is ours.
            while unsafe { PeekMessageW(&raw mut message, None, 0, 0, PM_REMOVE) }.as_bool() {
                // SAFETY: the message was just taken.
                let _translated = unsafe { TranslateMessage(&raw const message) };
                // SAFETY: as above.
                unsafe { DispatchMessageW(&raw const message) };
            }
            if Instant::now() >= until {
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Follows CredentialsChanged, as LogonUI's message loop does.
    pub(super) fn follow_changes(&mut self) -> Result<(), String> {
        self.pump(Duration::ZERO);
        let mut followed = 0;
        while self.started && self.advised && self.shared.take_changed() {
            followed += 1;
            if followed > MOST_AUTOMATIC {
                return Err("the provider changes its credentials without end".to_owned());
            }
            self.enumerate()?;
            self.pump(Duration::ZERO);
        }
        Ok(())
    }
}
