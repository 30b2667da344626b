//! Saving, arming, disarming.

use super::{Configuration, Learned, OfflineList, envelope};
use crate::ports::{Event, ProtectedFile, StateValue, WriteFailed};
use crate::services::Services;

/// Why nothing was saved, or not all of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SaveError {
    /// A file or value could not be written.
    #[error(transparent)]
    Write(#[from] WriteFailed),
    /// The configuration cannot be written as JSON.
    #[error("configuration cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

/// Saves a configuration that was just verified, and the offline users. The offline users go
/// first: were the power to fail in between, nobody is locked out by half a configuration.
///
/// # Errors
/// [`SaveError`]; what stood before still stands, file by file.
pub fn save(
    services: &Services,
    configuration: &Configuration,
    offline: &OfflineList,
) -> Result<(), SaveError> {
    save_changed(services, configuration, offline)?;
    let learned = Learned { machine: Some(configuration.id()), ..Learned::default() };
    learned.write(services);
    Ok(())
}

/// Saves a configuration of which only addresses, TLS verification or accounts changed: what was
/// learned under it stands.
///
/// # Errors
/// As [`save`].
pub fn save_changed(
    services: &Services,
    configuration: &Configuration,
    offline: &OfflineList,
) -> Result<(), SaveError> {
    save_offline(services, offline)?;
    let bytes = envelope::wrap(configuration)?;
    services.files.write(ProtectedFile::Agent, &bytes)?;
    services.events.write(&Event::configuration_saved());
    Ok(())
}

fn save_offline(services: &Services, offline: &OfflineList) -> Result<(), SaveError> {
    // Above every intact copy, whatever the caller's list says.
    let serial = super::offline_list::read(services, &mut Vec::new()).map_or(0, |list| list.serial);
    let list = OfflineList { serial: serial.saturating_add(1), users: offline.users.clone() };
    let bytes = list.to_bytes()?;
    services.files.write(ProtectedFile::Offline, &bytes)?;
    services.registry.write(StateValue::OfflineCopy, &bytes)?;
    Ok(())
}

/// Arms. The caller has run the check of [`crate::check`] before.
///
/// # Errors
/// [`SaveError`]; not armed then.
pub fn arm(services: &Services) -> Result<(), SaveError> {
    services.registry.set_armed(true)?;
    crate::pending::drop_it(services);
    services.events.write(&Event::armed());
    Ok(())
}

/// Disarms; `why` is a clause for the event log.
///
/// # Errors
/// [`SaveError`]; still armed then.
pub fn disarm(services: &Services, why: &str) -> Result<(), SaveError> {
    services.registry.set_armed(false)?;
    crate::probation::end(services);
    crate::pending::drop_it(services);
    services.events.write(&Event::disarmed(why));
    Ok(())
}
