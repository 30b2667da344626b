//! Identities of product, components and package: derived, so that the same sources give the same installer.

use crate::description::{File, Version};
use sha2::{Digest, Sha256};
use uuid::{Uuid, uuid};

/// Below this every identity is derived by name ([RFC 9562](https://www.rfc-editor.org/rfc/rfc9562) version 5). Never
/// change it: components that are installed somewhere would be strangers to their own upgrade.
const NAMESPACE: Uuid = uuid!("5a0f7a6e-9f3f-4e0e-8d5c-6f0f6f3f2b11");

/// What all versions have in common: by it Windows Installer finds older and newer ones.
#[must_use]
pub fn upgrade_code() -> String {
    text(named("upgrade"))
}

/// One version of the product. A package of the same version with other content is no upgrade of it.
#[must_use]
pub fn product_code(version: Version) -> String {
    text(named(&format!("product/{version}")))
}

/// A component is what lies at one place: another version's folder is another place.
#[must_use]
pub fn file_component(version: Version, file: &File) -> String {
    let path = format!("component/{version}\\{}{}", file.folder.path(), file.name);
    text(named(&path.to_lowercase()))
}

/// The Start menu's entry lies at the same place in all versions. So it is one component of them all, and goes with the
/// last.
#[must_use]
pub fn start_menu_component() -> String {
    text(named("component/start menu"))
}

/// The package itself: another one for each content.
#[must_use]
pub fn package_code(version: Version, content: &[u8]) -> Uuid {
    let digest = Sha256::digest(content);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    named(&format!("package/{version}/{hex}"))
}

fn named(name: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

fn text(id: Uuid) -> String {
    format!("{{{}}}", id.hyphenated().to_string().to_uppercase())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::description::Folder;

    #[test]
    fn identities_that_are_out_there_stay_what_they_are() {
        let version = "0.1.0".parse().unwrap();
        assert_eq!(upgrade_code(), "{B8F1E861-FC84-5EFE-8FDC-BC96D3E72D3D}");
        assert_eq!(product_code(version), "{E5C14E9F-1071-577D-9C19-083125DC8E0E}");
        assert_eq!(start_menu_component(), "{902AFA2A-D1A1-5167-9E31-851D2490026E}");
    }

    #[test]
    fn a_component_follows_its_place_and_nothing_else() {
        let file = |name, content: &[u8]| File { name, folder: Folder::Program, content: content.to_vec() };
        let (one, two) = ("0.1.0".parse().unwrap(), "0.2.0".parse().unwrap());
        let first = file_component(one, &file("a.dll", b"x"));
        assert_eq!(first, file_component(one, &file("A.DLL", b"y")));
        assert_ne!(first, file_component(two, &file("a.dll", b"x")));
        assert_ne!(first, file_component(one, &file("b.dll", b"x")));
        assert_ne!(package_code(one, b"x"), package_code(one, b"y"));
    }
}
