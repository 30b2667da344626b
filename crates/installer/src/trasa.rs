//! The one description: what `TrasaWin.msi` is.

use crate::description::{Action, File, Folder, Moment, Package, Requirement, Search, Shortcut, Version};

/// The credential provider and filter.
pub const PROVIDER: &str = "TrasaCP.dll";
/// The panel and command line, which does everything that an installation does to a machine.
pub const CONFIG: &str = "TrasaConfig.exe";
/// Plays LogonUI, for trial logons.
pub const HOST: &str = "logon-host.exe";
/// Policy template.
pub const ADMX: &str = "TRASA.admx";
/// Its texts.
pub const ADML: &str = "TRASA.adml";

/// Set where an older version is installed, which this one replaces.
pub const OLDER_FOUND: &str = "OLDERVERSIONFOUND";
/// Set where a newer version is installed, which refuses this one.
pub const NEWER_FOUND: &str = "NEWERVERSIONFOUND";
/// Architecture of Windows itself, also where this program is emulated.
pub const ARCHITECTURE: &str = "NATIVEARCHITECTURE";
/// The DLL that is registered before anything is changed.
pub const DLL_BEFORE: &str = "DLLBEFORE";
/// The box on the last page.
pub const LAUNCH: &str = "LAUNCHPANEL";

/// What a silent installation is told. Scripts rely on these names.
pub const PROPERTIES: [&str; 8] =
    ["SERVICEID", "SERVER", "TOKENFILE", "OFFLINEUSERS", "WITHOUTOFFLINEUSER", "SKIPTLS", "ARM", "PROBATION"];

/// The files that go into the package, by name.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// [`PROVIDER`].
    pub provider: Vec<u8>,
    /// [`CONFIG`].
    pub config: Vec<u8>,
    /// [`HOST`].
    pub host: Vec<u8>,
    /// The licences, MIT and Apache.
    pub licences: [Vec<u8>; 2],
    /// The icon (ICO), where there is one.
    pub icon: Option<Vec<u8>>,
}

/// The package of this version.
#[must_use]
pub fn package(version: Version, contents: Contents) -> Package {
    let file = |name, folder, content| File { name, folder, content };
    let [mit, apache] = contents.licences;
    Package {
        name: "TRASA for Windows",
        manufacturer: "TRASA",
        address: "https://github.com/seknox/trasa-windows",
        version,
        files: vec![
            file(PROVIDER, Folder::Program, contents.provider),
            file(CONFIG, Folder::Program, contents.config),
            file(HOST, Folder::Program, contents.host),
            file("LICENSE-MIT.txt", Folder::Program, mit),
            file("LICENSE-APACHE.txt", Folder::Program, apache),
            file(ADMX, Folder::Policies, crate::policy::admx().into_bytes()),
            file(ADML, Folder::PoliciesEnglish, crate::policy::adml().into_bytes()),
        ],
        shortcut: Shortcut {
            name: "TrasaWIN",
            description: "Configures TRASA on this computer.",
            program: CONFIG,
        },
        icon: contents.icon,
        searches: searches(),
        requirements: requirements(),
        properties: &PROPERTIES,
        actions: actions(),
    }
}

fn searches() -> Vec<Search> {
    vec![
        Search {
            property: ARCHITECTURE,
            key: r"SYSTEM\CurrentControlSet\Control\Session Manager\Environment".to_owned(),
            value: "PROCESSOR_ARCHITECTURE",
        },
        Search {
            property: DLL_BEFORE,
            key: r"SOFTWARE\Classes\CLSID\{7B1F3C52-5E0B-4C7E-9A36-2D64D1A5C0E1}\InprocServer32".to_owned(),
            value: "",
        },
    ]
}

