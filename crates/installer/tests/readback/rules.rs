//! Rules that every package keeps.

use crate::package::{Opened, Row, contents};
use installer::{database, trasa};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

/// The package's own statement of what belongs where.
fn validation(package: &mut Opened) -> Vec<Row> {
    package.rows("_Validation")
}

#[test]
fn every_reference_leads_somewhere() {
    let mut package = Opened::of("0.1.0");
    let mut followed = 0;
    for rule in validation(&mut package).into_iter().filter(|rule| !rule["KeyTable"].is_empty()) {
        let (table, column, key_table) = (&rule["Table"], &rule["Column"], &rule["KeyTable"]);
        if !package.tables().contains(table) {
            continue;
        }
        for row in package.rows(table) {
            let value = &row[column.as_str()];
            // A version in the table File is also a reference where it is no version.
            if value.is_empty() || (table == "File" && column == "Version") {
                continue;
            }
            let found = match (rule["KeyColumn"].as_str(), key_table.as_str()) {
                // The second half of a key: the same dialog, whatever its column is called here.
                ("2", "Control") => {
                    let dialog = row.get("Dialog_").unwrap_or_else(|| &row["Dialog"]);
                    let controls = package.rows("Control");
                    controls
                        .iter()
                        .any(|control| control["Dialog_"] == *dialog && control["Control"] == *value)
                }
                (_, key_table) => {
                    let key = first_column(key_table);
                    package.column(key_table, key).contains(value)
                }
            };
            assert!(found, "{table}.{column} = {value} is not in {key_table}");
            followed += 1;
        }
    }
    assert!(followed > 100, "{followed}");
}

fn first_column(table: &str) -> &'static str {
    match table {
        "Directory" => "Directory",
        "Component" => "Component",
        "Feature" => "Feature",
        "File" => "File",
        "Icon" => "Name",
        "Dialog" => "Dialog",
        "RegLocator" => "Signature_",
        other => panic!("no key of {other} is known here"),
    }
}

#[test]
fn every_component_is_one_place_with_its_own_key() {
    let mut package = Opened::of("0.1.0");
    let (files, registry) = (package.rows("File"), package.column("Registry", "Registry"));
    let components = package.rows("Component");
    let ids: BTreeSet<_> = components.iter().map(|component| &component["ComponentId"]).collect();
    assert_eq!(ids.len(), components.len());
    let in_features: BTreeSet<_> = package.column("FeatureComponents", "Component_").into_iter().collect();
    for component in &components {
        let name = &component["Component"];
        assert!(in_features.contains(name), "{name} is in no feature");
        let attributes: i32 = component["Attributes"].parse().unwrap();
        assert_ne!(attributes & 256, 0, "{name} is a component of 64-bit programs");
        let own: Vec<_> = files.iter().filter(|file| file["Component_"] == *name).collect();
        if attributes & 4 == 0 {
            assert_eq!(own.len(), 1, "one file a component: {name}");
            assert_eq!(component["KeyPath"], own[0]["File"]);
        } else {
            assert!(registry.contains(&component["KeyPath"]), "{name}");
        }
    }
}

#[test]
fn the_next_version_lies_beside_this_one() {
    let (mut one, mut two) = (Opened::of("0.1.0"), Opened::of("0.1.1"));
    assert_eq!(one.property("UpgradeCode"), two.property("UpgradeCode"));
    assert_ne!(one.property("ProductCode"), two.property("ProductCode"));
    let ids = |package: &mut Opened| -> BTreeMap<String, String> {
        let rows = package.rows("Component");
        rows.into_iter().map(|row| (row["Component"].clone(), row["ComponentId"].clone())).collect()
    };
    let (first, second) = (ids(&mut one), ids(&mut two));
    for (name, id) in &first {
        // What lies at another place is another component; the Start menu's entry is one, and goes with the last.
        assert_eq!(*id == second[name], name == "StartMenu", "{name}");
    }
    // Each replaces what is older, and refuses to replace what is newer.
    let ranges: Vec<_> = two
        .rows("Upgrade")
        .into_iter()
        .map(|row| ["VersionMin", "VersionMax", "Attributes", "ActionProperty"].map(|name| row[name].clone()))
        .collect();
    assert!(
        ranges.contains(&["0.0.0", "0.1.1", "256", "OLDERVERSIONFOUND"].map(str::to_owned)),
        "{ranges:?}"
    );
    assert!(ranges.contains(&["0.1.1", "", "2", "NEWERVERSIONFOUND"].map(str::to_owned)), "{ranges:?}");
}

