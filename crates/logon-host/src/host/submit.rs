//! The press of the submit button, and what Windows says to what comes out.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use windows::Win32::System::Com::{COINIT_MULTITHREADED, CoInitializeEx, CoUninitialize};
use windows::Win32::UI::Shell::{IConnectableCredentialProviderCredential, IQueryContinueWithStatus};
use windows::core::Interface;

use super::com::{self, Serialization, Serialized};
use super::events::QueryContinue;
use super::library::braces;
use super::walk::{Summary, Walk};
use crate::codes;
use crate::kerb::{self, Kind, Unpacked};
use crate::output::Event;

/// CPGSR_RETURN_CREDENTIAL_FINISHED.
const CREDENTIAL_FINISHED: i32 = 2;
/// Words for CREDENTIAL_PROVIDER_GET_SERIALIZATION_RESPONSE.
const RESPONSES: [&str; 4] =
    ["not-finished", "no-credential-finished", "finished", "return-no-credential-finished"];
/// Words for CREDENTIAL_PROVIDER_STATUS_ICON.
const ICONS: [&str; 4] = ["none", "error", "warning", "success"];
/// No exchange lasts longer; a Connect that does not end by then hangs.
const CONNECT_LIMIT: Duration = Duration::from_secs(300);

/// A COM pointer on its way to another thread.
struct Carried<T>(T);

// SAFETY: LogonUI calls Connect and QueryContinue on a worker thread with the very pointers that it has; a provider must bear
// that, and our own objects do.
unsafe impl<T> Send for Carried<T> {}

