//! What LogonUI finds in the registry: the provider, the filter, and the DLL that both live in.

use crate::panel::Panel;
use agent::ports::WriteFailed;
use protocol::v2::Registration;
use std::path::Path;

/// CLSID of the credential provider.
pub const PROVIDER: &str = "{7B1F3C52-5E0B-4C7E-9A36-2D64D1A5C0E1}";
/// CLSID of the filter.
pub const FILTER: &str = "{7B1F3C52-5E0B-4C7E-9A36-2D64D1A5C0E2}";
/// File name of the DLL.
pub const DLL: &str = "TrasaCP.dll";

const CLASSES: &str = r"SOFTWARE\Classes\CLSID";
const PROVIDERS: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Authentication\Credential Providers";
const FILTERS: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Authentication\Credential Provider Filters";
const NAMES: [(&str, &str); 2] =
    [(PROVIDER, "TRASA credential provider"), (FILTER, "TRASA credential provider filter")];

/// Whether Windows will load provider and filter: registered, not switched off, and the DLL is there.
#[must_use]
pub fn facts(panel: &Panel) -> Registration {
    Registration {
        provider: is_loadable(panel, PROVIDERS, PROVIDER),
        filter: is_loadable(panel, FILTERS, FILTER),
    }
}

fn is_loadable(panel: &Panel, list: &str, clsid: &str) -> bool {
    let registry = &panel.local_machine;
    registry.text(&format!(r"{list}\{clsid}"), "").is_some()
        && registry.number(&format!(r"{list}\{clsid}"), "Disabled").is_none_or(|disabled| disabled == 0)
        && dll(panel, clsid).is_some_and(|path| panel.program.is_file(Path::new(&path)))
}

/// Filters of other products that Windows will load: two filters that hide each other's providers leave
/// a logon screen without any. Windows' own lie in System32.
#[must_use]
pub fn other_filters(panel: &Panel) -> Vec<String> {
    let registry = &panel.local_machine;
    let other = |clsid: String| {
        let enabled =
            registry.number(&format!(r"{FILTERS}\{clsid}"), "Disabled").is_none_or(|disabled| disabled == 0);
        let file = dll(panel, &clsid).filter(|file| enabled && !is_windows_own(file))?;
        (!clsid.eq_ignore_ascii_case(FILTER)).then(|| format!("{file} ({clsid})"))
    };
    registry.keys(FILTERS).into_iter().filter_map(other).collect()
}

