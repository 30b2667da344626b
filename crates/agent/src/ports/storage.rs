//! What the agent keeps on the machine.

use zeroize::Zeroizing;

/// What was found in a place.
#[derive(Clone, PartialEq, Eq)]
pub enum Stored {
    /// Nothing is there.
    Missing,
    /// Something is there, but others than SYSTEM and Administrators may write or read it, or the
    /// owner is somebody else. Counts as damaged; its bytes are not even read.
    Loose,
    /// Something is there and could not be read; the Win32 code says why.
    Unreadable(u32),
    /// The bytes.
    Bytes(Vec<u8>),
}

impl core::fmt::Debug for Stored {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Missing => f.write_str("Missing"),
            Self::Loose => f.write_str("Loose"),
            Self::Unreadable(code) => write!(f, "Unreadable({code})"),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
        }
    }
}

/// Writing failed; what was there before is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("could not be written (code {code})")]
pub struct WriteFailed {
    /// The Win32 code.
    pub code: u32,
}

/// The files in `%ProgramData%\TRASA`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProtectedFile {
    /// The configuration, with the sealed machine key.
    Agent,
    /// The offline users, in clear.
    Offline,
    /// Offline logons not yet reported, a JSON object a line.
    OfflineLog,
}

impl ProtectedFile {
    /// Name of the file in its folder.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Agent => "agent.json",
            Self::Offline => "offline.json",
            Self::OfflineLog => "offline-log.jsonl",
        }
    }
}

/// Files that only SYSTEM and Administrators may touch, inheritance off.
pub trait ProtectedFiles: Send + Sync {
    /// Reads a file, its ACL first.
    fn read(&self, file: ProtectedFile) -> Stored;

    /// Writes a file as a whole: beside it, flushed to disk, then renamed over it, with the ACL set
    /// before the first byte. Makes the folder where it is missing. Never follows a link.
    ///
    /// # Errors
    /// [`WriteFailed`]; the old content stands.
    fn write(&self, file: ProtectedFile, bytes: &[u8]) -> Result<(), WriteFailed>;

    /// Appends `line` and a line feed, flushed to disk before it returns. A missing file is made;
    /// a file whose ACL is loose gets the right one first.
    ///
    /// # Errors
    /// [`WriteFailed`]; the line may or may not be there.
    fn append(&self, file: ProtectedFile, line: &str) -> Result<(), WriteFailed>;

    /// Removes a file; a missing one is no error.
    ///
    /// # Errors
    /// [`WriteFailed`].
    fn remove(&self, file: ProtectedFile) -> Result<(), WriteFailed>;
}

/// Sealing or opening failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("could not be sealed or opened (code {code})")]
pub struct SealFailed {
    /// The platform's code.
    pub code: u32,
}

/// DPAPI in machine scope: a second wrapping, the ACL is the protection. An implementation need
/// not notice a changed byte; the format around it does.
pub trait Seal: Send + Sync {
    /// Wraps `clear`.
    ///
    /// # Errors
    /// [`SealFailed`].
    fn seal(&self, clear: &[u8]) -> Result<Vec<u8>, SealFailed>;

    /// Opens what [`Seal::seal`] made on this machine.
    ///
    /// # Errors
    /// [`SealFailed`].
    fn open(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealFailed>;
}

/// What the registry says about `Armed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Armed {
    /// No such value, or 0.
    No,
    /// Any other number.
    Yes,
    /// The value is there but could not be read, or is no number. Counts as armed.
    Unreadable,
}

/// Values of the state key, each a blob of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StateValue {
    /// The copy of the offline users (JSON).
    OfflineCopy,
    /// What the agent learned since the configuration was saved (JSON): TLS keys seen last, the
    /// highest server time, the cached mode, trasa ids that worked.
    Learned,
    /// Probation after arming by hand (JSON).
    Probation,
    /// The last trial logon that passed (JSON).
    Trial,
    /// That the agent is to arm as soon as it may (JSON).
    PendingArm,
}

impl StateValue {
    /// Subkey of `HKLM\SOFTWARE\TRASA` (empty for the key itself) and name of the value.
    #[must_use]
    pub const fn path(self) -> (&'static str, &'static str) {
        match self {
            Self::OfflineCopy => ("State", "Offline"),
            Self::Learned => ("State", "Learned"),
            Self::Probation => ("State", "Probation"),
            Self::Trial => ("State", "Trial"),
            Self::PendingArm => ("State", "PendingArm"),
        }
    }
}

/// `HKLM\SOFTWARE\TRASA`. The subkey `State` is for SYSTEM and Administrators only, inheritance off.
pub trait StateRegistry: Send + Sync {
    /// Reads `Armed`, a DWORD of the key itself.
    fn armed(&self) -> Armed;

    /// Writes `Armed`.
    ///
    /// # Errors
    /// [`WriteFailed`].
    fn set_armed(&self, armed: bool) -> Result<(), WriteFailed>;

    /// Reads a value, its key's ACL first.
    fn read(&self, value: StateValue) -> Stored;

    /// Writes a value (REG_BINARY) and sees to the key's ACL.
    ///
    /// # Errors
    /// [`WriteFailed`].
    fn write(&self, value: StateValue, bytes: &[u8]) -> Result<(), WriteFailed>;

    /// Removes a value; a missing one is no error.
    ///
    /// # Errors
    /// [`WriteFailed`].
    fn remove(&self, value: StateValue) -> Result<(), WriteFailed>;
}

/// Values that a group policy may set, in `HKLM\SOFTWARE\Policies\TRASA`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PolicyName {
    /// REG_SZ, comma separated addresses.
    Server,
    /// REG_SZ, comma separated names.
    OfflineUsers,
    /// REG_DWORD, 0 or 1.
    SkipTlsVerification,
    /// REG_SZ, comma separated CLSIDs of providers that stay beside ours.
    AllowedProviders,
    /// REG_SZ, the service that a computer without a configuration asks to be admitted to.
    ServiceId,
    /// REG_SZ, the token it does so with. Every domain user can read it, so who comes with it waits
    /// for approval. Never the ServiceKey.
    Token,
}

impl PolicyName {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Server,
        Self::OfflineUsers,
        Self::SkipTlsVerification,
        Self::AllowedProviders,
        Self::ServiceId,
        Self::Token,
    ];

    /// Name of the registry value.
    #[must_use]
    pub const fn value_name(self) -> &'static str {
        match self {
            Self::Server => "Server",
            Self::OfflineUsers => "OfflineUsers",
            Self::SkipTlsVerification => "SkipTlsVerification",
            Self::AllowedProviders => "AllowedProviders",
            Self::ServiceId => "ServiceID",
            Self::Token => "Token",
        }
    }
}

/// Group policy. A number is given as its decimal text; `None` where there is no such value.
pub trait Policies: Send + Sync {
    /// Reads one value.
    fn policy(&self, name: PolicyName) -> Option<String>;
}
