//! Nothing unwinds into LogonUI.

use super::Fault;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use windows_core::HRESULT;

/// Who hears of a fault: the method's name, and the place of the panic if it was one.
pub(crate) type Listener = fn(method: &str, panicked_at: Option<&str>);

static LISTENER: Mutex<Option<Listener>> = Mutex::new(None);

/// Source file and line of the last panic. One for all threads: it is only told to people.
static LAST_PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Runs the body of a COM method. What it answers, or how it fails, becomes an HRESULT; a panic ends here.
pub(crate) fn guard(method: &'static str, body: impl FnOnce() -> Result<(), Fault>) -> HRESULT {
    guarded(method, body).map_or_else(Fault::hresult, |()| HRESULT(0))
}

/// The same for a body that is no COM method, such as a worker's.
///
/// Unwind safety: the states that a body changes stand behind locks that go on after a panic (`into_inner`), and the
/// state machine in them never hands out an allow that is not whole.
pub(crate) fn guarded<T>(method: &'static str, body: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    let result = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
        // A payload whose own destructor panics must not get through either.
        core::mem::forget(payload);
        Err(Fault::Panicked)
    });
    match result {
        Err(Fault::Panicked) => tell(method, Some(&last_panic())),
        Err(Fault::Failed) => tell(method, None),
        _ => {}
    }
    result
}

/// Writes through an out-pointer of the caller's.
pub(crate) fn out<T>(pointer: *mut T, value: T) -> Result<(), Fault> {
    if pointer.is_null() {
        return Err(Fault::NullPointer);
    }
    // SAFETY: not null, and COM's contract for [out] parameters makes it the caller's memory for one T, which need not
    // hold a value yet.
    unsafe { pointer.write(value) };
    Ok(())
}

/// Takes a lock; one that a panic left behind is as good as any.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Replaces the default hook, which prints the message with the values in it, by one that keeps the place only.
pub(crate) fn install_panic_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // A test that fails should say so.
        #[cfg(test)]
        let default = std::panic::take_hook();
        set_hook(Box::new(move |info| {
            #[cfg(test)]
            default(info);
            let place = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
            *lock(&LAST_PANIC) = place;
        }));
    });
}

/// Says who is told of faults from now on.
#[cfg_attr(test, expect(dead_code, reason = "tests look at results"))]
pub(crate) fn listen(listener: Listener) {
    *lock(&LISTENER) = Some(listener);
}

fn last_panic() -> String {
    let place = lock(&LAST_PANIC).take();
    place.unwrap_or_else(|| "an unknown place".to_owned())
}

fn tell(method: &str, panicked_at: Option<&str>) {
    let listener = *lock(&LISTENER);
    if let Some(listener) = listener {
        // It runs outside the guarded body, so it gets a guard of its own.
        let _ = catch_unwind(AssertUnwindSafe(|| listener(method, panicked_at)));
    }
}

#[cfg(test)]
#[expect(clippy::panic, reason = "the tests are about panics")]
mod tests {
    use super::{guard, guarded, install_panic_hook, last_panic, out};
    use crate::com::Fault;
    use windows::Win32::Foundation::{E_INVALIDARG, E_POINTER, E_UNEXPECTED, S_OK};

    #[test]
    fn a_panic_becomes_an_hresult_and_leaves_no_payload() {
        install_panic_hook();
        let secret = "hunter2";
        assert_eq!(guard("test", || panic!("{secret}")), E_UNEXPECTED);
        let index = guarded("test", || Ok([1, 2, 3].into_iter().nth(7).map(|n: i32| n + 1).is_none()));
        assert_eq!(index, Ok(true));
        let _ = std::panic::catch_unwind(|| panic!("{secret}"));
        let place = last_panic();
        assert!(place.contains("guard.rs:") && !place.contains(secret), "{place}");
    }

    #[test]
    fn results_and_faults_pass_through() {
        assert_eq!(guard("test", || Ok(())), S_OK);
        assert_eq!(guard("test", || Err(Fault::BadArgument)), E_INVALIDARG);
        assert_eq!(guard("test", || out(core::ptr::null_mut::<u32>(), 1)), E_POINTER);
        let mut value = 0;
        assert_eq!(guard("test", || out(&raw mut value, 7)), S_OK);
        assert_eq!(value, 7);
    }
}
