use serde::{Deserialize, Serialize};

/// Where an account lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountKind {
    /// In the machine's own account database.
    Local,
    /// In an Active Directory domain.
    Domain,
    /// A Microsoft account that signs in to a local profile.
    Microsoft,
    /// A Microsoft Entra account.
    Entra,
}

/// A Windows account, as Windows resolved it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// `S-1-5-21-…`; absent only where Windows could not resolve the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// NetBIOS name of the domain; the host's name for a local account.
    pub domain: String,
    /// DNS name of the domain, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_domain: Option<String>,
    /// The account's name, without a domain.
    pub name: String,
    /// Where it lives.
    pub kind: AccountKind,
}
