//! The filter: which other providers are hidden while the logon is guarded.

#[cfg(windows)]
mod credential_provider_filter;
mod rules;

#[cfg(windows)]
pub(crate) use credential_provider_filter::new_filter;
pub(crate) use rules::parse_clsid;