/// In System32 itself, or named without a folder, which Windows looks for there.
fn is_windows_own(file: &str) -> bool {
    let file = file.trim().trim_matches('"').to_ascii_lowercase().replace('/', r"\");
    let Some((folder, _)) = file.rsplit_once('\\') else { return true };
    folder == r"%systemroot%\system32"
        || folder == r"%windir%\system32"
        || folder
            .strip_suffix(r"\windows\system32")
            .is_some_and(|drive| drive.len() == 2 && drive.ends_with(':'))
}

/// The file that a class is registered with.
#[must_use]
pub fn dll(panel: &Panel, clsid: &str) -> Option<String> {
    panel.local_machine.text(&format!(r"{CLASSES}\{clsid}\InprocServer32"), "")
}

/// Registers both with a DLL. The filter comes last: it must never be there without the provider.
///
/// # Errors
/// [`WriteFailed`]; what was written so far stands.
pub fn register(panel: &Panel, dll: &str) -> Result<(), WriteFailed> {
    let registry = &panel.local_machine;
    for (clsid, name) in NAMES {
        let server = format!(r"{CLASSES}\{clsid}\InprocServer32");
        registry.set_text(&format!(r"{CLASSES}\{clsid}"), "", name)?;
        registry.set_text(&server, "", dll)?;
        registry.set_text(&server, "ThreadingModel", "Apartment")?;
    }
    for (list, (clsid, name)) in [PROVIDERS, FILTERS].into_iter().zip(NAMES) {
        registry.set_text(&format!(r"{list}\{clsid}"), "", name)?;
    }
    Ok(())
}

/// Takes both out, the filter first.
///
/// # Errors
/// [`WriteFailed`]; what was removed so far is gone.
pub fn unregister(panel: &Panel) -> Result<(), WriteFailed> {
    for key in [
        format!(r"{FILTERS}\{FILTER}"),
        format!(r"{PROVIDERS}\{PROVIDER}"),
        format!(r"{CLASSES}\{FILTER}"),
        format!(r"{CLASSES}\{PROVIDER}"),
    ] {
        panel.local_machine.remove(&key)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{FILTER, PROVIDER, facts, other_filters, register, unregister};
    use crate::testing::Fixture;
    use protocol::v2::Registration;

    const DLL: &str = r"C:\Program Files\TRASA\0.1.0\TrasaCP.dll";

    #[test]
    fn nothing_is_registered_without_its_file() {
        let fixture = Fixture::new();
        let panel = fixture.panel();
        assert_eq!(facts(&panel), Registration { provider: false, filter: false });
        register(&panel, DLL).expect("writes");
        assert_eq!(facts(&panel), Registration { provider: false, filter: false }, "no file");
        fixture.add_file(DLL);
        assert_eq!(facts(&panel), Registration { provider: true, filter: true });
        unregister(&panel).expect("removes");
        assert_eq!(facts(&panel), Registration { provider: false, filter: false });
        assert_eq!(fixture.registry_size(), 0, "nothing is left");
    }

    #[test]
    fn a_provider_that_was_switched_off_does_not_count() {
        let fixture = Fixture::new();
        let panel = fixture.panel();
        fixture.add_file(DLL);
        register(&panel, DLL).expect("writes");
        fixture.set_number(&format!(r"{}\{PROVIDER}", super::PROVIDERS), "Disabled", 1);
        assert_eq!(facts(&panel), Registration { provider: false, filter: true });
        fixture.set_number(&format!(r"{}\{FILTER}", super::FILTERS), "Disabled", 1);
        assert_eq!(facts(&panel), Registration { provider: false, filter: false });
    }

    #[test]
    fn another_products_filter_is_seen() {
        let fixture = Fixture::new();
        let panel = fixture.panel();
        fixture.add_file(DLL);
        register(&panel, DLL).expect("writes");
        let add = |clsid: &str, file: &str| {
            fixture.set_text(&format!(r"{}\{clsid}", super::FILTERS), "", "a filter");
            fixture.set_text(&format!(r"{}\{clsid}\InprocServer32", super::CLASSES), "", file);
        };
        add("{DDC0EED2-ADBE-40B6-A217-EDE16A79A0DE}", r"%SystemRoot%\system32\credprovs.dll");
        add("{00000000-0000-0000-0000-000000000001}", r"C:\Windows\System32\a.dll");
        add("{00000000-0000-0000-0000-000000000002}", "b.dll");
        assert_eq!(other_filters(&panel), [""; 0], "ours and Windows' own");
        add("{00000000-0000-0000-0000-000000000003}", r"C:\Program Files\Other\system32\c.dll");
        add("{00000000-0000-0000-0000-000000000004}", r"C:\Other\d.dll");
        fixture.set_number(
            &format!(r"{}\{{00000000-0000-0000-0000-000000000004}}", super::FILTERS),
            "Disabled",
            1,
        );
        let found = other_filters(&panel);
        assert_eq!(
            found,
            [r"C:\Program Files\Other\system32\c.dll ({00000000-0000-0000-0000-000000000003})"]
        );
    }

    #[test]
    fn the_filter_is_never_there_without_the_provider() {
        for fail_at in 0..12 {
            let fixture = Fixture::new();
            let panel = fixture.panel();
            fixture.fail_write(fail_at);
            let _may_fail = register(&panel, DLL);
            let _may_fail = unregister(&panel);
            let has =
                |list: &str, clsid: &str| panel.local_machine.text(&format!(r"{list}\{clsid}"), "").is_some();
            assert!(has(super::PROVIDERS, PROVIDER) || !has(super::FILTERS, FILTER), "{fail_at}");
        }
    }
}
