//! Writes a description down in Windows Installer's tables.

use crate::description::{Action, File, Folder, Moment, Package};
use crate::file_version::file_version;
use crate::sequence::{self, Step};
use crate::trasa::{LAUNCH, NEWER_FOUND, OLDER_FOUND};
use crate::{cabinet, identity, pages, schema};
use anyhow::{Context, Result};
use md5::{Digest as _, Md5};
use msi::{CodePage, Insert, PackageType, Value};
use std::io::{Cursor, Write as _};
use std::time::{Duration, SystemTime};

/// Key of the one feature.
const FEATURE: &str = "TRASA";
/// Key of the component that holds the Start menu's entry, and of the registry value that says that it is there.
const START_MENU: &str = "StartMenu";
/// Key of the folder above those of the versions.
const ABOVE: &str = "TrasaFolder";
/// Key of the icon.
const ICON: &str = "trasa.ico";

/// Windows Installer 5.0, which Windows 7 has.
const INSTALLER_SCHEMA: i32 = 500;
/// Long file names, compressed, and an elevation that is asked for where it is needed.
const SOURCE_FLAGS: i32 = 2;
/// `msidbComponentAttributes64bit`.
const COMPONENT_64BIT: i32 = 256;
/// `msidbFileAttributesVital`.
const FILE_VITAL: i32 = 512;

/// The rows of one table.
pub(crate) type Rows = Vec<Vec<Value>>;

/// Writes the package; gives the bytes of the MSI file.
///
/// # Errors
/// When a row does not fit its table, or a file does not fit a package.
pub fn write(package: &Package) -> Result<Vec<u8>> {
    let cabinet = cabinet::pack(&package.files).context("cannot pack the files")?;
    let mut database = msi::Package::create(PackageType::Installer, Cursor::new(Vec::new()))?;
    // The texts are ASCII, and old versions of Windows draw no UTF-8.
    database.set_database_codepage(CodePage::Windows1252);
    summarize(&mut database, package, &cabinet);
    for (name, columns) in schema::tables() {
        let rows = rows(package, name)?;
        if rows.is_empty() && OPTIONAL.contains(&name) {
            continue;
        }
        database.create_table(name, columns).with_context(|| format!("table {name}"))?;
        database
            .insert_rows(Insert::into(name).rows(rows))
            .with_context(|| format!("rows of table {name}"))?;
    }
    database.write_stream(cabinet::STREAM)?.write_all(&cabinet)?;
    if let Some(icon) = &package.icon {
        database.write_stream(&format!("Icon.{ICON}"))?.write_all(icon)?;
        database.write_stream(&format!("Binary.{}", pages::PICTURE))?.write_all(icon)?;
    }
    Ok(database.into_inner()?.into_inner())
}

/// Tables that are left out where they are empty.
const OPTIONAL: [&str; 2] = ["Icon", "Binary"];

fn summarize(database: &mut msi::Package<Cursor<Vec<u8>>>, package: &Package, cabinet: &[u8]) {
    let summary = database.summary_info_mut();
    summary.set_codepage(CodePage::Windows1252);
    summary.set_title("Installation Database");
    summary.set_subject(package.name);
    summary.set_author(package.manufacturer);
    summary.set_keywords(&["Installer".to_owned()]);
    summary.set_comments(format!("{} {}, for 64-bit Windows on x86-64", package.name, package.version));
    summary.set_creating_application("TRASA for Windows, crates/installer");
    // 32-bit Windows does not even open a package for x64.
    summary.set_arch("x64");
    summary.set_languages(&[msi::LanguageId::from_id(1033)]);
    summary.set_page_count(INSTALLER_SCHEMA);
    summary.set_word_count(SOURCE_FLAGS);
    // Read-only is recommended.
    summary.set_doc_security(2);
    // What runs and what it is told changes the package as its files do.
    let described = format!("{:?}{:?}{:?}", package.actions, package.requirements, package.searches);
    let content = [cabinet, described.as_bytes()].concat();
    summary.set_uuid(identity::package_code(package.version, &content));
    let constant = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
    summary.set_creation_time(constant);
    summary.set_last_save_time(constant);
}

