//! The panel's window.

use super::ask;
use super::dialog::{Dialog, module};
use super::paint::{self, Font, Icon, Tone};
use super::trial;
use super::worker::{Heard, WM_WORKER, Worker};
use crate::console::{Exit, Failure, Field};
use crate::dialog::form::Form;
use crate::dialog::ids;
use crate::dialog::job::{self, Done, Job, Outcome};
use crate::dialog::model::{Action, Event, Model};
use crate::dialog::view::{View, field, note};
use crate::secret::SecretText;
use crate::windows::panel;
use core::cell::{Cell, RefCell};
use std::collections::VecDeque;
use windows::Win32::Foundation::{HWND, LPARAM, WPARAM};
use windows::Win32::Graphics::Gdi::HDC;
use windows::Win32::UI::Controls::{
    ICC_PROGRESS_CLASS, ICC_STANDARD_CLASSES, INITCOMMONCONTROLSEX, InitCommonControlsEx,
};
use windows::Win32::UI::WindowsAndMessaging::{
    BN_CLICKED, DialogBoxParamW, EN_CHANGE, EN_SETFOCUS, EndDialog, GWLP_USERDATA, GetDlgCtrlID,
    GetWindowLongPtrW, SW_SHOWNORMAL, SetForegroundWindow, SetWindowLongPtrW, ShowWindow, WM_APP, WM_COMMAND,
    WM_CTLCOLORSTATIC, WM_DPICHANGED, WM_INITDIALOG,
};
use windows::core::PCWSTR;

/// The window is up: to the front, whatever whoever started the program wished for it.
const WM_SHOWN: u32 = WM_APP + 1;
/// Windows laid the dialog out anew, for a screen of another resolution.
const WM_RESIZED: u32 = WM_APP + 2;

/// Longest text of a field, in UTF-16 units.
const MOST_TYPED: usize = 4096;

/// Shows the panel until it is closed.
pub(super) fn show() -> Exit {
    let classes = INITCOMMONCONTROLSEX {
        dwSize: u32::try_from(size_of::<INITCOMMONCONTROLSEX>()).unwrap_or(0),
        dwICC: ICC_PROGRESS_CLASS | ICC_STANDARD_CLASSES,
    };
    // SAFETY: the structure lives over the call.
    let _has_them = unsafe { InitCommonControlsEx(&raw const classes) };
    let (model, first) = Model::new();
    let shell = Shell {
        dialog: Cell::new(Dialog(HWND::default())),
        model: RefCell::new(model),
        shown: RefCell::new(None),
        worker: RefCell::new(None),
        events: RefCell::new(VecDeque::new()),
        is_handling: Cell::new(false),
        first: RefCell::new(first),
        icons: RefCell::new(Vec::new()),
        state_icon: RefCell::new(None),
        headline: RefCell::new(None),
    };
    let template = PCWSTR(core::ptr::without_provenance(usize::from(ids::PANEL)));
    let place = LPARAM((&raw const shell).addr().cast_signed());
    // The address is taken here and nowhere else, so that it may be turned back into a reference.
    let _exposed = (&raw const shell).expose_provenance();
    // SAFETY: the template is a resource of this program; `shell` outlives the dialog, for the call returns only when
    // the dialog is gone.
    let ended = unsafe { DialogBoxParamW(module(), template, None, Some(on_message), place) };
    if ended > 0 { Exit::Ok } else { Exit::Refused }
}

/// Everything that belongs to the window. One thread, and Windows calls back in the middle of a call
/// of ours: so nothing is borrowed over such a call, and what happens meanwhile waits its turn.
struct Shell {
    dialog: Cell<Dialog>,
    model: RefCell<Model>,
    shown: RefCell<Option<View>>,
    worker: RefCell<Option<Worker<Outcome>>>,
    events: RefCell<VecDeque<Event>>,
    is_handling: Cell<bool>,
    first: RefCell<Vec<Action>>,
    icons: RefCell<Vec<Icon>>,
    state_icon: RefCell<Option<(u16, Icon)>>,
    headline: RefCell<Option<Font>>,
}

/// Windows' call for each message. 1: handled.
unsafe extern "system" fn on_message(window: HWND, message: u32, wparam: WPARAM, lparam: LPARAM) -> isize {
    if message == WM_INITDIALOG {
        // SAFETY: the window is ours and gives room for one pointer.
        unsafe { SetWindowLongPtrW(window, GWLP_USERDATA, lparam.0) };
    }
    // SAFETY: as above; zero before the first message.
    let place = unsafe { GetWindowLongPtrW(window, GWLP_USERDATA) };
    let shell = core::ptr::with_exposed_provenance::<Shell>(place.cast_unsigned());
    // SAFETY: null, or what `show` handed over, which lives for as long as the dialog and is only shared.
    let Some(shell) = (unsafe { shell.as_ref() }) else { return 0 };
    shell.on_message(Dialog(window), message, wparam, lparam)
}

