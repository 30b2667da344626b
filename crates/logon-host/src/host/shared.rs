//! What the walk and the objects that the provider calls have in common.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::fields::{FOCUSED, Field};
use crate::output::{Event, Output};
use crate::redirect::active;
use crate::script::Cancel;

/// Shared between the thread of the walk and whatever thread the provider calls on.
pub(super) struct Shared {
    pub(super) output: Output,
    fields: Mutex<Vec<Field>>,
    /// CredentialsChanged was called and not yet followed.
    changed: AtomicBool,
    status: Mutex<String>,
    cancel: Mutex<Cancelling>,
}

/// When QueryContinue says no.
#[derive(Default)]
struct Cancelling {
    when: Option<Cancel>,
    /// The world's uptime when the submit began.
    begun: i64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(super) fn new(output: Output) -> Arc<Self> {
        Arc::new(Self {
            output,
            fields: Mutex::new(Vec::new()),
            changed: AtomicBool::new(false),
            status: Mutex::new(String::new()),
            cancel: Mutex::new(Cancelling::default()),
        })
    }

    pub(super) fn fields(&self) -> MutexGuard<'_, Vec<Field>> {
        lock(&self.fields)
    }

    /// A copy of the fields, for looking at while the provider may call.
    pub(super) fn fields_now(&self) -> Vec<Field> {
        self.fields().clone()
    }

    pub(super) fn set_changed(&self) {
        self.changed.store(true, Ordering::SeqCst);
    }

    pub(super) fn take_changed(&self) -> bool {
        self.changed.swap(false, Ordering::SeqCst)
    }

    pub(super) fn status(&self) -> String {
        lock(&self.status).clone()
    }

    pub(super) fn set_status(&self, text: &str) {
        text.clone_into(&mut lock(&self.status));
    }

    /// The provider changes a field.
    pub(super) fn change(&self, id: u32, event: Event, change: impl FnOnce(&mut Field)) {
        let label = {
            let mut fields = self.fields();
            fields.iter_mut().find(|it| it.id == id).map(|field| {
                change(field);
                field.label.clone()
            })
        };
        self.output.event(event.with("index", id).with("label", label));
    }

    /// The focus is at one place only.
    pub(super) fn focus(&self, id: u32) {
        for field in self.fields().iter_mut() {
            if field.id == id {
                field.interactive = FOCUSED;
            } else if field.interactive == FOCUSED {
                field.interactive = 0;
            }
        }
    }

    /// Says when the next submit is to be cancelled.
    pub(super) fn set_cancel(&self, when: Option<Cancel>) {
        *lock(&self.cancel) = Cancelling { when, begun: world_uptime() };
    }

    /// What the script wanted, with the submit beginning now.
    pub(super) fn begin_submit(&self) {
        lock(&self.cancel).begun = world_uptime();
        self.set_status("");
    }

    /// QueryContinue's answer.
    pub(super) fn may_continue(&self) -> bool {
        let cancel = lock(&self.cancel);
        match &cancel.when {
            None => true,
            Some(Cancel::AtOnce) => false,
            Some(Cancel::After(time)) => {
                world_uptime() - cancel.begun < i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
            }
            Some(Cancel::At(text)) => {
                let shown =
                    self.fields().iter().any(|it| it.is_displayed(true) && it.shown_text().contains(text));
                !shown && !self.status().contains(text)
            }
        }
    }
}

/// Milliseconds of the world's own clock.
fn world_uptime() -> i64 {
    use std::time::Instant;
    static BEGUN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let real = i64::try_from(BEGUN.get_or_init(Instant::now).elapsed().as_millis()).unwrap_or(0);
    real + active().clock.uptime() / 10_000
}