fn rows(package: &Package, table: &str) -> Result<Rows> {
    Ok(match table {
        "Property" => properties(package),
        "Directory" => directories(package),
        "Feature" => vec![vec![
            text(FEATURE),
            Value::Null,
            text(package.name),
            text("Credential provider, configuration and what belongs to them."),
            int(1),
            int(1),
            // Nobody chooses another folder.
            Value::Null,
            // The person cannot have it absent: there is nothing else.
            int(16),
        ]],
        "Upgrade" => upgrades(package),
        "Component" => components(package),
        "FeatureComponents" => {
            let files = package.files.iter().map(File::key);
            let all = files.chain([START_MENU.to_owned()]);
            all.map(|component| vec![text(FEATURE), text(component)]).collect()
        }
        "File" => files(package)?,
        "MsiFileHash" => package.files.iter().filter(is_unversioned).map(hash).collect(),
        "Media" => {
            let last = i32::try_from(package.files.len())?;
            let cabinet = format!("#{}", cabinet::STREAM);
            vec![vec![int(1), int(last), Value::Null, text(cabinet), Value::Null, Value::Null]]
        }
        "Registry" => vec![vec![
            text(START_MENU),
            int(2),
            text(r"SOFTWARE\TRASA"),
            text("StartMenu"),
            text("#1"),
            text(START_MENU),
        ]],
        "RemoveFile" => removed_folders(package),
        "Shortcut" => vec![shortcut(package)],
        "Binary" => package.icon.iter().map(|_| vec![text(pages::PICTURE), Value::Binary]).collect(),
        "Icon" => package.icon.iter().map(|_| vec![text(ICON), Value::Binary]).collect(),
        "AppSearch" => {
            package.searches.iter().map(|search| vec![text(search.property), text(search.property)]).collect()
        }
        "RegLocator" => package
            .searches
            .iter()
            .map(|search| {
                let value = if search.value.is_empty() { Value::Null } else { text(search.value) };
                // Raw value, 64-bit view.
                vec![text(search.property), int(2), text(&search.key), value, int(2 + 16)]
            })
            .collect(),
        "LaunchCondition" => package
            .requirements
            .iter()
            .map(|required| vec![text(&required.condition), text(required.otherwise)])
            .collect(),
        "CustomAction" => package.actions.iter().map(custom_action).collect(),
        "ActionText" => action_texts(package),
        "Error" => errors(),
        "InstallExecuteSequence" => steps(&sequence::install_execute(&package.actions)),
        "InstallUISequence" => steps(&[sequence::install_ui(), pages::steps()].concat()),
        "AdminExecuteSequence" => steps(&sequence::admin_execute()),
        "AdminUISequence" => steps(&sequence::admin_ui()),
        "AdvtExecuteSequence" => steps(&sequence::advertise()),
        other => pages::rows(package, other),
    })
}

fn properties(package: &Package) -> Rows {
    let mut secure: Vec<&str> = package.properties.to_vec();
    secure.extend([OLDER_FOUND, NEWER_FOUND]);
    let mut rows = vec![
        ("ProductName", package.name.to_owned()),
        ("ProductVersion", package.version.to_string()),
        ("ProductCode", identity::product_code(package.version)),
        ("UpgradeCode", identity::upgrade_code()),
        ("Manufacturer", package.manufacturer.to_owned()),
        ("ProductLanguage", "1033".to_owned()),
        ("ALLUSERS", "1".to_owned()),
        ("SecureCustomProperties", secure.join(";")),
        ("ARPNOMODIFY", "1".to_owned()),
        ("ARPHELPLINK", package.address.to_owned()),
        ("ARPURLINFOABOUT", package.address.to_owned()),
        // An old DLL that the logon screen still holds goes with the next restart, whenever that is.
        ("REBOOT", "ReallySuppress".to_owned()),
        ("MSIRESTARTMANAGERCONTROL", "Disable".to_owned()),
        (LAUNCH, "1".to_owned()),
    ];
    rows.extend(pages::PROPERTIES.map(|(name, value)| (name, value.to_owned())));
    if package.icon.is_some() {
        rows.push(("ARPPRODUCTICON", ICON.to_owned()));
    }
    rows.into_iter().map(|(name, value)| vec![text(name), text(value)]).collect()
}