impl Shell {
    fn on_message(&self, dialog: Dialog, message: u32, wparam: WPARAM, lparam: LPARAM) -> isize {
        match message {
            WM_INITDIALOG => {
                self.begin(dialog);
                // 0: the focus is where the panel put it.
                0
            }
            WM_SHOWN => {
                // SAFETY: the window is ours. Twice, for the first call obeys whoever started the program.
                let _was_visible = unsafe { ShowWindow(dialog.0, SW_SHOWNORMAL) };
                // SAFETY: as above.
                let _was_visible = unsafe { ShowWindow(dialog.0, SW_SHOWNORMAL) };
                // SAFETY: as above.
                let _may_be_refused = unsafe { SetForegroundWindow(dialog.0) };
                1
            }
            WM_DPICHANGED => {
                dialog.post(WM_RESIZED);
                // 0: Windows lays the controls out itself.
                0
            }
            WM_RESIZED => {
                self.measure(dialog);
                1
            }
            WM_WORKER => {
                self.hear();
                1
            }
            WM_COMMAND => self.command(low(wparam.0), u32::from(low(wparam.0 >> 16))),
            WM_CTLCOLORSTATIC => self.colour(wparam, lparam),
            _ => 0,
        }
    }

    fn begin(&self, dialog: Dialog) {
        self.dialog.set(dialog);
        self.icons.replace(paint::title_icons(dialog));
        for id in [ids::SERVICE_ID, ids::SERVICE_KEY, ids::SERVER, ids::OFFLINE] {
            dialog.limit(id, MOST_TYPED);
        }
        self.measure(dialog);
        let first = self.first.take();
        self.show();
        self.act(first);
        self.work_off();
        dialog.post(WM_SHOWN);
    }

    /// What depends on the size of the controls.
    fn measure(&self, dialog: Dialog) {
        self.headline.replace(paint::enlarge(dialog, ids::HEADLINE, ids::SERVICE_ID));
        if let Some((id, _)) = self.state_icon.take() {
            self.show_state_icon(dialog, id);
        }
    }

    fn show_state_icon(&self, dialog: Dialog, id: u16) {
        let icon = paint::show_icon(dialog, ids::STATE_ICON, id).map(|icon| (id, icon));
        // The old one goes only after the new one is shown.
        self.state_icon.replace(icon);
    }

    fn command(&self, id: u16, code: u32) -> isize {
        let dialog = self.dialog.get();
        let event = match (id, code) {
            (ids::SERVICE_KEY, EN_CHANGE) => Event::KeyTyped(dialog.length(id) > 0),
            (_, EN_CHANGE) => match field(id) {
                Some(field) => Event::Typed(field, dialog.text(id)),
                None => return 0,
            },
            (ids::NEWS | ids::STATE..=ids::PROBATION, EN_SETFOCUS) => {
                dialog.select_nothing(id);
                return 0;
            }
            (ids::SKIP_TLS, BN_CLICKED) => Event::SkipTls(dialog.is_ticked(id)),
            (ids::ORIGINAL, BN_CLICKED) => Event::Original(dialog.is_ticked(id)),
            (ids::SAVE | ids::IMPORT | ids::CHECK | ids::TRY | ids::ARM | ids::CANCEL, BN_CLICKED) => {
                Event::Pressed(id)
            }
            _ => return 0,
        };
        self.handle(event);
        1
    }

    /// Takes an event, or puts it behind those that are being handled.
    fn handle(&self, event: Event) {
        self.events.borrow_mut().push_back(event);
        self.work_off();
    }

    fn work_off(&self) {
        if self.is_handling.replace(true) {
            return;
        }
        loop {
            let Some(event) = self.events.borrow_mut().pop_front() else { break };
            let actions = self.model.borrow_mut().handle(event);
            self.show();
            self.act(actions);
        }
        self.is_handling.set(false);
    }

    fn act(&self, actions: Vec<Action>) {
        let dialog = self.dialog.get();
        for action in actions {
            match action {
                Action::Start(job) => self.start(job),
                Action::Cancel => {
                    if let Some(worker) = &*self.worker.borrow() {
                        worker.cancel();
                    }
                }
                Action::Ask(question) => {
                    let answer = ask::ask(dialog.0, question);
                    self.events.borrow_mut().push_back(Event::Answered(question, answer));
                }
                Action::ChooseFile => {
                    let chosen = ask::choose_file(dialog.0);
                    self.events.borrow_mut().push_back(Event::Chosen(chosen));
                }
                Action::Try => {
                    let outcome = trial::run(dialog).unwrap_or_else(|| self.broken());
                    self.events.borrow_mut().push_back(Event::Finished(Box::new(outcome)));
                }
                Action::Fill(form) => fill(dialog, &form),
                Action::ForgetKey => dialog.wipe(ids::SERVICE_KEY),
                Action::PutKey(key) => dialog.set_secret(ids::SERVICE_KEY, key.expose()),
                Action::Focus(id) => dialog.focus(id),
                Action::Announce => self.announce(dialog),
                Action::Close => {
                    // SAFETY: the dialog is ours and modal.
                    let _ends = unsafe { EndDialog(dialog.0, 1) };
                }
            }
        }
    }

