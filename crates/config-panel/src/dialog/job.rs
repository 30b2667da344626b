//! What takes time. Runs on a thread of its own, through the functions that the commands use.

use crate::console::{Failure, Field};
use crate::dialog::diagnosis::{Finding, diagnose};
use crate::dialog::form::Form;
use crate::dialog::standing::{self, Standing};
use crate::flow;
use crate::flow::arm::Wish;
use crate::flow::import::Imported;
use crate::flow::verify_and_save::{Saved, verify_and_save};
use crate::panel::Panel;
use crate::secret::SecretText;
use agent::check::{Check, Line, Waived};
use agent::config::Generation;
use agent::ports::{Address, Cancelled};
use std::path::{Path, PathBuf};

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// Read how this computer stands.
    Look,
    /// Verify and save. The ServiceKey is handed over beside it.
    Save {
        /// What was typed.
        form: Form,
        /// Replace a configuration that guards.
        while_armed: bool,
    },
    /// Read a file of the original.
    Import(PathBuf),
    /// Remove it, once its ServiceKey is saved.
    Remove(PathBuf),
    /// The check.
    Check,
    /// Arm.
    Arm(Waived),
    /// Disarm.
    Disarm,
}

/// Why a job failed, and what was found out about it after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The failure.
    pub failure: Failure,
    /// About the addresses, where the server could not be reached.
    pub findings: Vec<Finding>,
}

/// What came of it.
#[derive(Debug)]
pub enum Done {
    /// Nothing but a look.
    Looked,
    /// Saved.
    Saved(Saved),
    /// Read, not saved.
    Imported {
        /// The fields.
        form: Form,
        /// The ServiceKey in the file.
        key: SecretText,
        /// The file.
        path: PathBuf,
    },
    /// The file of the original is gone.
    Removed,
    /// Checked.
    Checked {
        /// Every line.
        lines: Vec<Line>,
        /// Nothing is in the way.
        passed: bool,
    },
    /// Armed.
    Armed {
        /// What is to be known.
        warnings: Vec<String>,
        /// The guard may take itself back.
        probation: bool,
    },
    /// Disarmed.
    Disarmed {
        /// The server was told.
        told: bool,
    },
    /// A trial logon of this account passed.
    Tried(String),
    /// Nothing was changed, unless the failure says so.
    Failed(Problem),
}

/// A job that is over.
#[derive(Debug)]
pub struct Outcome {
    /// How this computer stands now.
    pub standing: Standing,
    /// What came of it.
    pub done: Done,
}

/// Does it.
#[must_use]
pub fn perform(job: Job, key: Option<SecretText>, panel: &Panel, cancelled: &dyn Cancelled) -> Outcome {
    let done = match job {
        Job::Look => Ok(Done::Looked),
        Job::Save { form, while_armed } => save(&form, while_armed, key, panel, cancelled),
        Job::Remove(path) => flow::import::remove(&path).map(|()| Done::Removed).map_err(Into::into),
        Job::Import(path) => import(&path),
        Job::Check => check(panel, cancelled),
        Job::Arm(waived) => arm(waived, panel, cancelled),
        Job::Disarm => disarm(panel),
    };
    let done = done.unwrap_or_else(Done::Failed);
    Outcome { standing: standing::read(panel), done }
}

fn save(
    form: &Form,
    while_armed: bool,
    mut key: Option<SecretText>,
    panel: &Panel,
    cancelled: &dyn Cancelled,
) -> Result<Done, Problem> {
    let mut secret = || Ok(key.take());
    verify_and_save(panel, &form.to_input(while_armed), &mut secret, cancelled).map(Done::Saved).map_err(
        |failure| {
            let addresses = Address::parse_list(&form.server).unwrap_or_default();
            let unreachable = failure.field() == Some(Field::Server) && !form.skip_tls;
            let findings = if unreachable { diagnose(panel, &addresses, cancelled) } else { Vec::new() };
            Problem { failure, findings }
        },
    )
}

fn check(panel: &Panel, cancelled: &dyn Cancelled) -> Result<Done, Problem> {
    // Whether a trial was made is for arming to ask.
    let waived = Waived { offline_user: false, trial: true };
    let report = flow::check::run(panel, waived, cancelled).report;
    let passed = report.exit_code() == 0;
    let lines = report.lines.into_iter().filter(|line| line.check != Check::Trial).collect();
    Ok(Done::Checked { lines, passed })
}

fn arm(waived: Waived, panel: &Panel, cancelled: &dyn Cancelled) -> Result<Done, Problem> {
    let wish =
        Wish { without_trial: waived.trial, without_offline_user: waived.offline_user, probation: true };
    let armed = flow::arm::run(panel, &wish, cancelled)?;
    Ok(Done::Armed {
        warnings: armed.warnings.into_iter().map(|line| line.text).collect(),
        probation: armed.probation_until.is_some(),
    })
}

fn disarm(panel: &Panel) -> Result<Done, Problem> {
    let disarmed = flow::disarm::run(panel)?;
    Ok(Done::Disarmed { told: !disarmed.owes_report })
}

fn import(path: &Path) -> Result<Done, Problem> {
    let Imported { input, key } = flow::import::read(path)?;
    let form = Form {
        service_id: input.service_id.unwrap_or_default(),
        server: input.server.unwrap_or_default(),
        offline_users: input.offline_users.unwrap_or_default(),
        skip_tls: input.skip_tls_verification.unwrap_or_default(),
        original: input.protocol == Some(Generation::V1),
    };
    Ok(Done::Imported { form, key, path: path.to_owned() })
}
