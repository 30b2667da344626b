//! The columns of Windows Installer's tables, as
//! [Microsoft defines them](https://learn.microsoft.com/windows/win32/msi/database-tables). The `msi` crate writes the
//! table `_Validation` from them and refuses rows that do not fit.

use msi::{Category, Column, ColumnBuilder};

const SEQUENCE_TABLES: [&str; 5] = [
    "AdminExecuteSequence",
    "AdminUISequence",
    "AdvtExecuteSequence",
    "InstallExecuteSequence",
    "InstallUISequence",
];

/// The tables that a package has, each with its columns.
#[must_use]
pub fn tables() -> Vec<(&'static str, Vec<Column>)> {
    let mut tables = product();
    tables.extend(content());
    tables.extend(conditions_and_actions());
    tables.extend(SEQUENCE_TABLES.map(|name| (name, sequence())));
    tables.extend(pages());
    tables
}

fn product() -> Vec<(&'static str, Vec<Column>)> {
    vec![
        ("Property", vec![key("Property", 72), column("Value").localizable().text_string(0)]),
        (
            "Directory",
            vec![
                key("Directory", 72),
                column("Directory_Parent").nullable().foreign_key("Directory", 1).id_string(72),
                column("DefaultDir").localizable().category(Category::DefaultDir).string(255),
            ],
        ),
        (
            "Feature",
            vec![
                key("Feature", 38),
                column("Feature_Parent").nullable().foreign_key("Feature", 1).id_string(38),
                column("Title").nullable().localizable().text_string(64),
                column("Description").nullable().localizable().text_string(255),
                column("Display").nullable().range(0, 32767).int16(),
                column("Level").range(0, 32767).int16(),
                column("Directory_")
                    .nullable()
                    .foreign_key("Directory", 1)
                    .category(Category::UpperCase)
                    .string(72),
                column("Attributes").range(0, 63).int16(),
            ],
        ),
        (
            "Upgrade",
            vec![
                column("UpgradeCode").primary_key().category(Category::Guid).string(38),
                column("VersionMin").primary_key().nullable().text_string(20),
                column("VersionMax").primary_key().nullable().text_string(20),
                column("Language").primary_key().nullable().category(Category::Language).string(255),
                column("Attributes").primary_key().range(0, i32::MAX).int32(),
                column("Remove").nullable().formatted_string(255),
                column("ActionProperty").category(Category::UpperCase).string(72),
            ],
        ),
    ]
}

fn content() -> Vec<(&'static str, Vec<Column>)> {
    vec![
        (
            "Component",
            vec![
                key("Component", 72),
                column("ComponentId").nullable().category(Category::Guid).string(38),
                reference("Directory_", "Directory", 72),
                column("Attributes").int16(),
                column("Condition").nullable().category(Category::Condition).string(255),
                // A key of one of several tables, which the `msi` crate cannot say in `_Validation`.
                column("KeyPath").nullable().id_string(72),
            ],
        ),
        (
            "FeatureComponents",
            vec![
                column("Feature_").primary_key().foreign_key("Feature", 1).id_string(38),
                column("Component_").primary_key().foreign_key("Component", 1).id_string(72),
            ],
        ),
        (
            "File",
            vec![
                key("File", 72),
                reference("Component_", "Component", 72),
                column("FileName").localizable().category(Category::Filename).string(255),
                column("FileSize").range(0, i32::MAX).int32(),
                column("Version").nullable().foreign_key("File", 1).category(Category::Version).string(72),
                column("Language").nullable().category(Category::Language).string(20),
                column("Attributes").nullable().range(0, 32767).int16(),
                column("Sequence").range(1, 32767).int16(),
            ],
        ),
        (
            "MsiFileHash",
            vec![
                column("File_").primary_key().foreign_key("File", 1).id_string(72),
                column("Options").range(0, 32767).int16(),
                column("HashPart1").int32(),
                column("HashPart2").int32(),
                column("HashPart3").int32(),
                column("HashPart4").int32(),
            ],
        ),
        (
            "Media",
            vec![
                column("DiskId").primary_key().range(1, 32767).int16(),
                column("LastSequence").range(0, 32767).int16(),
                column("DiskPrompt").nullable().localizable().text_string(64),
                column("Cabinet").nullable().category(Category::Cabinet).string(255),
                column("VolumeLabel").nullable().text_string(32),
                column("Source").nullable().category(Category::Property).string(72),
            ],
        ),
        (
            "Registry",
            vec![
                key("Registry", 72),
                column("Root").range(-1, 3).int16(),
                column("Key").localizable().category(Category::RegPath).string(255),
                column("Name").nullable().localizable().formatted_string(255),
                column("Value").nullable().localizable().formatted_string(0),
                reference("Component_", "Component", 72),
            ],
        ),
        (
            "RemoveFile",
            vec![
                key("FileKey", 72),
                reference("Component_", "Component", 72),
                column("FileName").nullable().localizable().category(Category::WildCardFilename).string(255),
                column("DirProperty").id_string(72),
                column("InstallMode").range(1, 3).int16(),
            ],
        ),
        ("Shortcut", shortcut()),
        ("Binary", vec![key("Name", 72), column("Data").category(Category::Binary).binary()]),
        ("Icon", vec![key("Name", 72), column("Data").category(Category::Binary).binary()]),
    ]
}