fn directories(package: &Package) -> Rows {
    let row = |key: &str, parent: Value, name: String| vec![text(key), parent, text(name)];
    vec![
        row("TARGETDIR", Value::Null, "SourceDir".to_owned()),
        row("ProgramFiles64Folder", text("TARGETDIR"), ".".to_owned()),
        row(ABOVE, text("ProgramFiles64Folder"), "TRASA".to_owned()),
        // In a folder of its own for each version, so that nothing in use is ever replaced.
        row(Folder::Program.key(), text(ABOVE), format!("VERSION|{}", package.version)),
        row(Folder::Policies.key(), text(Folder::Program.key()), "POLICI~1|PolicyDefinitions".to_owned()),
        row(Folder::PoliciesEnglish.key(), text(Folder::Policies.key()), "en-US".to_owned()),
        row("ProgramMenuFolder", text("TARGETDIR"), ".".to_owned()),
    ]
}

fn upgrades(package: &Package) -> Rows {
    /// `msidbUpgradeAttributesOnlyDetect`.
    const ONLY_DETECT: i32 = 2;
    /// `msidbUpgradeAttributesVersionMinInclusive`.
    const MIN_INCLUSIVE: i32 = 256;
    let version = || text(package.version.to_string());
    let row = |min: Value, max: Value, attributes: i32, property: &str| {
        let code = text(identity::upgrade_code());
        vec![code, min, max, Value::Null, int(attributes), Value::Null, text(property)]
    };
    vec![
        row(text("0.0.0"), version(), MIN_INCLUSIVE, OLDER_FOUND),
        row(version(), Value::Null, ONLY_DETECT, NEWER_FOUND),
    ]
}

fn components(package: &Package) -> Rows {
    let row = |key: String, id: String, folder: &str, attributes: i32| {
        vec![text(&key), text(id), text(folder), int(attributes), Value::Null, text(key)]
    };
    /// `msidbComponentAttributesRegistryKeyPath`.
    const REGISTRY_KEY_PATH: i32 = 4;
    let mut rows: Rows = package
        .files
        .iter()
        .map(|file| {
            let id = identity::file_component(package.version, file);
            row(file.key(), id, file.folder.key(), COMPONENT_64BIT)
        })
        .collect();
    let attributes = COMPONENT_64BIT | REGISTRY_KEY_PATH;
    rows.push(row(START_MENU.to_owned(), identity::start_menu_component(), ABOVE, attributes));
    rows
}

fn files(package: &Package) -> Result<Rows> {
    let mut rows = Rows::new();
    for (file, number) in package.files.iter().zip(1..) {
        let version = file_version(&file.content).map_or(Value::Null, text);
        let language = if version.is_null() { Value::Null } else { text("1033") };
        rows.push(vec![
            text(file.key()),
            text(file.key()),
            text(file_name(file.name, number)),
            int(i32::try_from(file.content.len()).with_context(|| format!("{} is too large", file.name))?),
            version,
            language,
            int(FILE_VITAL),
            int(number),
        ]);
    }
    Ok(rows)
}

fn is_unversioned(file: &&File) -> bool {
    file_version(&file.content).is_none()
}

/// `SHORT|long` where the name does not fit into eight and three characters; `number` tells short names apart.
fn file_name(name: &str, number: i32) -> String {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let is_plain = |part: &str| part.chars().all(|c| c.is_ascii_alphanumeric());
    if stem.len() <= 8 && extension.len() <= 3 && is_plain(stem) && is_plain(extension) {
        return name.to_owned();
    }
    let letters = |part: &str, most| {
        part.chars().filter(char::is_ascii_alphanumeric).take(most).collect::<String>().to_uppercase()
    };
    format!("{}~{number}.{}|{name}", letters(stem, 5), letters(extension, 3))
}

/// By it Windows Installer knows whether a file without a version is still the one that it installed.
fn hash(file: &File) -> Vec<Value> {
    let digest = Md5::digest(&file.content);
    let parts = digest.chunks_exact(4).filter_map(|part| part.try_into().ok().map(i32::from_le_bytes));
    [text(file.key()), int(0)].into_iter().chain(parts.map(int)).collect()
}

