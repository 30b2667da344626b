//! Identifiers: 16 random bytes each, base64url, 22 characters. Newtypes, so that a machine's id
//! is never taken for a service's.

use crate::encoding::Bytes;
use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Bytes<16>);

        impl $name {
            /// From 16 random bytes.
            #[must_use]
            pub const fn new(bytes: [u8; 16]) -> Self {
                Self(Bytes(bytes))
            }

            /// Reads the 22 characters.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Bytes::parse(text).map(Self)
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(&self.0, f)
            }
        }
    )+};
}

ids! {
    /// One logon; chosen by the agent, unique per machine.
    LogonId,
    /// One admitted Windows installation.
    MachineId,
    /// A service: the ServiceID of the manual.
    ServiceId,
}
