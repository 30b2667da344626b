//! The filter: which providers remain, and what becomes of a remote credential.

use windows::Win32::UI::Shell::ICredentialProviderFilter;
use windows::core::GUID;
use zeroize::Zeroizing;

use super::com::{self, Incoming};
use super::library::{self, Library, braces};
use super::walk::{FilterChoice, Walk};
use crate::codes;
use crate::kerb::pack;
use crate::output::Event;
use crate::redirect;
use crate::script::{NlaLayout, Value};

/// TRASA's own filter; asked for at a DLL whose filter is not registered.
const TRASA_FILTER: GUID = GUID::from_u128(0x7B1F3C52_5E0B_4C7E_9A36_2D64D1A5C0E2);

impl Walk {
    /// Creates the filters that take part, with their CLSIDs. The libraries of foreign ones stay loaded.
    fn filters(&mut self) -> Vec<(GUID, ICredentialProviderFilter)> {
        let clsids = match self.filter {
            FilterChoice::None => Vec::new(),
            FilterChoice::Clsid(clsid) => vec![clsid],
            FilterChoice::Found => {
                let mut found = library::registered_filters();
                if !found.contains(&TRASA_FILTER) {
                    found.push(TRASA_FILTER);
                }
                found
            }
        };
        let Some(own) = &self.library else {
            return Vec::new();
        };
        let mut filters = Vec::new();
        for clsid in clsids {
            let from_own = own.create::<ICredentialProviderFilter>(&clsid).ok();
            let filter = from_own.or_else(|| foreign(&clsid));
            filters.extend(filter.map(|it| (clsid, it)));
        }
        filters
    }

    /// ICredentialProviderFilter::Filter over the world's providers and ours.
    pub(super) fn run_filter(&mut self) -> Result<(), String> {
        let mut providers: Vec<GUID> =
            self.active.world().other_providers.iter().filter_map(|it| library::parse_guid(it)).collect();
        providers.push(self.clsid);
        let mut remains = vec![true; providers.len()];
        let filters = self.filters();
        for (_, filter) in &filters {
            let (code, allowed) = com::filter(filter, self.scenario.cpus(), self.flags, &providers);
            self.heard("Filter", code);
            if code >= 0 {
                remains.iter_mut().zip(allowed).for_each(|(remains, allowed)| *remains &= allowed);
            }
        }
        self.filtered = providers.iter().map(braces).zip(remains).collect();
        if !filters.is_empty() {
            for (clsid, remains) in &self.filtered {
                let event = Event::new("filter").with("clsid", clsid.as_str()).with("remains", *remains);
                self.shared.output.event(event);
            }
        }
        Ok(())
    }

    /// A network-level authentication: what the client sent goes through the filter.
    pub(super) fn nla(&mut self, account: &str, value: &Value, layout: NlaLayout) -> Result<(), String> {
        let password = self.value(value)?;
        self.shared.output.keep_secret(&password);
        let protected: Zeroizing<String> =
            if redirect::is_protected() { redirect::protect(&password) } else { password };
        let (domain, user) = account.split_once('\\').unwrap_or(("", account));
        let bytes = pack(domain, user, &protected).to_vec();
        self.remote_credential(bytes, layout == NlaLayout::Absolute)
    }

    pub(super) fn nla_bytes(&mut self, bytes: Vec<u8>) -> Result<(), String> {
        self.remote_credential(bytes, false)
    }

    fn remote_credential(&mut self, bytes: Vec<u8>, absolute: bool) -> Result<(), String> {
        let package = self.active.world().authentication_package;
        let mut incoming = Incoming { package, clsid: GUID::zeroed(), bytes, absolute };
        self.incoming = None;
        for (_, filter) in self.filters() {
            let (code, taken) = com::update_remote_credential(&filter, &mut incoming);
            self.heard("UpdateRemoteCredential", code);
            self.shared.output.event(
                Event::new("remote-credential")
                    .with("hresult", codes::hresult_name(code))
                    .with("clsid", braces(&taken.clsid))
                    .with("size", taken.bytes.len()),
            );
            // The provider that it names gets the copy by SetSerialization.
            if code == codes::S_OK && taken.clsid == self.clsid {
                let bytes = taken.bytes.clone();
                self.incoming =
                    Some(Incoming { package: taken.package, clsid: taken.clsid, bytes, absolute: false });
                if self.started {
                    let code = com::set_serialization(&self.provider()?, self.incoming.as_mut());
                    self.heard("SetSerialization", code);
                }
            }
        }
        Ok(())
    }
}

fn foreign(clsid: &GUID) -> Option<ICredentialProviderFilter> {
    let path = library::registered(clsid, "Credential Provider Filters").ok()?;
    let library = Library::load(&path).ok()?;
    let filter = library.create(clsid).ok();
    // Its objects outlive this function, so it is not unloaded.
    std::mem::forget(library);
    filter
}
