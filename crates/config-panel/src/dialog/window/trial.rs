//! The window of a trial logon.

use super::dialog::{Dialog, module};
use super::worker::{Heard, WM_WORKER, Wire, Worker};
use crate::dialog::ids;
use crate::dialog::job::Outcome;
use crate::dialog::trial::{Asked, Filled, Page, Pages, method_at, perform};
use crate::windows::panel;
use agent::Password;
use agent::logon::{Field, MethodChoice};
use core::cell::{Cell, RefCell};
use core::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, Sender, channel};
use windows::Win32::Foundation::{HWND, LPARAM, WPARAM};
use windows::Win32::UI::WindowsAndMessaging::{
    BN_CLICKED, CB_ADDSTRING, CB_GETCURSEL, CB_SETCURSEL, CBN_SELCHANGE, DialogBoxParamW, EN_SETFOCUS,
    EndDialog, GWLP_USERDATA, GetWindowLongPtrW, SendMessageW, SetWindowLongPtrW, WM_COMMAND, WM_INITDIALOG,
};
use windows::core::{HSTRING, PCWSTR};

/// Runs a trial logon in a window above `owner`. None where the worker broke.
pub(super) fn run(owner: Dialog) -> Option<Outcome> {
    let shell = Shell {
        dialog: Cell::new(Dialog(HWND::default())),
        worker: RefCell::new(None),
        answers: RefCell::new(None),
        page: RefCell::new(Page::default()),
        outcome: RefCell::new(None),
    };
    let template = PCWSTR(core::ptr::without_provenance(usize::from(ids::TRIAL)));
    let place = LPARAM((&raw const shell).expose_provenance().cast_signed());
    // SAFETY: the template is a resource of this program; `shell` outlives the dialog, for the call returns only when
    // the dialog is gone.
    unsafe { DialogBoxParamW(module(), template, Some(owner.0), Some(on_message), place) };
    shell.outcome.take()
}

/// What the worker says.
enum Said {
    /// Show this.
    Show(Page),
    /// Show this and send what was typed.
    Ask(Page),
    /// It is over.
    Over(Box<Outcome>),
}

/// The worker's end: pages go to the window, what was typed comes back.
struct Remote<'a> {
    wire: &'a Wire<Said>,
    answers: Receiver<Filled>,
}

impl Pages for Remote<'_> {
    fn submit(&mut self, page: &Page) -> Option<Filled> {
        self.wire.send(Said::Ask(page.clone()));
        // The window drops its end when the person gives up.
        self.answers.recv().ok()
    }

    fn show(&mut self, page: &Page) {
        self.wire.send(Said::Show(page.clone()));
    }
}

struct Shell {
    dialog: Cell<Dialog>,
    worker: RefCell<Option<Worker<Said>>>,
    /// Where what was typed goes; none once the person gave up.
    answers: RefCell<Option<Sender<Filled>>>,
    page: RefCell<Page>,
    outcome: RefCell<Option<Outcome>>,
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
    // SAFETY: null, or what `run` handed over, which lives for as long as the dialog and is only shared.
    let Some(shell) = (unsafe { shell.as_ref() }) else { return 0 };
    shell.on_message(Dialog(window), message, wparam)
}

impl Shell {
    fn on_message(&self, dialog: Dialog, message: u32, wparam: WPARAM) -> isize {
        let (id, code) = (word(wparam.0), u32::from(word(wparam.0 >> 16)));
        match message {
            WM_INITDIALOG => self.begin(dialog),
            WM_WORKER => self.hear(dialog),
            WM_COMMAND => match (id, code) {
                (ids::OK, BN_CLICKED) => self.submit(dialog),
                (ids::CANCEL, BN_CLICKED) => self.give_up(dialog),
                (ids::TRIAL_METHOD, CBN_SELCHANGE) => enable_code(dialog),
                (ids::TRIAL_STATUS, EN_SETFOCUS) => dialog.select_nothing(id),
                _ => return 0,
            },
            _ => return 0,
        }
        // After WM_INITDIALOG it means: the focus is where we put it.
        isize::from(message != WM_INITDIALOG)
    }

    fn begin(&self, dialog: Dialog) {
        self.dialog.set(dialog);
        for choice in MethodChoice::ALL {
            let text = HSTRING::from(choice.text());
            let place = Some(LPARAM(text.as_ptr().addr().cast_signed()));
            let _exposed = text.as_ptr().expose_provenance();
            // SAFETY: the text ends with zero and lives over the call.
            unsafe { SendMessageW(dialog.control(ids::TRIAL_METHOD), CB_ADDSTRING, None, place) };
        }
        for (id, most) in
            [(ids::TRIAL_FIRST, 512), (ids::TRIAL_PASSWORD, Password::MAX_UNITS), (ids::TRIAL_CODE, 6)]
        {
            dialog.limit(id, most);
        }
        self.show(dialog, Page::default(), false);
        let (send, receive) = channel();
        self.answers.replace(Some(send));
        let worker = Worker::start(dialog.0, move |wire, cancelled: &AtomicBool| {
            let mut pages = Remote { wire, answers: receive };
            let outcome = perform(&panel(), &mut Asked::new(&mut pages), cancelled);
            wire.send(Said::Over(Box::new(outcome)));
        });
        self.worker.replace(Some(worker));
    }

