//! The credential provider.

mod credential_provider;
mod remote;

pub(crate) use credential_provider::new_provider;
pub(crate) use remote::packed_anew;