/// Nothing of this is asked of what is installed already: it can always be repaired and removed.
fn requirements() -> Vec<Requirement> {
    let requirement = |condition: &str, otherwise| Requirement {
        condition: format!("Installed OR {condition}"),
        otherwise,
    };
    vec![
        requirement(
            "NOT NEWERVERSIONFOUND",
            "A newer version of TRASA for Windows is installed on this computer. It stays as it is; remove it first if you want this older one.",
        ),
        requirement(
            "VersionNT64",
            "TRASA for Windows needs a 64-bit Windows. Nothing was changed on this computer.",
        ),
        requirement(
            r#"NATIVEARCHITECTURE ~<> "ARM64""#,
            "TRASA for Windows does not run on ARM64: its provider could not be loaded at the logon. Nothing was changed on this computer.",
        ),
        requirement(
            "VersionNT >= 601",
            "TRASA for Windows needs Windows 7, Windows Server 2008 R2 or later. Nothing was changed on this computer.",
        ),
        requirement(
            "(NOT SERVICEID AND NOT SERVER AND NOT TOKENFILE) OR (SERVICEID AND SERVER AND TOKENFILE)",
            "SERVICEID, SERVER and TOKENFILE belong together: give all three or none. Nothing was changed on this computer.",
        ),
        requirement(
            r#"ARM <> "1" OR OFFLINEUSERS OR WITHOUTOFFLINEUSER = "1""#,
            "ARM=1 needs OFFLINEUSERS, accounts that can sign in while the server cannot be reached, or WITHOUTOFFLINEUSER=1. Nothing was changed on this computer.",
        ),
    ]
}

fn actions() -> Vec<Action> {
    vec![
        Action {
            name: "StayRegistered",
            progress: "",
            program: CONFIG,
            arguments: r#"register --dll "[DLLBEFORE]""#,
            moment: Moment::RemovalTakenBack,
            condition: r#"REMOVE = "ALL" AND NOT UPGRADINGPRODUCTCODE AND DLLBEFORE"#,
        },
        // Asks the agent, which leaves everything alone where another version is registered.
        Action {
            name: "Unregister",
            progress: "Taking TRASA out of the Windows logon",
            program: CONFIG,
            arguments: "unregister --removal",
            moment: Moment::BeforeFilesGo,
            condition: r#"REMOVE = "ALL" AND NOT UPGRADINGPRODUCTCODE"#,
        },
        Action {
            name: "RegisterAgain",
            progress: "",
            program: CONFIG,
            arguments: r#"register --dll "[DLLBEFORE]""#,
            moment: Moment::InstallationTakenBack,
            condition: r#"DLLBEFORE AND REMOVE <> "ALL""#,
        },
        // It would also disarm, which is right for a first installation only.
        Action {
            name: "UnregisterAgain",
            progress: "",
            program: CONFIG,
            arguments: "unregister --removal",
            moment: Moment::InstallationTakenBack,
            condition: r#"NOT DLLBEFORE AND NOT Installed AND NOT OLDERVERSIONFOUND AND REMOVE <> "ALL""#,
        },
        Action {
            name: "Register",
            progress: "Registering TRASA with Windows, inert until it is armed",
            program: CONFIG,
            arguments: "register",
            moment: Moment::FilesAreThere,
            condition: r#"REMOVE <> "ALL""#,
        },
        Action {
            name: "Configure",
            progress: "Asking the TRASA server to admit this computer",
            program: CONFIG,
            arguments: r#"unattended --service-id="[SERVICEID]" --server="[SERVER]" --token-file="[TOKENFILE]" --offline-users="[OFFLINEUSERS]" --skip-tls="[SKIPTLS]" --arm="[ARM]" --without-offline-user="[WITHOUTOFFLINEUSER]" --probation="[PROBATION]""#,
            moment: Moment::FilesAreThere,
            condition: "NOT Installed AND (SERVICEID OR ARM)",
        },
        Action {
            name: "LaunchPanel",
            progress: "",
            program: CONFIG,
            arguments: "",
            moment: Moment::LastPage,
            condition: "LAUNCHPANEL AND NOT Installed",
        },
    ]
}
