//! One walk: a provider, its tile, and what was last heard of them.

use std::path::PathBuf;
use std::sync::Arc;

use windows::Win32::System::Com::{COINIT_APARTMENTTHREADED, CoInitializeEx};
use windows::Win32::UI::Shell::{ICredentialProvider, ICredentialProviderCredential};
use windows::core::GUID;

use super::com::{Count, Incoming};
use super::library::{self, Library};
use super::pictures::{Gallery, Pictures};
use super::shared::Shared;
use crate::codes;
use crate::output::{Event, Output};
use crate::redirect::{self, Active};
use crate::script::{Cancel, Line, Scenario};
use crate::world::World;

/// What a walk needs.
#[derive(Clone)]
pub struct Options {
    /// The provider.
    pub clsid: String,
    /// Its DLL; the registered one when absent.
    pub dll: Option<PathBuf>,
    /// The filter: a CLSID, `none`, or whatever is registered or offered by the DLL.
    pub filter: Option<String>,
    /// Usage scenario.
    pub scenario: Scenario,
    /// The world.
    pub world: World,
    /// The script.
    pub script: Vec<Line>,
    /// JSON lines.
    pub json: bool,
    /// Random walks pass null pointers too.
    pub nulls: bool,
}

/// How a walk ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// To its end, with every expectation met.
    Walked,
    /// At this line, or before the first one.
    Failed {
        /// The script's line.
        line: Option<usize>,
        /// Why.
        reason: String,
    },
}

/// A walk under way.
pub(super) struct Walk {
    pub(super) shared: Arc<Shared>,
    pub(super) active: &'static Active,
    pub(super) clsid: GUID,
    pub(super) filter: FilterChoice,
    pub(super) library: Option<Library>,
    pub(super) provider: Option<ICredentialProvider>,
    pub(super) credential: Option<ICredentialProviderCredential>,
    pub(super) scenario: Scenario,
    pub(super) flags: u32,
    pub(super) incoming: Option<Incoming>,
    pub(super) started: bool,
    pub(super) advised: bool,
    pub(super) selected: bool,
    pub(super) last: Last,
    /// The account name that was typed last, for `$password`.
    pub(super) typed_account: Option<String>,
    pub(super) cancel: Option<Cancel>,
    pub(super) next_result: Option<(i32, i32)>,
    pub(super) filtered: Vec<(String, bool)>,
    /// Some call returned a credential.
    pub(super) ever_serialized: bool,
    /// Submits that auto-logon caused in a row.
    pub(super) automatic: u32,
    /// After leaving: the DLL said that it can be unloaded.
    pub(super) left_clean: bool,
    /// Pictures, if there are to be some.
    pub(super) pictures: Option<Pictures>,
}

/// Which filter takes part.
#[derive(Debug, Clone)]
pub(super) enum FilterChoice {
    None,
    Clsid(GUID),
    /// The registered ones, and the DLL's own.
    Found,
}

/// What was last heard.
#[derive(Default)]
pub(super) struct Last {
    pub(super) hresult: i32,
    pub(super) status: String,
    pub(super) icon: i32,
    pub(super) response: Option<i32>,
    pub(super) serialized: Option<Summary>,
    pub(super) windows: Option<(i32, i32)>,
    pub(super) count: Count,
}

/// A credential without its secrets.
#[derive(Debug, Clone)]
pub(super) struct Summary {
    pub(super) kind: Option<crate::kerb::Kind>,
    /// `DOMAIN\name` of the world's account, or the names as they were.
    pub(super) account: String,
    pub(super) password: &'static str,
}

/// Walks the whole script, and draws what is seen if there is a gallery.
pub fn run(options: Options, gallery: Option<Gallery>) -> Outcome {
    if let Err(reason) = initialize() {
        return Outcome::Failed { line: None, reason };
    }
    let output = Output::new(options.json);
    let script = options.script.clone();
    let outcome = match Walk::new(options, output.clone()) {
        Ok(mut walk) => {
            walk.pictures = gallery.map(Pictures::new);
            walk.all(&script)
        }
        Err(reason) => Outcome::Failed { line: None, reason },
    };
    let end = Event::new("end");
    output.event(match &outcome {
        Outcome::Walked => end.with("result", "walked"),
        Outcome::Failed { line, reason } => {
            end.with("result", "failed").with("failed_line", *line).with("reason", reason.as_str())
        }
    });
    outcome
}

/// COM on this thread, which is LogonUI's: a single-threaded apartment with a message loop.
pub(super) fn initialize() -> Result<(), String> {
    // SAFETY: the first COM call of this thread.
    unsafe { CoInitializeEx(None, COINIT_APARTMENTTHREADED) }.ok().map_err(|error| error.to_string())
}

