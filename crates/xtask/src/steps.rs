//! Steps that run one after another, each timed, with a summary at the end.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::workspace::Workspace;

/// What a step had to say when it passed, such as how many tests ran.
pub type Note = String;

/// One step of `./x test` or `./x audit`.
pub struct Step {
    /// What `--only` takes; the log's name too.
    pub name: &'static str,
    /// What it checks, for the list.
    pub about: &'static str,
    /// Does it.
    pub run: fn(&Workspace) -> Result<Outcome>,
}

/// How a step ended that did not fail.
pub enum Outcome {
    /// It held.
    Passed(Note),
    /// It could not run here, and why that is no failure.
    Skipped(Note),
}

impl Outcome {
    /// Passed, with nothing to add.
    pub fn passed() -> Self {
        Self::Passed(Note::new())
    }
}

/// Runs all steps, or those named, and prints the summary. A failure does not stop the later steps.
///
/// # Errors
/// When a name fits no step, or any step failed.
pub fn run(workspace: &Workspace, steps: &[Step], only: &[String]) -> Result<()> {
    if let Some(unknown) = only.iter().find(|name| !steps.iter().any(|step| step.name == name.as_str())) {
        let names: Vec<&str> = steps.iter().map(|step| step.name).collect();
        bail!("no step {unknown}; there are {}", names.join(", "));
    }
    let begun = Instant::now();
    let mut lines = Vec::new();
    let (mut passed, mut failed, mut skipped) = (0_u32, 0_u32, 0_u32);
    for step in steps.iter().filter(|step| only.is_empty() || only.iter().any(|name| name == step.name)) {
        println!("== {}: {}", step.name, step.about);
        let started = Instant::now();
        let (word, note) = match (step.run)(workspace) {
            Ok(Outcome::Passed(note)) => {
                passed += 1;
                ("ok", note)
            }
            Ok(Outcome::Skipped(note)) => {
                skipped += 1;
                ("skipped", note)
            }
            Err(error) => {
                failed += 1;
                println!("{error:#}");
                ("FAILED", String::new())
            }
        };
        let line = line(step.name, word, started.elapsed(), &note);
        println!("{line}");
        lines.push(line);
    }
    println!("\nSummary (logs in {}):", workspace.shown(&workspace.target("logs")));
    for line in &lines {
        println!("{line}");
    }
    println!("in {} s", begun.elapsed().as_secs());
    let skips = if skipped == 0 { String::new() } else { format!(", {skipped} skipped") };
    println!("{passed} passed, {failed} failed{skips}");
    if failed == 0 { Ok(()) } else { bail!("{failed} of {} steps failed", lines.len()) }
}

/// Prints the steps.
pub fn list(steps: &[Step]) {
    for step in steps {
        println!("{:<16} {}", step.name, step.about);
    }
}

fn line(name: &str, word: &str, took: Duration, note: &str) -> String {
    let line = format!("  {name:<16} {word:<8} {:>6.1} s  {note}", took.as_secs_f64());
    line.trim_end().to_owned()
}

/// Counts the tests that a log of cargo test or nextest speaks of.
pub fn tests_passed(log: &str) -> u32 {
    let libtest = log.lines().filter_map(|line| line.trim().strip_prefix("test result: ok. "));
    let nextest = log.lines().filter_map(|line| line.split_once(" run: ").map(|(_, rest)| rest));
    let count =
        |text: &str| text.split(" passed").next().and_then(|number| number.trim().parse::<u32>().ok());
    libtest.chain(nextest).filter_map(count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_counted_in_both_runners_logs() {
        let libtest =
            "test result: ok. 12 passed; 0 failed; 0 ignored\nx\ntest result: ok. 3 passed; 0 failed\n";
        assert_eq!(tests_passed(libtest), 15);
        assert_eq!(tests_passed("     Summary [   0.5s] 412 tests run: 412 passed, 0 skipped\n"), 412);
        assert_eq!(tests_passed("nothing"), 0);
    }

    #[test]
    fn a_name_that_fits_no_step_is_refused() {
        let workspace = Workspace::find().expect("tests run inside the repository");
        assert!(run(&workspace, &[], &["typo".to_owned()]).is_err());
    }
}
