//! Names of Windows accounts and of people, in the one form in which they are compared.
//!
//! Windows compares account names without case, and so do we, but never more loosely than Windows:
//! two letters are the same only if they are each other's one upper and lower case. The Kelvin sign
//! is no `k`, the dotless `ı` no `i`, a full-width letter no narrow one, and composed and decomposed
//! accents stay different. A name that we keep apart and Windows would not is refused, never let in.

mod v1;

pub use v1::Domains;

use alloc::collections::BTreeSet;
use alloc::string::String;
use core::fmt;
use protocol::v2::AccountKind;

/// Longest text of a name, in characters.
pub const MAX_CHARS: usize = 256;

/// Why a text is no name. The fault is always the text's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing, or nothing but blanks.
    #[error("the name is empty")]
    Blank,
    /// More than [`MAX_CHARS`] characters.
    #[error("the name has more than {MAX_CHARS} characters")]
    TooLong,
    /// A control character, line or paragraph separator.
    #[error("the name has a control character")]
    Control,
    /// A character that is not seen: bidi control, zero width, odd blank.
    #[error("the name has an invisible character")]
    Invisible,
    /// A character that Windows forbids in names.
    #[error("the name has the character {0:?}, which no account name may have")]
    Forbidden(char),
    /// A blank at the beginning or end.
    #[error("the name begins or ends with a blank")]
    OuterBlank,
    /// A dot at the end, which Windows would silently drop in some places.
    #[error("the name ends with a dot")]
    TrailingDot,
    /// A SID in the place of a name.
    #[error("this is a SID; write the account's name")]
    IsSid,
    /// An access names an account without saying where it lives.
    #[error(r"say where the account lives: DOMAIN\name, or .\name for a local account")]
    NoDomain,
}

/// An account's name without its domain, folded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

impl Name {
    /// Reads a name. It may hold `@` (a Microsoft account's is an email address).
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check_characters(text)?;
        check_account_part(text)?;
        if is_sid(text) {
            return Err(NameError::IsSid);
        }
        Ok(Self(fold(text)))
    }

    /// The folded text: for comparing and as a key, not for showing.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One name of a domain or of a machine (NetBIOS or DNS), folded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Domain(String);

impl Domain {
    /// Reads a domain's or machine's name.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check_characters(text)?;
        check_account_part(text)?;
        match text.chars().find(|c| matches!(c, '@' | ' ')) {
            Some(c) => Err(NameError::Forbidden(c)),
            None => Ok(Self(fold(text))),
        }
    }

    /// The folded text: for comparing and as a key, not for showing.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An account as somebody wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Written {
    /// `name`, or `\name` as original agents send it.
    Bare(Name),
    /// `.\name`.
    Local(Name),
    /// `DOMAIN\name` or `name@dns.domain`.
    Qualified(Domain, Name),
}

impl Written {
    /// Reads any of the accepted forms.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check_characters(text)?;
        if let Some((domain, name)) = text.split_once('\\') {
            let name = Name::parse(name)?;
            return Ok(match domain {
                "" => Self::Bare(name),
                "." => Self::Local(name),
                domain => Self::Qualified(Domain::parse(domain)?, name),
            });
        }
        match text.rsplit_once('@') {
            Some((name, _)) if name.contains('@') => Err(NameError::Forbidden('@')),
            Some((name, domain)) => Ok(Self::Qualified(Domain::parse(domain)?, Name::parse(name)?)),
            None => Name::parse(text).map(Self::Bare),
        }
    }
}

/// The account of an access: `DOMAIN\name`, or `.\name` for the local account of that name on any
/// machine of the service.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pattern {
    /// `.\name`
    Local(Name),
    /// `DOMAIN\name`, also written `name@dns.domain`
    InDomain(Domain, Name),
}

impl Pattern {
    /// Reads a pattern; a bare name says too little.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        match Written::parse(text)? {
            Written::Bare(_) => Err(NameError::NoDomain),
            Written::Local(name) => Ok(Self::Local(name)),
            Written::Qualified(domain, name) => Ok(Self::InDomain(domain, name)),
        }
    }

    /// Whether the access is about this account.
    #[must_use]
    pub fn matches(&self, account: &Account) -> bool {
        match self {
            Self::Local(name) => account.local && account.name == *name,
            Self::InDomain(domain, name) => account.name == *name && account.domain_names.contains(domain),
        }
    }
}