impl Walk {
    pub(super) fn new(options: Options, output: Output) -> Result<Self, String> {
        for account in &options.world.accounts {
            output.keep_secret(&account.password);
        }
        let clsid = library::parse_guid(&options.clsid).ok_or(format!("{} is no CLSID", options.clsid))?;
        let filter = match options.filter.as_deref() {
            None => FilterChoice::Found,
            Some("none") => FilterChoice::None,
            Some(text) => {
                FilterChoice::Clsid(library::parse_guid(text).ok_or(format!("{text} is no CLSID"))?)
            }
        };
        let active = redirect::activate(options.world, false);
        if options.scenario == Scenario::Rdp {
            active.world_mut().session.kind = crate::world::SessionKind::Remote;
        }
        let dll = match options.dll {
            Some(dll) => dll,
            None => library::registered(&clsid, "Credential Providers")?,
        };
        let library = Library::load(&dll)?;
        output.event(
            Event::new("load")
                .with("dll", dll.display().to_string())
                .with("clsid", library::braces(&clsid))
                .with("redirected", library.redirected),
        );
        let mut walk = Self {
            shared: Shared::new(output),
            active,
            clsid,
            filter,
            library: Some(library),
            provider: None,
            credential: None,
            scenario: options.scenario,
            flags: 0,
            incoming: None,
            started: false,
            advised: false,
            selected: false,
            last: Last::default(),
            typed_account: None,
            cancel: None,
            next_result: None,
            filtered: Vec::new(),
            ever_serialized: false,
            automatic: 0,
            left_clean: false,
            pictures: None,
        };
        walk.create()?;
        Ok(walk)
    }

    /// CoCreateInstance, as it were.
    pub(super) fn create(&mut self) -> Result<(), String> {
        let library = self.library.as_ref().ok_or("the DLL is not loaded")?;
        match library.create(&self.clsid) {
            Ok(provider) => {
                self.provider = Some(provider);
                self.heard("CreateInstance", 0);
                Ok(())
            }
            Err(code) => {
                self.heard("CreateInstance", code);
                Err(format!("the DLL gives no provider: {}", codes::hresult_name(code)))
            }
        }
    }

    fn all(&mut self, script: &[Line]) -> Outcome {
        let mut failed = None;
        for line in script {
            if let Err(reason) = self.line(line) {
                failed = Some(Outcome::Failed { line: Some(line.number), reason });
                break;
            }
        }
        self.leave();
        failed.unwrap_or(Outcome::Walked)
    }

    pub(super) fn provider(&self) -> Result<ICredentialProvider, String> {
        self.provider.clone().ok_or_else(|| "there is no provider".to_owned())
    }

    pub(super) fn credential(&self) -> Result<ICredentialProviderCredential, String> {
        self.credential.clone().ok_or_else(|| "there is no tile".to_owned())
    }

    /// Notes and prints the HRESULT of a call.
    pub(super) fn heard(&mut self, method: &str, code: i32) {
        self.last.hresult = code;
        let event = Event::new("call").with("method", method);
        self.shared.output.event(event.with("hresult", codes::hresult_name(code)).with("code", code));
    }

    /// Notes the provider's words.
    pub(super) fn told(&mut self, text: Option<&str>, icon: i32) {
        self.last.icon = icon;
        text.unwrap_or_default().clone_into(&mut self.last.status);
    }

    /// Everything that was held is given back, in LogonUI's order, and the DLL is unloaded.
    pub(super) fn leave(&mut self) {
        self.release();
        let Some(library) = self.library.take() else {
            return;
        };
        let code = self.wait_until_unloadable(&library);
        self.heard("DllCanUnloadNow", code);
        self.left_clean = code == codes::S_OK;
        let unloaded = self.left_clean && library.unload();
        let event = Event::new("unload").with("can_unload", self.left_clean);
        self.shared.output.event(event.with("unloaded", unloaded));
    }

    /// Gives back every object, in LogonUI's order.
    pub(super) fn release(&mut self) {
        if let Some(credential) = self.credential.take() {
            if self.selected {
                let code = super::com::set_deselected(&credential);
                self.heard("SetDeselected", code);
            }
            let code = super::com::credential_unadvise(&credential);
            self.heard("ICredentialProviderCredential::UnAdvise", code);
        }
        if let Some(provider) = self.provider.take()
            && self.advised
        {
            let code = super::com::unadvise(&provider);
            self.heard("UnAdvise", code);
        }
        self.advised = false;
        self.selected = false;
        self.incoming = None;
        self.pump(std::time::Duration::from_millis(20));
        self.shared.take_changed();
    }

    /// COM asks again every ten minutes; here a worker that is about to end gets two seconds.
    fn wait_until_unloadable(&self, library: &Library) -> i32 {
        let mut code = library.can_unload_now();
        for _ in 0..100 {
            if code == codes::S_OK {
                break;
            }
            self.pump(std::time::Duration::from_millis(20));
            code = library.can_unload_now();
        }
        code
    }
}
