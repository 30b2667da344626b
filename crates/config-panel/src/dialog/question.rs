//! What the panel asks before it goes on. "No" is always the answer that changes nothing.

use crate::dialog::ids;
use agent::check::Waived;

/// A question with yes and no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Closed with something typed that was not saved.
    CloseWithoutSaving,
    /// Save while the logon is guarded, which nobody checks.
    ReplaceWhileGuarding,
    /// Arm at all.
    Arm,
    /// Arm without a trial logon; what was waived before.
    ArmWithoutTrial(Waived),
    /// Arm without an offline user who administers this computer; what was waived before.
    ArmWithoutOfflineUser(Waived),
    /// Disarm.
    Disarm,
    /// Remove the file that was imported.
    RemoveImported,
}

impl Question {
    /// The question, as the message box has it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::CloseWithoutSaving => "What you typed has not been saved. Close all the same?",
            Self::ReplaceWhileGuarding => {
                "The logon of this computer is guarded. If the configuration is replaced now, nobody checks that anybody gets in with the new one.\n\nReplace it all the same?"
            }
            Self::Arm => {
                "From now on nobody gets past the logon of this computer without the TRASA server's decision, or by the list of offline users.\n\nArm now?"
            }
            Self::ArmWithoutTrial(_) => {
                "No trial logon has passed with this configuration. With Try you see beforehand that your own password and second factor get you in.\n\nArm without a trial logon?"
            }
            Self::ArmWithoutOfflineUser(_) => {
                "No administrator of this computer is an offline user. While the TRASA server cannot be reached nobody could sign in to repair it.\n\nArm all the same?"
            }
            Self::RemoveImported => {
                "The file that was imported still holds the ServiceKey in clear text, where others may read it. It is not needed any more.\n\nDelete it?"
            }
            Self::Disarm => {
                "The logon of this computer will be as Windows has it, without a second factor, until it is armed again. The configuration stays.\n\nDisarm now?"
            }
        }
    }

    /// Where the focus goes after a no.
    #[must_use]
    pub const fn origin(self) -> u16 {
        match self {
            Self::CloseWithoutSaving => ids::CANCEL,
            Self::ReplaceWhileGuarding => ids::SAVE,
            Self::RemoveImported => ids::NEWS,
            Self::Arm | Self::ArmWithoutTrial(_) | Self::ArmWithoutOfflineUser(_) | Self::Disarm => ids::ARM,
        }
    }
}