/// The folded form, which [`Pattern::parse`] reads back.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(name) => write!(f, ".\\{}", name.0),
            Self::InDomain(domain, name) => write!(f, "{}\\{}", domain.0, name.0),
        }
    }
}

/// The account that wants to log on, with every name that its domain is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: Name,
    /// Whether it lives in the account database of the machine that asks.
    pub local: bool,
    /// The names that count as its domain. Of a local account: the machine's host names, and
    /// nothing else. Of a domain account: the aliases that were confirmed for the domain's SID in
    /// this service. Never what the request merely claims.
    pub domain_names: BTreeSet<Domain>,
}

impl Account {
    /// Builds the account from what the agent sent and the names that the store knows.
    ///
    /// Microsoft and Entra accounts belong to the fixed names that Windows gives them.
    ///
    /// # Errors
    /// The account's name is none.
    pub fn new(kind: AccountKind, name: &str, known_names: BTreeSet<Domain>) -> Result<Self, NameError> {
        let fixed = |text: &str| Domain::parse(text).map(|domain| BTreeSet::from([domain]));
        Ok(Self {
            name: Name::parse(name)?,
            local: kind == AccountKind::Local,
            domain_names: match kind {
                AccountKind::Local | AccountKind::Domain => known_names,
                AccountKind::Microsoft => fixed("MicrosoftAccount")?,
                AccountKind::Entra => fixed("AzureAD")?,
            },
        })
    }
}

/// A TRASA username or email address, folded: the key by which a user is found, whatever the
/// spelling, so that counters always belong to the user and never to a spelling.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrasaId(String);

/// People type passwords into this field.
impl fmt::Debug for TrasaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TrasaId([REDACTED])")
    }
}

impl TrasaId {
    /// Reads what was typed; blanks around it are dropped.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if is_hopelessly_long(text) {
            return Err(NameError::TooLong);
        }
        let text = text.trim_matches(' ');
        check_characters(text)?;
        Ok(Self(fold(text)))
    }

    /// The folded text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Folds case without a locale: a character becomes its lower case only if the two are each
/// other's single partner. Folding twice changes nothing.
#[must_use]
pub fn fold(text: &str) -> String {
    text.chars().map(fold_char).collect()
}

fn fold_char(c: char) -> char {
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(small), None) => {
            let mut upper = small.to_uppercase();
            match (upper.next(), upper.next()) {
                (Some(large), None) if large == c => small,
                _ => c,
            }
        }
        _ => c,
    }
}

/// A character has at most four bytes: the length is judged before anything is read.
fn is_hopelessly_long(text: &str) -> bool {
    text.len() > MAX_CHARS * 4
}

fn check_characters(text: &str) -> Result<(), NameError> {
    if is_hopelessly_long(text) || text.chars().count() > MAX_CHARS {
        return Err(NameError::TooLong);
    }
    for c in text.chars() {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
            return Err(NameError::Control);
        }
        if is_invisible(c) || (c.is_whitespace() && c != ' ') {
            return Err(NameError::Invisible);
        }
    }
    if text.chars().all(|c| c == ' ') {
        return Err(NameError::Blank);
    }
    Ok(())
}

fn check_account_part(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Blank);
    }
    if let Some(c) = text.chars().find(|c| FORBIDDEN.contains(c)) {
        return Err(NameError::Forbidden(c));
    }
    if text.starts_with(' ') || text.ends_with(' ') {
        return Err(NameError::OuterBlank);
    }
    if text.ends_with('.') {
        return Err(NameError::TrailingDot);
    }
    Ok(())
}

fn is_sid(text: &str) -> bool {
    let Some((prefix, rest)) = text.split_at_checked(4) else {
        return false;
    };
    prefix.eq_ignore_ascii_case("s-1-") && rest.chars().all(|c| c.is_ascii_digit() || c == '-')
}

/// What is not seen, or turns the direction of what is: names with these exist to deceive.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFC}' | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Characters that Windows allows in no account name; `+` is left out, email addresses have it.
const FORBIDDEN: [char; 14] = ['"', '/', '\\', '[', ']', ':', ';', '|', '=', ',', '*', '?', '<', '>'];

#[cfg(test)]
mod tests;