#[test]
fn the_files_are_all_there_in_the_order_of_the_cabinet() {
    let mut package = Opened::of("0.1.0");
    let mut cabinet = cab::Cabinet::new(Cursor::new(package.stream("trasa.cab"))).unwrap();
    let packed: Vec<String> = cabinet
        .folder_entries()
        .flat_map(|folder| folder.file_entries().map(|file| file.name().to_owned()).collect::<Vec<_>>())
        .collect();
    let mut files = package.rows("File");
    files.sort_by_key(|file| file["Sequence"].parse::<i32>().unwrap());
    assert_eq!(packed, files.iter().map(|file| file["File"].clone()).collect::<Vec<_>>());
    for (file, number) in files.iter().zip(1..) {
        assert_eq!(file["Sequence"], number.to_string());
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut cabinet.read_file(&file["File"]).unwrap(), &mut content).unwrap();
        assert_eq!(file["FileSize"], content.len().to_string());
    }
    assert_eq!(package.column("Media", "LastSequence"), [files.len().to_string()]);
    assert_eq!(package.column("Media", "Cabinet"), ["#trasa.cab"]);
    // None of these has a version of its own, so each is known by its hash.
    let mut hashed = package.column("MsiFileHash", "File_");
    hashed.sort();
    let mut unversioned: Vec<_> =
        files.iter().filter(|file| file["Version"].is_empty()).map(|file| file["File"].clone()).collect();
    unversioned.sort();
    assert_eq!(hashed, unversioned);
    // Short names are of eight and three, and different in each folder.
    let mut short = BTreeSet::new();
    for file in &files {
        let (name, long) = file["FileName"].split_once('|').unwrap_or((&file["FileName"], &file["FileName"]));
        let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
        assert!(stem.len() <= 8 && extension.len() <= 3, "{name}");
        assert!(short.insert(name.to_lowercase()), "{name} twice");
        assert!(!long.is_empty());
    }
    for stream in ["Icon.trasa.ico", "Binary.picture"] {
        assert!(package.has_stream(stream), "{stream}");
    }
}

#[test]
fn every_sequence_is_in_order() {
    let mut package = Opened::of("0.1.0");
    let (actions, dialogs) = (package.column("CustomAction", "Action"), package.column("Dialog", "Dialog"));
    for table in [
        "InstallExecuteSequence",
        "InstallUISequence",
        "AdminExecuteSequence",
        "AdminUISequence",
        "AdvtExecuteSequence",
    ] {
        let rows = package.rows(table);
        let number = |name: &str| -> Option<i32> {
            rows.iter().find(|row| row["Action"] == name).map(|row| row["Sequence"].parse().unwrap())
        };
        let numbers: BTreeSet<_> = rows.iter().map(|row| &row["Sequence"]).collect();
        assert_eq!(numbers.len(), rows.len(), "{table}: two at one number");
        for pair in [
            ["FindRelatedProducts", "LaunchConditions"],
            ["AppSearch", "LaunchConditions"],
            ["LaunchConditions", "CostInitialize"],
            ["CostInitialize", "FileCost"],
            ["FileCost", "CostFinalize"],
            ["CostFinalize", "InstallValidate"],
            ["InstallValidate", "InstallInitialize"],
            ["InstallInitialize", "Unregister"],
            ["Unregister", "RemoveFiles"],
            ["RemoveFiles", "InstallFiles"],
            ["InstallFiles", "Register"],
            ["Register", "Configure"],
            ["Configure", "InstallFinalize"],
            // The old version goes when the new one is complete.
            ["InstallFinalize", "RemoveExistingProducts"],
            // What takes back is written down before what it takes back.
            ["StayRegistered", "Unregister"],
            ["InstallFiles", "RegisterAgain"],
            ["RegisterAgain", "Register"],
            ["UnregisterAgain", "Register"],
        ] {
            let [first, second] = pair.map(number);
            assert!(first.zip(second).is_none_or(|(first, second)| first < second), "{table}: {pair:?}");
        }
        for row in &rows {
            let action = &row["Action"];
            let standard = !actions.contains(action) && !dialogs.contains(action);
            let ends = row["Sequence"].starts_with('-');
            assert!(!ends || dialogs.contains(action), "{table}: {action}");
            assert!(!standard || action.chars().all(|c| c.is_ascii_alphabetic()), "{table}: {action}");
        }
    }
    for (name, number) in [("DonePage", "-1"), ("CancelledPage", "-2"), ("FailedPage", "-3")] {
        let rows = package.rows("InstallUISequence");
        assert!(rows.iter().any(|row| row["Action"] == name && row["Sequence"] == number), "{name}");
    }
}