/// Folders that go when nothing is left in them: a version's own, and the one above with the last version.
fn removed_folders(package: &Package) -> Rows {
    /// When the component is removed.
    const WITH_COMPONENT: i32 = 2;
    let row = |folder: &str, component: &str| {
        vec![text(folder), text(component), Value::Null, text(folder), int(WITH_COMPONENT)]
    };
    let Some(component) = package.files.first().map(File::key) else { return Rows::new() };
    let own = Folder::ALL.into_iter().rev().map(|folder| row(folder.key(), &component));
    own.chain([row(ABOVE, START_MENU)]).collect()
}

fn shortcut(package: &Package) -> Vec<Value> {
    let shortcut = &package.shortcut;
    let icon = if package.icon.is_some() { text(ICON) } else { Value::Null };
    let index = if package.icon.is_some() { int(0) } else { Value::Null };
    let mut row = vec![
        text(START_MENU),
        text("ProgramMenuFolder"),
        text(file_name(shortcut.name, 1)),
        text(START_MENU),
        text(format!("[{}]{}", Folder::Program.key(), shortcut.program)),
        Value::Null,
        text(shortcut.description),
        Value::Null,
        icon,
        index,
        // Minimised: the console of a console program never shows.
        int(7),
        text(Folder::Program.key()),
    ];
    row.extend([Value::Null, Value::Null, Value::Null, Value::Null]);
    row
}

fn custom_action(action: &Action) -> Vec<Value> {
    /// A program that the package installs.
    const INSTALLED_PROGRAM: i32 = 18;
    /// Written down first and run by the service, as SYSTEM.
    const DEFERRED_AS_SYSTEM: i32 = 0x400 + 0x800;
    const ROLLBACK: i32 = 0x100;
    const IGNORE_EXIT_CODE: i32 = 0x40;
    const NOBODY_WAITS: i32 = 0x80 + IGNORE_EXIT_CODE;
    let kind = INSTALLED_PROGRAM
        + match action.moment {
            Moment::BeforeFilesGo | Moment::FilesAreThere => DEFERRED_AS_SYSTEM,
            Moment::InstallationTakenBack | Moment::RemovalTakenBack => {
                DEFERRED_AS_SYSTEM + ROLLBACK + IGNORE_EXIT_CODE
            }
            Moment::LastPage => NOBODY_WAITS,
        };
    let arguments = if action.arguments.is_empty() { Value::Null } else { text(action.arguments) };
    vec![text(action.name), int(kind), text(action.program), arguments, Value::Null]
}

fn action_texts(package: &Package) -> Rows {
    let standard = [
        ("InstallFiles", "Copying files"),
        ("RemoveFiles", "Removing files"),
        ("CreateShortcuts", "Creating the Start menu entry"),
        ("RemoveShortcuts", "Removing the Start menu entry"),
        ("InstallValidate", "Looking for room on the disk"),
        ("RemoveExistingProducts", "Removing the older version"),
        ("Rollback", "Taking everything back"),
    ];
    let ours = package.actions.iter().map(|action| (action.name, action.progress));
    standard
        .into_iter()
        .chain(ours.filter(|(_, progress)| !progress.is_empty()))
        .map(|(action, progress)| vec![text(action), text(progress), Value::Null])
        .collect()
}

/// Only where Windows Installer's own words would be of no help.
fn errors() -> Rows {
    let message = "TRASA refused this step ([2]), so everything was taken back. The reason stands in the application event log, source TRASA.";
    vec![vec![int(1722), text(message)]]
}

fn steps(steps: &[Step]) -> Rows {
    let row = |step: &Step| {
        let condition = if step.condition.is_empty() { Value::Null } else { text(&step.condition) };
        vec![text(&step.action), condition, int(i32::from(step.number))]
    };
    steps.iter().map(row).collect()
}

pub(crate) fn text(text: impl Into<String>) -> Value {
    Value::Str(text.into())
}

pub(crate) const fn int(number: i32) -> Value {
    Value::Int(number)
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn long_names_have_short_ones_beside_them() {
        assert_eq!(file_name("TrasaCP.dll", 1), "TrasaCP.dll");
        assert_eq!(file_name("TrasaConfig.exe", 2), "TRASA~2.EXE|TrasaConfig.exe");
        assert_eq!(file_name("logon-host.exe", 3), "LOGON~3.EXE|logon-host.exe");
        assert_eq!(file_name("TRASA.admx", 4), "TRASA~4.ADM|TRASA.admx");
        assert_eq!(file_name("TrasaWIN", 1), "TrasaWIN");
    }
}
