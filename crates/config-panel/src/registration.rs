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
    use super::{FILTER, PROVIDER, facts, register, unregister};
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