#[test]
fn actions_run_our_program_as_system_and_are_told_no_secret() {
    let mut package = Opened::of("0.1.0");
    let files = package.column("File", "File");
    for action in package.rows("CustomAction") {
        let (name, kind) = (&action["Action"], action["Type"].parse::<i32>().unwrap());
        assert_eq!(kind & 0x3f, 18, "{name} is an installed program");
        assert!(files.contains(&action["Source"]), "{name}");
        let deferred_as_system = 0x400 | 0x800;
        let expected = if name == "LaunchPanel" { 0 } else { deferred_as_system };
        assert_eq!(kind & deferred_as_system, expected, "{name}");
        let is_rollback = ["StayRegistered", "RegisterAgain", "UnregisterAgain"].contains(&name.as_str());
        assert_eq!(kind & 0x100 != 0, is_rollback, "{name}");
        // Only what takes back, and what nobody waits for, may fail unseen.
        assert_eq!(kind & 0x40 != 0, is_rollback || name == "LaunchPanel", "{name}");
        assert!(action["Target"].len() <= 255, "{name}");
    }
    let configure =
        package.rows("CustomAction").into_iter().find(|row| row["Action"] == "Configure").unwrap();
    for property in trasa::PROPERTIES {
        assert!(configure["Target"].contains(&format!("\"[{property}]\"")), "{property}");
        assert!(
            property.chars().all(|c| c.is_ascii_uppercase()),
            "{property} reaches an elevated installation"
        );
    }
    // There is no property for a secret, so that none can stand in a log.
    let secure = package.property("SecureCustomProperties");
    let secure: BTreeSet<_> = secure.split(';').collect();
    let mut expected: BTreeSet<_> = trasa::PROPERTIES.into();
    expected.extend([trasa::OLDER_FOUND, trasa::NEWER_FOUND]);
    assert_eq!(secure, expected);
    for text in secure.iter().map(|name| name.to_lowercase()) {
        assert!(!text.contains("key") && !text.contains("secret") && text != "token", "{text}");
    }
}