fn word(words: &[&'static str], number: i32) -> &'static str {
    usize::try_from(number).ok().and_then(|it| words.get(it)).copied().unwrap_or("?")
}

impl Walk {
    /// Connect where LogonUI calls it, GetSerialization, Windows' answer, ReportResult.
    pub(super) fn submit(&mut self) -> Result<(), String> {
        let credential = self.credential()?;
        self.shared.output.mark();
        self.last.serialized = None;
        self.last.response = None;
        self.last.windows = None;
        self.told(None, 0);
        self.shared.set_cancel(self.cancel.take());
        self.shared.begin_submit();
        if self.scenario.connects()
            && let Ok(connectable) = credential.cast::<IConnectableCredentialProviderCredential>()
        {
            let code = self.connect(connectable)?;
            self.heard("Connect", code);
            let status = self.shared.status();
            self.told(Some(&status), 0);
            if code < 0 {
                self.shared.set_cancel(None);
                return self.follow_changes();
            }
        }
        self.shared.set_cancel(None);
        let (code, serialized) = com::get_serialization(&credential, false);
        self.heard("GetSerialization", code);
        let bytes = self.note(&serialized);
        if !bytes {
            self.picture_message(serialized.text.as_deref(), serialized.icon, "")?;
        }
        if code >= 0 && serialized.response == CREDENTIAL_FINISHED && bytes {
            self.ask_windows(&serialized.serialization)?;
        }
        self.follow_changes()
    }

    fn connect(&mut self, connectable: IConnectableCredentialProviderCredential) -> Result<i32, String> {
        let query: IQueryContinueWithStatus = QueryContinue(self.shared.clone()).into();
        let carried = Carried((connectable, query));
        let (sender, receiver) = mpsc::channel();
        let worker = std::thread::spawn(move || {
            let carried = carried;
            let Carried((connectable, query)) = carried;
            // SAFETY: the first COM call of a new thread.
            let initialized = unsafe { CoInitializeEx(None, COINIT_MULTITHREADED) };
            let code = com::connect(&connectable, Some(&query));
            drop((connectable, query));
            if initialized.is_ok() {
                // SAFETY: balances the call above; no COM pointer is left on this thread.
                unsafe { CoUninitialize() };
            }
            // The walk may have given up waiting.
            let _nobody_waits = sender.send(code);
        });
        let begun = Instant::now();
        loop {
            match receiver.try_recv() {
                Ok(code) => {
                    let _panicked = worker.join();
                    self.picture_busy_ends()?;
                    return Ok(code);
                }
                Err(mpsc::TryRecvError::Disconnected) => {
                    return Err("the thread of Connect broke off".to_owned());
                }
                Err(mpsc::TryRecvError::Empty) if begun.elapsed() > CONNECT_LIMIT => {
                    return Err("Connect does not end".to_owned());
                }
                Err(mpsc::TryRecvError::Empty) => {
                    self.pump(Duration::from_millis(2));
                    self.picture_while_busy()?;
                }
            }
        }
    }

    /// Notes and prints what GetSerialization gave, without its secrets; says whether there was a credential.
    pub(super) fn note(&mut self, serialized: &Serialized) -> bool {
        let has_bytes = !serialized.serialization.bytes.is_empty();
        self.ever_serialized |= has_bytes;
        self.told(serialized.text.as_deref(), serialized.icon);
        self.last.response = Some(serialized.response);
        let summary = has_bytes.then(|| self.summary(&serialized.serialization));
        let mut event = Event::new("serialization")
            .with("response", word(&RESPONSES, serialized.response))
            .with("text", serialized.text.clone())
            .with("icon", word(&ICONS, serialized.icon));
        if let Some(summary) = &summary {
            event = event
                .with("package", serialized.serialization.package)
                .with("clsid", braces(&serialized.serialization.clsid))
                .with("bytes", serialized.serialization.bytes.len())
                .with("kind", summary.kind.map_or("unknown", Kind::word))
                .with("account", summary.account.as_str())
                .with("password", summary.password);
        }
        self.shared.output.event(event);
        self.last.serialized = summary;
        has_bytes
    }

    fn summary(&self, serialization: &Serialization) -> Summary {
        let Ok(unpacked) = kerb::unpack(&serialization.bytes) else {
            return Summary { kind: None, account: String::new(), password: "unreadable" };
        };
        let world = self.active.world();
        let (account, password) = match world.find_account(&unpacked.domain, &unpacked.user) {
            None => (format!("{}\\{}", unpacked.domain, unpacked.user), "no such account"),
            Some(index) if *world.accounts[index].password == *unpacked.password => {
                (world.accounts[index].qualified(), "matches")
            }
            Some(index) => (world.accounts[index].qualified(), "does not match"),
        };
        Summary { kind: Some(unpacked.kind), account, password }
    }

    fn ask_windows(&mut self, serialization: &Serialization) -> Result<(), String> {
        let by_accounts = match kerb::unpack(&serialization.bytes) {
            Err(_) => (codes::STATUS_UNSUCCESSFUL, 0),
            Ok(_) if !self.is_known_package(serialization.package) => (codes::STATUS_UNSUCCESSFUL, 0),
            Ok(unpacked) => self.windows_answer(&unpacked),
        };
        let (status, substatus) = self.next_result.take().unwrap_or(by_accounts);
        self.last.windows = Some((status, substatus));
        self.shared.output.event(
            Event::new("windows")
                .with("status", codes::status_name(status))
                .with("substatus", codes::status_name(substatus)),
        );
        self.report_result(status, substatus)?;
        if status == 0 {
            self.picture_welcome();
        } else {
            // The person has read Windows' message and is back at the tile.
            self.deselect()?;
            self.select(false)?;
        }
        Ok(())
    }

    fn is_known_package(&self, package: u32) -> bool {
        let negotiate = self.active.world().authentication_package;
        (negotiate..negotiate + 3).contains(&package)
    }

    fn windows_answer(&self, unpacked: &Unpacked) -> (i32, i32) {
        let Some(new) = &unpacked.new_password else {
            return self.active.world().windows_answer(&unpacked.domain, &unpacked.user, &unpacked.password);
        };
        self.shared.output.keep_secret(new);
        self.active.world_mut().change_password(&unpacked.domain, &unpacked.user, &unpacked.password, new)
    }

    pub(super) fn report_result(&mut self, status: i32, substatus: i32) -> Result<(), String> {
        let (code, (text, icon)) = com::report_result(&self.credential()?, status, substatus, false);
        self.heard("ReportResult", code);
        self.shared
            .output
            .event(Event::new("report").with("text", text.clone()).with("icon", word(&ICONS, icon)));
        self.told(text.as_deref(), icon);
        // A success is followed by the desktop, whatever the provider says to it.
        let own = if status == 0 { "" } else { codes::windows_words(status, substatus) };
        self.picture_message(text.as_deref().filter(|_| status != 0), icon, own)
    }

    /// The world's password of an account.
    pub(super) fn password_of(&self, account: &str) -> Result<zeroize::Zeroizing<String>, String> {
        let world = self.active.world();
        let (domain, name) = account.split_once('\\').unwrap_or(("", account));
        let index = world.find_account(domain, name).ok_or(format!("the world has no account {account}"))?;
        Ok(world.accounts[index].password.clone())
    }

    /// Whether this is what a logon with the account's own password would give.
    pub(super) fn is_right(&self, summary: &Summary) -> bool {
        matches!(summary.kind, Some(Kind::Logon | Kind::Unlock)) && summary.password == "matches"
    }
}
