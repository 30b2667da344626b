//! `trasa-server backup`.

use super::{Console, Failure};
use crate::backup::{self, BackupError};
use crate::clock;
use std::path::PathBuf;

/// Arguments of `backup`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The file to write; only the recovery key opens it.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) async fn run(arguments: Arguments, at: &Console) -> Result<(), Failure> {
    let now = clock::now();
    let bytes = backup::write(&at.open()?, at.data(), &arguments.file, at.actor(), now).await?;
    at.show(
        &serde_json::json!({ "file": arguments.file, "bytes": bytes, "time": now }),
        &format!("Wrote {} ({bytes} bytes). Only the recovery key opens it.", arguments.file.display()),
    )
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::File(path, cause) => Self::file(&path, &cause),
            BackupError::Folder(error) => error.into(),
            BackupError::Store(error) => error.into(),
            BackupError::Seal(error) => error.into(),
            BackupError::Key(error) => error.into(),
            error => Self::refused("backup", error.to_string()),
        }
    }
}
