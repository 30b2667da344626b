//! Random walks over a provider: no credential without an allow, no crash, no strange HRESULT, nothing left behind.

use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::walk::{Options, Outcome, Walk, initialize};
use crate::codes::{self, hresult_name};
use crate::output::{Event, Output};
use crate::random::{Random, Step};
use crate::redirect::Active;

/// Steps of a walk: this many and up to as many more.
const STEPS: u32 = 30;
/// What a provider may answer to any call.
const EXPECTED: [i32; 14] = [
    codes::S_OK,
    codes::S_FALSE,
    codes::E_NOTIMPL,
    codes::E_NOINTERFACE,
    codes::E_POINTER,
    codes::E_ABORT,
    codes::E_FAIL,
    codes::E_PENDING,
    codes::E_ACCESSDENIED,
    codes::E_OUTOFMEMORY,
    codes::E_INVALIDARG,
    codes::CLASS_E_NOAGGREGATION,
    codes::CLASS_E_CLASSNOTAVAILABLE,
    codes::HRESULT_CANCELLED,
];

/// The walk under way, for whoever has to tell of a crash.
static UNDER_WAY: Mutex<(u64, Vec<String>)> = Mutex::new((0, Vec::new()));

#[link(name = "kernel32")]
unsafe extern "system" {
    fn SetUnhandledExceptionFilter(filter: unsafe extern "system" fn(*const *const u32) -> i32) -> *const u8;
    fn ExitProcess(code: u32) -> !;
}

/// Makes `count` walks; the first bad one ends it.
pub fn run(options: &Options, seed: u64, count: u32) -> Outcome {
    if let Err(reason) = initialize() {
        return Outcome::Failed { line: None, reason };
    }
    // SAFETY: the function lives as long as the program.
    unsafe { SetUnhandledExceptionFilter(tell_of_crash) };
    let output = Output::new(options.json);
    let mut failed = None;
    for number in 0..count {
        let seed = seed.wrapping_add(u64::from(number));
        output.set_quiet(count > 1);
        let result = walk(options, &output, seed);
        output.set_quiet(false);
        output.mark();
        if let Err(reason) = result {
            tell(&output, seed, &reason);
            failed = Some(Outcome::Failed { line: None, reason: format!("seed {seed}: {reason}") });
            break;
        }
    }
    let outcome = failed.unwrap_or(Outcome::Walked);
    output.event(
        Event::new("end")
            .with("result", if outcome == Outcome::Walked { "walked" } else { "failed" })
            .with("walks", count),
    );
    outcome
}

fn under_way() -> std::sync::MutexGuard<'static, (u64, Vec<String>)> {
    UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The steps in a file too: some ways to end a program leave nobody to tell.
struct Journal(Option<std::fs::File>);

impl Journal {
    fn begin(active: &Active, seed: u64) -> Self {
        let made = std::fs::create_dir_all(&active.state_folder);
        let file =
            made.and_then(|()| std::fs::File::create(active.state_folder.join("random-walk.txt"))).ok();
        let mut journal = Self(file);
        journal.write(&format!("seed {seed}"));
        journal
    }

    fn add(&mut self, step: &str) {
        under_way().1.push(step.to_owned());
        self.write(step);
    }

    fn write(&mut self, line: &str) {
        // Without the file the walk is told as well, unless the program is ended hard.
        let _told_otherwise = self.0.as_mut().map(|it| writeln!(it, "{line}"));
    }
}

fn walk(options: &Options, output: &Output, seed: u64) -> Result<(), String> {
    *under_way() = (seed, Vec::new());
    let mut random = Random::new(seed);
    let mut walk = Walk::new(options.clone(), output.clone())?;
    let mut journal = Journal::begin(walk.active, seed);
    // A minute of a provider's waiting is to cost no minute.
    walk.active.clock.set_virtual(true);
    for line in &options.script {
        journal.add(&line.text);
        walk.line(line)?;
    }
    if options.script.is_empty() {
        walk.start()?;
    }
    for _ in 0..STEPS + random.below(STEPS) {
        let step = random.step(options.nulls);
        journal.add(&step.text());
        walk.step(&step, options)?;
        if walk.ever_serialized {
            return Err("a call returned a credential".to_owned());
        }
        if !EXPECTED.contains(&walk.last.hresult) {
            return Err(format!("a call answered {}", hresult_name(walk.last.hresult)));
        }
        output.mark();
    }
    journal.add("(leave)");
    walk.leave();
    if walk.left_clean {
        Ok(())
    } else {
        Err("objects were left behind: DllCanUnloadNow says S_FALSE".to_owned())
    }
}

impl Walk {
    fn step(&mut self, step: &Step, options: &Options) -> Result<(), String> {
        let missing = self.credential.is_none();
        match step {
            Step::Raw(call) => {
                // Calls on what is not there are no calls.
                let _there_is_no_tile = self.raw(call);
                Ok(())
            }
            Step::Submit if missing => Ok(()),
            Step::Submit => self.submit(),
            Step::ReEnumerate => {
                let _gave_no_credential = self.enumerate();
                Ok(())
            }
            Step::Cancel(when) => {
                self.cancel = Some(when.clone());
                Ok(())
            }
            Step::Recreate => {
                self.release();
                self.create()?;
                self.started = false;
                self.start()
            }
            Step::Reload => {
                self.leave();
                if !self.left_clean {
                    return Err("objects were left behind: DllCanUnloadNow says S_FALSE".to_owned());
                }
                let output = self.shared.output.clone();
                *self = Self::new(options.clone(), output)?;
                self.start()
            }
            Step::Pump => {
                self.pump(Duration::from_millis(5));
                Ok(())
            }
        }
    }
}

fn tell(output: &Output, seed: u64, reason: &str) {
    let steps = under_way().1.clone();
    output.event(Event::new("random").with("seed", seed).with("reason", reason).with("steps", steps.len()));
    for step in steps {
        output.event(Event::new("step").with("text", step));
    }
}

/// An exception that nobody handles, in the DLL most likely.
#[expect(clippy::print_stderr, reason = "the last words of a program that ends here")]
unsafe extern "system" fn tell_of_crash(pointers: *const *const u32) -> i32 {
    // SAFETY: EXCEPTION_POINTERS begins with a pointer to the record, which begins with the code.
    let record = unsafe { *pointers };
    // SAFETY: as above.
    let code = unsafe { *record };
    // Not waited for: the crash may have come while it was held.
    if let Ok(walk) = UNDER_WAY.try_lock() {
        eprintln!("logon-host: the program crashed (0x{code:08X}) in the walk with seed {}:", walk.0);
        walk.1.iter().for_each(|step| eprintln!("  {step}"));
    }
    // SAFETY: ends the program.
    unsafe { ExitProcess(1) }
}
