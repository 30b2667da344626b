//! The original's `config.trasa`: read into what `set` would be given.

use super::verify_and_save::Input;
use crate::console::Failure;
use crate::secret::SecretText;
use agent::config::Generation;
use serde::Deserialize;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use zeroize::Zeroizing;

/// Longest file that is read, in bytes: a hundred times one of the original's.
const MAX_BYTES: usize = 64 * 1024;

/// What a file said.
#[derive(Debug)]
pub struct Imported {
    /// Version 1, and the fields.
    pub input: Input,
    /// The ServiceKey, which the file holds in clear text.
    pub key: SecretText,
}

/// Reads a file; saves nothing.
///
/// # Errors
/// [`Failure`], which never quotes the file.
pub fn read(path: &Path) -> Result<Imported, Failure> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| {
        Failure::refused("import_unreadable", format!("{shown} could not be read: {error}."))
    };
    let mut file = File::open(path).map_err(unreadable)?;
    // Full size from the beginning: growing would leave copies of the key behind.
    let mut bytes = Zeroizing::new(vec![0; MAX_BYTES]);
    let mut length = 0;
    loop {
        let Some(rest) = bytes.get_mut(length..).filter(|rest| !rest.is_empty()) else {
            return Err(malformed());
        };
        match file.read(rest).map_err(unreadable)? {
            0 => break,
            read => length += read,
        }
    }
    parse(bytes.get(..length).unwrap_or_default())
}

/// Removes the file whose key is sealed in the configuration now.
///
/// # Errors
/// [`Failure`]; the configuration is saved all the same.
pub fn remove(path: &Path) -> Result<(), Failure> {
    std::fs::remove_file(path).map_err(|error| {
        Failure::refused(
            "import_not_removed",
            format!(
                "The configuration was saved, but {} could not be removed: {error}. It still holds the ServiceKey in clear text; remove it by hand.",
                path.display()
            ),
        )
    })
}

/// The file's members, as the original's agent writes them.
#[derive(Deserialize)]
struct Members {
    #[serde(rename = "serviceID")]
    service_id: String,
    #[serde(rename = "serviceKey")]
    service_key: Zeroizing<String>,
    #[serde(rename = "trasaHost")]
    trasa_host: Names,
    #[serde(rename = "offlineUsers", default)]
    offline_users: Option<Names>,
    #[serde(rename = "skipTLSVerification", default)]
    skip_tls_verification: Option<Flag>,
}

/// Names with commas; a list of names is understood too.
#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    Text(String),
    List(Vec<String>),
}

impl Names {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::List(names) => names.join(","),
        }
    }
}

/// A bool; its word is understood too.
#[derive(Deserialize)]
#[serde(untagged)]
enum Flag {
    Bool(bool),
    Word(String),
}

impl Flag {
    fn is_set(&self) -> Option<bool> {
        match self {
            Self::Bool(is) => Some(*is),
            Self::Word(word) if word.eq_ignore_ascii_case("true") => Some(true),
            Self::Word(word) if word.is_empty() || word.eq_ignore_ascii_case("false") => Some(false),
            Self::Word(_) => None,
        }
    }
}

fn parse(bytes: &[u8]) -> Result<Imported, Failure> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let members: Members = serde_json::from_slice(text).map_err(|_| malformed())?;
    let skip = match &members.skip_tls_verification {
        None => false,
        Some(flag) => flag.is_set().ok_or_else(malformed)?,
    };
    let key = SecretText::optional(&members.service_key).ok_or_else(malformed)?;
    // An empty list takes no offline user away that was named here before.
    let offline_users = members.offline_users.map(Names::into_text).filter(|text| !text.trim().is_empty());
    Ok(Imported {
        input: Input {
            protocol: Some(Generation::V1),
            service_id: Some(members.service_id),
            server: Some(members.trasa_host.into_text()),
            offline_users,
            skip_tls_verification: Some(skip),
            ..Input::default()
        },
        key,
    })
}

fn malformed() -> Failure {
    Failure::refused(
        "import_malformed",
        "This is no config.trasa of the original agent: a JSON object with serviceID, serviceKey and trasaHost, in UTF-8.",
    )
}

#[cfg(test)]
mod tests {
    use super::{parse, read};
    use std::path::Path;

    const FILE: &str = r#"{"serviceID":"5c5a","serviceKey":"canary","trasaHost":"https://trasa.example.com/,10.0.0.1:8443","offlineUsers":"bat, HOST\\anna","skipTLSVerification":true}"#;

    #[test]
    fn the_originals_file_is_read_however_it_was_saved() {
        let plain = parse(FILE.as_bytes()).expect("reads");
        assert_eq!(plain.input.service_id.as_deref(), Some("5c5a"));
        assert_eq!(plain.input.server.as_deref(), Some("https://trasa.example.com/,10.0.0.1:8443"));
        assert_eq!(plain.input.offline_users.as_deref(), Some("bat, HOST\\anna"));
        assert_eq!(plain.input.skip_tls_verification, Some(true));
        assert_eq!(plain.key.original().expect("a key").as_str(), "canary");
        for (from, to, skip, users) in [
            ("{", "\u{feff}{\r\n  ", true, true),
            ("true}", "\"True\"}", true, true),
            ("true}", "false}", false, true),
            ("true}", "\"\"}", false, true),
            (",\"skipTLSVerification\":true", "", false, true),
            ("\"bat, HOST\\\\anna\"", "[\"bat\",\"HOST\\\\anna\"]", true, true),
            ("\"bat, HOST\\\\anna\"", "null", true, false),
            ("\"bat, HOST\\\\anna\"", "\" \"", true, false),
            ("}", ",\"more\":[1]}", true, true),
        ] {
            let text = FILE.replacen(from, to, 1);
            assert_ne!(text, FILE);
            let read = parse(text.as_bytes()).expect("reads").input;
            assert_eq!(
                (read.skip_tls_verification, read.offline_users.is_some()),
                (Some(skip), users),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_such_file_is_refused_and_not_quoted() {
        for text in [
            "",
            "canary",
            "[]",
            "null",
            &FILE[..FILE.len() - 1],
            &FILE.replace("serviceKey", "ServiceKeys"),
            &FILE.replace("\"canary\"", "\"\""),
            &FILE.replace("\"canary\"", "7"),
            &FILE.replace("true}", "\"perhaps\"}"),
        ] {
            let failure = parse(text.as_bytes()).expect_err("refused");
            assert_eq!(failure.code(), "import_malformed", "{text}");
            assert!(!failure.message().contains("canary"));
        }
        let failure = read(Path::new("/nowhere/config.trasa")).expect_err("not there");
        assert_eq!(failure.code(), "import_unreadable");
    }
}