fn shortcut() -> Vec<Column> {
    vec![
        key("Shortcut", 72),
        reference("Directory_", "Directory", 72),
        column("Name").localizable().category(Category::Filename).string(128),
        reference("Component_", "Component", 72),
        column("Target").category(Category::Shortcut).string(72),
        column("Arguments").nullable().formatted_string(255),
        column("Description").nullable().localizable().text_string(255),
        column("Hotkey").nullable().range(0, 32767).int16(),
        column("Icon_").nullable().foreign_key("Icon", 1).id_string(72),
        column("IconIndex").nullable().range(-32767, 32767).int16(),
        column("ShowCmd").nullable().range(1, 7).int16(),
        column("WkDir").nullable().foreign_key("Directory", 1).id_string(72),
        column("DisplayResourceDLL").nullable().formatted_string(255),
        column("DisplayResourceId").nullable().range(0, 32767).int16(),
        column("DescriptionResourceDLL").nullable().formatted_string(255),
        column("DescriptionResourceId").nullable().range(0, 32767).int16(),
    ]
}

fn conditions_and_actions() -> Vec<(&'static str, Vec<Column>)> {
    vec![
        (
            "AppSearch",
            vec![
                key("Property", 72),
                column("Signature_").primary_key().foreign_key("RegLocator", 1).id_string(72),
            ],
        ),
        (
            "RegLocator",
            vec![
                key("Signature_", 72),
                column("Root").range(0, 3).int16(),
                column("Key").category(Category::RegPath).string(255),
                column("Name").nullable().formatted_string(255),
                column("Type").nullable().range(0, 18).int16(),
            ],
        ),
        (
            "LaunchCondition",
            vec![
                column("Condition").primary_key().category(Category::Condition).string(255),
                column("Description").localizable().formatted_string(255),
            ],
        ),
        (
            "CustomAction",
            vec![
                key("Action", 72),
                column("Type").range(1, 32767).int16(),
                column("Source").nullable().category(Category::CustomSource).string(72),
                column("Target").nullable().formatted_string(255),
                column("ExtendedType").nullable().range(0, i32::MAX).int32(),
            ],
        ),
        (
            "ActionText",
            vec![
                key("Action", 72),
                column("Description").nullable().localizable().text_string(64),
                column("Template").nullable().localizable().category(Category::Template).string(128),
            ],
        ),
        (
            "Error",
            vec![
                column("Error").primary_key().range(0, 32767).int16(),
                column("Message").nullable().localizable().category(Category::Template).string(0),
            ],
        ),
    ]
}

fn sequence() -> Vec<Column> {
    vec![
        key("Action", 72),
        column("Condition").nullable().category(Category::Condition).string(255),
        column("Sequence").nullable().range(-4, 32767).int16(),
    ]
}

fn pages() -> Vec<(&'static str, Vec<Column>)> {
    let dialog = || column("Dialog_").primary_key().foreign_key("Dialog", 1).id_string(72);
    let control = || column("Control_").primary_key().foreign_key("Control", 2).id_string(50);
    let size = |name| column(name).range(0, 32767).int16();
    vec![
        (
            "Dialog",
            vec![
                key("Dialog", 72),
                column("HCentering").range(0, 100).int16(),
                column("VCentering").range(0, 100).int16(),
                size("Width"),
                size("Height"),
                column("Attributes").nullable().range(0, i32::MAX).int32(),
                column("Title").nullable().localizable().formatted_string(128),
                column("Control_First").foreign_key("Control", 2).id_string(50),
                column("Control_Default").nullable().foreign_key("Control", 2).id_string(50),
                column("Control_Cancel").nullable().foreign_key("Control", 2).id_string(50),
            ],
        ),
        (
            "Control",
            vec![
                dialog(),
                key("Control", 50),
                column("Type").id_string(20),
                size("X"),
                size("Y"),
                size("Width"),
                size("Height"),
                column("Attributes").nullable().range(0, i32::MAX).int32(),
                column("Property").nullable().id_string(72),
                column("Text").nullable().localizable().formatted_string(0),
                column("Control_Next").nullable().foreign_key("Control", 2).id_string(50),
                column("Help").nullable().localizable().text_string(50),
            ],
        ),
        (
            "ControlCondition",
            vec![
                dialog(),
                control(),
                column("Action")
                    .primary_key()
                    .enum_values(&["Default", "Disable", "Enable", "Hide", "Show"])
                    .string(50),
                column("Condition").primary_key().category(Category::Condition).string(255),
            ],
        ),
        (
            "ControlEvent",
            vec![
                dialog(),
                control(),
                column("Event").primary_key().formatted_string(50),
                column("Argument").primary_key().formatted_string(255),
                column("Condition").primary_key().nullable().category(Category::Condition).string(255),
                column("Ordering").nullable().range(0, 32767).int16(),
            ],
        ),
        ("EventMapping", vec![dialog(), control(), key("Event", 50), column("Attribute").id_string(50)]),
        (
            "TextStyle",
            vec![
                key("TextStyle", 72),
                column("FaceName").text_string(32),
                column("Size").range(0, 32767).int16(),
                column("Color").nullable().range(0, 0xFF_FFFF).int32(),
                column("StyleBits").nullable().range(0, 15).int16(),
            ],
        ),
        ("UIText", vec![key("Key", 72), column("Text").nullable().localizable().text_string(255)]),
        ("CheckBox", vec![key("Property", 72), column("Value").nullable().formatted_string(64)]),
    ]
}

fn key(name: &str, length: usize) -> Column {
    Column::build(name).primary_key().id_string(length)
}

fn reference(name: &str, table: &str, length: usize) -> Column {
    Column::build(name).foreign_key(table, 1).id_string(length)
}

fn column(name: &str) -> ColumnBuilder {
    Column::build(name)
}
