//! What Windows gives the agent, and what this DLL asks of the configuration.

use crate::filter::parse_clsid;
use agent::config::Loaded;
use agent::ports::PolicyName;
use agent::services::Services;

#[cfg(test)]
pub(crate) use crate::tests::services;

/// The ports, on this Windows. From here on faults are written to the event log.
#[cfg(not(test))]
pub(crate) fn services() -> Services {
    use agent::ports::{Event, EventLog as _};
    crate::com::listen(|method, panicked_at| {
        let event = match panicked_at {
            Some(place) => Event::panic_caught(&format!("{place} ({method})")),
            None => Event::internal_error(&format!("{method} failed")),
        };
        agent_windows::WindowsEventLog.write(&event);
    });
    agent_windows::services()
}

/// Class ids of the providers that stay beside ours: the policy's, or else the configuration's.
pub(crate) fn allowed_providers(services: &Services, loaded: &Loaded) -> Vec<u128> {
    let policy = services.policies.policy(PolicyName::AllowedProviders);
    let configured = loaded.usable.as_ref().map(|usable| usable.configuration.allowed_providers.join(","));
    let list = policy.or(configured).unwrap_or_default();
    list.split(',').filter_map(parse_clsid).collect()
}