    fn hear(&self, dialog: Dialog) {
        loop {
            let heard = self.worker.borrow().as_ref().map_or(Heard::Gone, Worker::hear);
            match heard {
                Heard::Nothing => return,
                Heard::Message(Said::Show(page)) => self.show(dialog, page, false),
                Heard::Message(Said::Ask(page)) => self.show(dialog, page, true),
                Heard::Message(Said::Over(outcome)) => {
                    self.outcome.replace(Some(*outcome));
                    return self.end(dialog);
                }
                Heard::Gone => return self.end(dialog),
            }
        }
    }

    fn end(&self, dialog: Dialog) {
        for id in [ids::TRIAL_PASSWORD, ids::TRIAL_CODE] {
            dialog.wipe(id);
        }
        // SAFETY: the dialog is ours and modal.
        let _ends = unsafe { EndDialog(dialog.0, 1) };
    }

    /// Shows a page; `asks`: it can be filled.
    fn show(&self, dialog: Dialog, page: Page, asks: bool) {
        let has = |field: Field| page.fields.iter().any(|(other, _)| *other == field);
        let is_first = has(Field::UserName) || page.fields.is_empty();
        dialog.set_text(ids::TRIAL_BANNER, &page.banner);
        dialog.set_text(
            ids::TRIAL_FIRST_LABEL,
            if is_first { "&User name:" } else { "TRASA &username or email address:" },
        );
        for (ids, is) in [
            ([ids::TRIAL_FIRST_LABEL, ids::TRIAL_FIRST], is_first || has(Field::TrasaId)),
            ([ids::TRIAL_PASSWORD_LABEL, ids::TRIAL_PASSWORD], is_first),
            ([ids::TRIAL_METHOD_LABEL, ids::TRIAL_METHOD], has(Field::Method)),
            ([ids::TRIAL_CODE_LABEL, ids::TRIAL_CODE], has(Field::Code)),
        ] {
            for id in ids {
                dialog.show(id, is);
                dialog.enable(id, asks);
            }
        }
        dialog.enable(ids::OK, asks);
        dialog.set_text(ids::TRIAL_NUMBER, &page.number);
        dialog.set_text(ids::TRIAL_STATUS, &page.status);
        if asks {
            for (field, text) in &page.fields {
                match field {
                    Field::UserName | Field::TrasaId => dialog.set_text(ids::TRIAL_FIRST, text),
                    Field::Password => dialog.wipe(ids::TRIAL_PASSWORD),
                    Field::Code => dialog.wipe(ids::TRIAL_CODE),
                    _ => {}
                }
            }
            if let Some(method) = page.method {
                dialog.send(ids::TRIAL_METHOD, CB_SETCURSEL, usize::try_from(method.index()).unwrap_or(0), 0);
            }
            enable_code(dialog);
            dialog.focus(first_to_fill(&page));
        } else if !dialog.has_focus_in_use() {
            dialog.focus(ids::CANCEL);
        }
        if page.is_fault {
            dialog.alert(ids::TRIAL_STATUS);
        }
        self.page.replace(page);
    }

    fn submit(&self, dialog: Dialog) {
        let mut filled = Filled::default();
        for (field, _) in &self.page.borrow().fields {
            let id = match field {
                Field::UserName | Field::TrasaId => ids::TRIAL_FIRST,
                Field::Password => ids::TRIAL_PASSWORD,
                Field::Code => ids::TRIAL_CODE,
                _ => {
                    filled.method = method_at(dialog.send(ids::TRIAL_METHOD, CB_GETCURSEL, 0, 0));
                    continue;
                }
            };
            filled.texts.insert(*field, dialog.secret(id));
        }
        for id in [ids::TRIAL_PASSWORD, ids::TRIAL_CODE] {
            dialog.wipe(id);
        }
        if let Some(answers) = &*self.answers.borrow() {
            let _gone = answers.send(filled);
        }
    }

    fn give_up(&self, dialog: Dialog) {
        // Whoever waits for an answer hears that none comes, whoever waits for the server that nobody waits any more.
        self.answers.replace(None);
        if let Some(worker) = &*self.worker.borrow() {
            worker.cancel();
        }
        dialog.enable(ids::CANCEL, false);
    }
}

/// The code is asked for with its own method only.
fn enable_code(dialog: Dialog) {
    let method = method_at(dialog.send(ids::TRIAL_METHOD, CB_GETCURSEL, 0, 0));
    for id in [ids::TRIAL_CODE_LABEL, ids::TRIAL_CODE] {
        dialog.enable(id, method != Some(MethodChoice::Push));
    }
}

/// Where to type first: the first field with nothing in it.
fn first_to_fill(page: &Page) -> u16 {
    let empty = page.fields.iter().find(|(field, text)| text.is_empty() && *field != Field::Method);
    match empty.map(|(field, _)| field) {
        Some(Field::UserName | Field::TrasaId) => ids::TRIAL_FIRST,
        Some(Field::Password) => ids::TRIAL_PASSWORD,
        Some(Field::Code) if page.method != Some(MethodChoice::Push) => ids::TRIAL_CODE,
        _ => ids::OK,
    }
}

fn word(long: usize) -> u16 {
    u16::try_from(long & 0xffff).unwrap_or(0)
}
