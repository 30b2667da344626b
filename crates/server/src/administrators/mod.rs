//! Who administers TRASA: roles and what each may do, passwords, one-time links, signing in.
//!
//! An administrator has a name, a password (Argon2id, sealed) and a one-time code secret; there is no
//! default password and no sign-in by a password alone. The first owner comes by a one-time link that
//! `init` prints; so does everybody whom an owner invites.

pub mod link;
pub mod password;
pub mod secret;
pub mod sign_in;

use serde::{Deserialize, Serialize};

/// What an administrator is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, administrators and their roles included.
    Owner,
    /// Everything about people, machines and rules.
    Administrator,
    /// Looks, and helps people with their devices.
    HelpDesk,
    /// Looks, and changes nothing.
    Auditor,
}

/// What a page or a call needs. Whoever adds one names its right; there is no default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// See people, machines, rules and logons.
    See,
    /// See the audit.
    SeeAudit,
    /// Help a person: devices, enabling and disabling.
    Help,
    /// Change services, machines, accesses and policies.
    Change,
    /// Say who administers, and what could take the guard off.
    Own,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Administrator, Self::HelpDesk, Self::Auditor];

    /// As it stands in the store, in JSON and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Administrator => "administrator",
            Self::HelpDesk => "help_desk",
            Self::Auditor => "auditor",
        }
    }

    /// For people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Administrator => "Administrator",
            Self::HelpDesk => "Help desk",
            Self::Auditor => "Auditor",
        }
    }

    /// Reads the text; `help-desk` is understood too.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text.replace('-', "_"))
    }

    /// Whether the role has a right.
    #[must_use]
    pub const fn may(self, right: Right) -> bool {
        match right {
            Right::See => true,
            Right::SeeAudit => matches!(self, Self::Owner | Self::Administrator | Self::Auditor),
            Right::Help => matches!(self, Self::Owner | Self::Administrator | Self::HelpDesk),
            Right::Change => matches!(self, Self::Owner | Self::Administrator),
            Right::Own => matches!(self, Self::Owner),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Right, Role};

    #[test]
    fn roles_and_rights() {
        let table = [
            (Right::See, [true, true, true, true]),
            (Right::SeeAudit, [true, true, false, true]),
            (Right::Help, [true, true, true, false]),
            (Right::Change, [true, true, false, false]),
            (Right::Own, [true, false, false, false]),
        ];
        for (right, expect) in table {
            assert_eq!(Role::ALL.map(|role| role.may(right)), expect, "{right:?}");
        }
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("help-desk"), Some(Role::HelpDesk));
        assert_eq!(Role::parse("Owner"), None);
    }
}
