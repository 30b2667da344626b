//! Numbers of resources and controls. They stand once more in `resources/dialogs.rc`; a test holds
//! the two together.

/// The configuration panel.
pub const PANEL: u16 = 100;
/// The trial logon.
pub const TRIAL: u16 = 101;

/// Icons, as the build script numbers them.
pub const ICON_APPLICATION: u16 = 1;
/// Nothing is configured.
pub const ICON_ABSENT: u16 = 2;
/// Verified, not guarding.
pub const ICON_VERIFIED: u16 = 3;
/// Guarding.
pub const ICON_ARMED: u16 = 4;
/// Damaged.
pub const ICON_DAMAGED: u16 = 5;

/// What Windows calls Enter in a dialog (`IDOK`).
pub const OK: u16 = 1;
/// What Windows calls Escape and the cross (`IDCANCEL`).
pub const CANCEL: u16 = 2;

macro_rules! controls {
    ($($(#[$doc:meta])* $name:ident = $number:literal),+ $(,)?) => {
        $($(#[$doc])* pub const $name: u16 = $number;)+
        /// Every control that has a number of its own, with its name in the resource script.
        #[cfg(test)]
        pub const ALL: &[(&str, u16)] = &[$((stringify!($name), $number)),+];
    };
}

controls! {
    /// The shield that shows the state.
    STATE_ICON = 1000,
    /// The state in large letters.
    HEADLINE = 1001,
    /// What it means and what comes next.
    EXPLANATION = 1002,
    /// Label of the ServiceID.
    SERVICE_ID_LABEL = 1010,
    /// The ServiceID.
    SERVICE_ID = 1011,
    /// Below it: a hint, or what is wrong.
    SERVICE_ID_NOTE = 1012,
    /// Label of the ServiceKey.
    SERVICE_KEY_LABEL = 1020,
    /// The ServiceKey.
    SERVICE_KEY = 1021,
    /// Below it.
    SERVICE_KEY_NOTE = 1022,
    /// Label of the server's address.
    SERVER_LABEL = 1030,
    /// The server's address.
    SERVER = 1031,
    /// Below it.
    SERVER_NOTE = 1032,
    /// Label of the offline users.
    OFFLINE_LABEL = 1040,
    /// The offline users.
    OFFLINE = 1041,
    /// Below them.
    OFFLINE_NOTE = 1042,
    /// Skip TLS verification.
    SKIP_TLS = 1050,
    /// A server of the original kind.
    ORIGINAL = 1051,
    /// Reads an original configuration file.
    IMPORT = 1060,
    /// Save Configuration.
    SAVE = 1061,
    /// Values of the list about this computer.
    STATE = 1071,
    /// Name of the service.
    SERVICE = 1072,
    /// Name and id of the machine.
    MACHINE = 1073,
    /// The addresses in use.
    ADDRESSES = 1074,
    /// Guard or watch.
    MODE = 1075,
    /// When the server was reached last.
    CONTACT = 1076,
    /// Until when the guard may take itself back.
    PROBATION = 1077,
    /// Looks for everything that is in the way.
    CHECK = 1080,
    /// A trial logon.
    TRY = 1081,
    /// Arms or disarms.
    ARM = 1082,
    /// Label of the messages.
    NEWS_LABEL = 1090,
    /// The messages.
    NEWS = 1091,
    /// Moves while something is awaited.
    PROGRESS = 1092,
    /// What is awaited.
    WAITING = 1093,
    /// What the tile says during a trial.
    TRIAL_BANNER = 1100,
    /// Label of the first field of a page.
    TRIAL_FIRST_LABEL = 1110,
    /// User name, or TRASA username.
    TRIAL_FIRST = 1111,
    /// Label of the password.
    TRIAL_PASSWORD_LABEL = 1120,
    /// The password.
    TRIAL_PASSWORD = 1121,
    /// Label of the method.
    TRIAL_METHOD_LABEL = 1130,
    /// The method.
    TRIAL_METHOD = 1131,
    /// Label of the code.
    TRIAL_CODE_LABEL = 1140,
    /// The code.
    TRIAL_CODE = 1141,
    /// The number for the phone.
    TRIAL_NUMBER = 1150,
    /// What the tile says below its fields.
    TRIAL_STATUS = 1151,
}