#[test]
fn it_never_arms_and_touches_no_other_provider() {
    let mut package = Opened::of("0.1.0");
    // Of the registry only the mark of the Start menu's entry; the rest is the agent's to write.
    let registry = package.rows("Registry");
    assert_eq!(registry.len(), 1);
    assert_eq!([&registry[0]["Key"], &registry[0]["Name"]], [r"SOFTWARE\TRASA", "StartMenu"]);
    for action in package.rows("CustomAction") {
        let target = &action["Target"];
        assert!(
            ["", "register", "unregister --removal", r#"register --dll "[DLLBEFORE]""#]
                .contains(&target.as_str())
                || target.starts_with("unattended "),
            "{target}"
        );
    }
    for table in package.tables() {
        assert!(
            ![
                "ServiceControl",
                "ServiceInstall",
                "Class",
                "SelfReg",
                "RemoveRegistry",
                "MsiLockPermissionsEx"
            ]
            .contains(&table.as_str())
        );
    }
}

#[test]
fn every_file_goes_where_users_cannot_write() {
    let mut package = Opened::of("0.1.0");
    let folders: BTreeMap<String, String> = package
        .rows("Directory")
        .into_iter()
        .map(|row| (row["Directory"].clone(), row["Directory_Parent"].clone()))
        .collect();
    for component in package.rows("Component") {
        let mut at = component["Directory_"].clone();
        while at != "ProgramFiles64Folder" {
            at.clone_from(&folders[&at]);
            assert!(!at.is_empty(), "{} lies outside of the program folder", component["Component"]);
        }
    }
    // A command line sets what is written in capitals only.
    for folder in folders.keys().filter(|name| *name != "TARGETDIR") {
        assert!(folder.chars().any(|c| c.is_ascii_lowercase()), "{folder} could be put elsewhere");
    }
    // The one path that an action is told is the token file's.
    for action in package.rows("CustomAction") {
        let told = action["Target"].matches('[').count();
        let expected = match action["Action"].as_str() {
            "Configure" => trasa::PROPERTIES.len(),
            "RegisterAgain" | "StayRegistered" => 1,
            _ => 0,
        };
        assert_eq!(told, expected, "{}", action["Action"]);
    }
}

#[test]
fn no_restart_is_asked_for() {
    let mut package = Opened::of("0.1.0");
    assert_eq!(package.property("REBOOT"), "ReallySuppress");
    assert_eq!(package.property("MSIRESTARTMANAGERCONTROL"), "Disable");
    for action in package.column("InstallExecuteSequence", "Action") {
        assert!(!["ForceReboot", "ScheduleReboot"].contains(&action.as_str()));
    }
}

#[test]
fn per_machine_and_x64() {
    let mut package = Opened::of("0.1.0");
    assert_eq!(package.property("ALLUSERS"), "1");
    let summary = package.summary();
    assert_eq!(summary.arch(), Some("x64"));
    assert_eq!((summary.page_count(), summary.word_count()), (Some(500), Some(2)));
    assert!(summary.uuid().is_some());
}

#[test]
fn the_last_page_offers_the_panel_with_a_ticked_box() {
    let mut package = Opened::of("0.1.0");
    assert_eq!(package.property("LAUNCHPANEL"), "1", "ticked");
    let controls = package.rows("Control");
    let launch =
        controls.iter().find(|row| row["Dialog_"] == "DonePage" && row["Type"] == "CheckBox").unwrap();
    assert_eq!([&launch["Property"], &launch["Text"]], ["LAUNCHPANEL", "&Launch TrasaWIN to configure now"]);
    let events = package.rows("ControlEvent");
    let on_finish: Vec<_> =
        events.iter().filter(|row| row["Dialog_"] == "DonePage" && row["Control_"] == "Finish").collect();
    let event = |name: &str| on_finish.iter().find(|row| row["Event"] == name).unwrap();
    let launches = event("DoAction");
    assert_eq!(launches["Argument"], "LaunchPanel");
    let holds = |properties: &[(&str, &str)]| crate::condition::holds(&launches["Condition"], properties);
    assert!(holds(&[("LAUNCHPANEL", "1")]));
    assert!(!holds(&[]), "not ticked");
    assert!(!holds(&[("LAUNCHPANEL", "1"), ("Installed", "00:00:00")]), "removed or repaired");
    assert!(launches["Ordering"] < event("EndDialog")["Ordering"], "before the page goes");
}

#[test]
fn the_last_page_says_what_happened_and_nothing_else() {
    let mut package = Opened::of("0.1.0");
    let conditions = package.rows("ControlCondition");
    let installed = ("Installed", "00:00:00");
    for (properties, names) in [
        (&[][..], &["Heading", "Launch", "Next"][..]),
        (&[("OLDERVERSIONFOUND", "{X}")], &["Heading", "Kept", "Launch"]),
        (&[installed, ("REINSTALL", "ALL")], &["Heading", "Kept"]),
        (&[installed, ("REMOVE", "ALL")], &["Gone", "HeadingRemoved"]),
        (&[installed, ("MODE", "Remove")], &["Gone", "HeadingRemoved"]),
    ] {
        let shown = conditions
            .iter()
            .filter(|row| row["Dialog_"] == "DonePage" && row["Action"] == "Show")
            .filter(|row| crate::condition::holds(&row["Condition"], properties))
            .map(|row| row["Control_"].as_str());
        let mut shown: Vec<_> = shown.collect();
        shown.sort_unstable();
        assert_eq!(shown, names, "{properties:?}");
    }
}

/// Who cancels a removal half-way must not believe that the logon is still guarded.
#[test]
fn whoever_stops_a_removal_is_told_that_the_guard_is_off() {
    let mut package = Opened::of("0.1.0");
    let controls = package.rows("Control");
    for page in ["CancelledPage", "FailedPage"] {
        let texts: String =
            controls.iter().filter(|row| row["Dialog_"] == page).map(|row| row["Text"].as_str()).collect();
        assert!(texts.contains("arm it again") && !texts.contains("installed"), "{page}: {texts}");
    }
}

#[test]
fn pages_can_be_used_by_keyboard_alone() {
    let mut package = Opened::of("0.1.0");
    let (dialogs, controls) = (package.rows("Dialog"), package.rows("Control"));
    for dialog in &dialogs {
        let name = &dialog["Dialog"];
        let own: BTreeMap<_, _> = controls
            .iter()
            .filter(|row| row["Dialog_"] == *name)
            .map(|row| (row["Control"].as_str(), row))
            .collect();
        let stops: BTreeSet<_> = own
            .values()
            .filter(|row| !row["Control_Next"].is_empty())
            .map(|row| row["Control"].as_str())
            .collect();
        // Round all of them, back to where it began.
        let start = *stops.first().unwrap();
        let (mut at, mut seen) = (start, BTreeSet::new());
        while seen.insert(at) {
            at = &own[at]["Control_Next"];
        }
        assert_eq!((at, &seen), (start, &stops), "{name}");
        let mut mnemonics = BTreeSet::new();
        for row in own.values().filter(|row| ["PushButton", "CheckBox"].contains(&row["Type"].as_str())) {
            let text = &row["Text"];
            let letter = text.split_once('&').and_then(|(_, rest)| rest.chars().next()).unwrap();
            let first = mnemonics.insert(letter.to_ascii_lowercase());
            assert!(first || name == "ErrorPage", "{name}: {letter} twice");
        }
        // Nothing hangs over the edge, and no two buttons lie over each other.
        let number = |row: &Row, column: &str| row[column].parse::<i32>().unwrap();
        for row in own.values() {
            assert!(number(row, "X") + number(row, "Width") <= number(dialog, "Width"), "{name}: {row:?}");
            assert!(number(row, "Y") + number(row, "Height") <= number(dialog, "Height"), "{name}: {row:?}");
        }
        if name != "ErrorPage" {
            let buttons: Vec<_> = own.values().filter(|row| row["Type"] == "PushButton").collect();
            for (at, one) in buttons.iter().enumerate() {
                for other in &buttons[at + 1..] {
                    let apart = |edge: &str, size: &str| {
                        number(one, edge) + number(one, size) <= number(other, edge)
                            || number(other, edge) + number(other, size) <= number(one, edge)
                    };
                    assert!(apart("X", "Width") || apart("Y", "Height"), "{name}: {one:?} {other:?}");
                }
            }
        }
    }
}

#[test]
fn the_same_sources_give_the_same_package() {
    let package = || trasa::package("0.1.0".parse().unwrap(), contents());
    let (one, other) = (database::write(&package()).unwrap(), database::write(&package()).unwrap());
    assert!(one == other);
    let mut changed = package();
    changed.files[0].content.push(0);
    let code = |bytes: Vec<u8>| msi::Package::open(Cursor::new(bytes)).unwrap().summary_info().uuid();
    assert_ne!(code(one), code(database::write(&changed).unwrap()), "another package is another package");
}