    fn start(&self, job: Job) {
        let dialog = self.dialog.get();
        let key = match job {
            Job::Save { .. } => SecretText::optional(&dialog.secret(ids::SERVICE_KEY)),
            _ => None,
        };
        let worker = Worker::start(dialog.0, move |wire, cancelled| {
            wire.send(job::perform(job, key, &panel(), cancelled));
        });
        self.worker.replace(Some(worker));
    }

    fn hear(&self) {
        let heard = match &*self.worker.borrow() {
            Some(worker) => worker.hear(),
            None => return,
        };
        let outcome = match heard {
            Heard::Nothing => return,
            Heard::Message(outcome) => outcome,
            Heard::Gone => self.broken(),
        };
        self.worker.replace(None);
        self.handle(Event::Finished(Box::new(outcome)));
    }

    /// The worker ended without a word.
    fn broken(&self) -> Outcome {
        let failure = Failure::refused(
            "internal",
            "An internal error ended this. Look at the state above before you go on.",
        );
        Outcome { standing: self.model.borrow().standing().clone(), done: Done::Failed(failure.into()) }
    }

    fn announce(&self, dialog: Dialog) {
        dialog.alert(ids::HEADLINE);
        if let Some(view) = &*self.shown.borrow() {
            for (field, _) in view.notes.iter().filter(|(_, note)| note.is_problem) {
                dialog.alert(note(*field));
            }
        }
    }

    /// Copies to the controls what changed in the view.
    fn show(&self) {
        let view = self.model.borrow().view();
        let before = self.shown.replace(Some(view.clone()));
        let dialog = self.dialog.get();
        copy(dialog, before.as_ref(), &view);
        if before.as_ref().is_none_or(|before| before.icon != view.icon) {
            self.show_state_icon(dialog, view.icon);
        }
        if !dialog.has_focus_in_use() {
            dialog.focus(ids::CANCEL);
        }
    }

    fn colour(&self, wparam: WPARAM, lparam: LPARAM) -> isize {
        let control = HWND(core::ptr::without_provenance_mut(lparam.0.cast_unsigned()));
        // SAFETY: any window may be asked for its number.
        let id = u16::try_from(unsafe { GetDlgCtrlID(control) }).unwrap_or(0);
        let is_problem = |field: Field| {
            let shown = self.shown.borrow();
            shown.iter().flat_map(|view| &view.notes).any(|(other, note)| *other == field && note.is_problem)
        };
        let tone = match id {
            ids::NEWS => Tone::Paper,
            ids::SERVICE_ID_NOTE | ids::SERVICE_KEY_NOTE | ids::SERVER_NOTE | ids::OFFLINE_NOTE => {
                if field(id - 1).is_some_and(is_problem) { Tone::Fault } else { Tone::Quiet }
            }
            _ => return 0,
        };
        paint::colours(HDC(core::ptr::without_provenance_mut(wparam.0)), tone).unwrap_or(0)
    }
}

fn low(word: usize) -> u16 {
    u16::try_from(word & 0xffff).unwrap_or(0)
}

fn fill(dialog: Dialog, form: &Form) {
    for (id, text) in [
        (ids::SERVICE_ID, &form.service_id),
        (ids::SERVER, &form.server),
        (ids::OFFLINE, &form.offline_users),
    ] {
        dialog.set_text(id, text);
    }
    dialog.tick(ids::SKIP_TLS, form.skip_tls);
    dialog.tick(ids::ORIGINAL, form.original);
}

fn copy(dialog: Dialog, before: Option<&View>, view: &View) {
    let texts = |view: &View| {
        let mut texts = vec![
            (ids::HEADLINE, view.headline.to_owned()),
            (ids::EXPLANATION, view.explanation.clone()),
            (ids::ARM, view.arm.to_owned()),
            (ids::CANCEL, view.close.to_owned()),
            (ids::NEWS, view.news.clone()),
            (ids::WAITING, view.waiting.to_owned()),
        ];
        texts.extend(view.notes.iter().map(|(field, shown)| (note(*field), shown.text.clone())));
        texts.extend(view.rows.iter().cloned());
        texts
    };
    let old = before.map(texts).unwrap_or_default();
    for (id, text) in texts(view) {
        if !old.contains(&(id, text.clone())) {
            dialog.set_text(id, &text);
        }
    }
    for (id, is) in &view.enabled {
        if before.is_none_or(|before| !before.enabled.contains(&(*id, *is))) {
            dialog.enable(*id, *is);
        }
    }
    let waits = |view: &View| !view.waiting.is_empty();
    if before.map(waits) != Some(waits(view)) {
        dialog.marquee(ids::PROGRESS, waits(view));
    }
}
