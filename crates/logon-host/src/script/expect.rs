//! Expectations.

use super::FieldName;
use crate::codes;

/// What must hold when the line is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each expectation is described in docs/logon-host.md under its own name")]
pub enum Expectation {
    Text(String),
    NoText(String),
    Field(FieldName, String),
    State(FieldName, StateWord),
    Choices(FieldName, Vec<String>),
    Choice(FieldName, String),
    Step(u8),
    Status(String),
    Icon(i32),
    Response(i32),
    Serialized(String),
    ChangedPassword(String),
    NoSerialization,
    NeverSerialized,
    LoggedOn(bool),
    HResult(i32),
    Credentials(u32),
    AutoLogon(bool),
    Filtered { clsid: String, remains: bool },
    Event(String),
    Log(String),
}

/// States of a field as scripts name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateWord {
    /// CREDENTIAL_PROVIDER_FIELD_STATE.
    Field(i32),
    /// Displayed in the selected tile, whatever else.
    Shown,
    /// CREDENTIAL_PROVIDER_FIELD_INTERACTIVE_STATE.
    Interactive(i32),
}

/// Reads what follows `expect`.
pub(super) fn parse(words: &[&str]) -> Result<Expectation, String> {
    use Expectation as E;
    let owned = |text: &&str| (**text).to_owned();
    Ok(match words {
        ["text", text] => E::Text(owned(text)),
        ["no-text", text] => E::NoText(owned(text)),
        ["field", field, text] => E::Field(owned(field), owned(text)),
        ["state", field, state] => E::State(owned(field), state_word(state)?),
        ["choices", field, items @ ..] => E::Choices(owned(field), items.iter().map(owned).collect()),
        ["choice", field, item] => E::Choice(owned(field), owned(item)),
        ["step", "1"] => E::Step(1),
        ["step", "2"] => E::Step(2),
        ["status", text] => E::Status(owned(text)),
        ["icon", word] => E::Icon(position(word, &["none", "error", "warning", "success"])?),
        ["response", word] => E::Response(position(
            word,
            &["not-finished", "no-credential-finished", "finished", "return-no-credential-finished"],
        )?),
        ["serialized", account] => E::Serialized(owned(account)),
        ["changed-password", account] => E::ChangedPassword(owned(account)),
        ["no-serialization"] => E::NoSerialization,
        ["never", "serialized"] => E::NeverSerialized,
        ["logged-on"] => E::LoggedOn(true),
        ["not-logged-on"] => E::LoggedOn(false),
        ["hresult", word] => {
            E::HResult(codes::parse_status(word).ok_or_else(|| format!("{word} is no HRESULT"))?)
        }
        ["credentials", count] => E::Credentials(count.parse().map_err(|_| format!("{count} is no number"))?),
        ["auto-logon"] => E::AutoLogon(true),
        ["no-auto-logon"] => E::AutoLogon(false),
        ["hidden", clsid] => E::Filtered { clsid: owned(clsid), remains: false },
        ["remains", clsid] => E::Filtered { clsid: owned(clsid), remains: true },
        ["event", name] => E::Event(owned(name)),
        ["log", text] => E::Log(owned(text)),
        _ => return Err("no such expectation, or it wants other words behind it".to_owned()),
    })
}

fn position(word: &str, words: &[&str]) -> Result<i32, String> {
    let found = words.iter().position(|it| *it == word).and_then(|it| i32::try_from(it).ok());
    found.ok_or_else(|| format!("{word} is none of {}", words.join(", ")))
}

fn state_word(word: &str) -> Result<StateWord, String> {
    Ok(match word {
        "hidden" => StateWord::Field(0),
        "selected" => StateWord::Field(1),
        "deselected" => StateWord::Field(2),
        "both" => StateWord::Field(3),
        "shown" => StateWord::Shown,
        "plain" => StateWord::Interactive(0),
        "readonly" => StateWord::Interactive(1),
        "disabled" => StateWord::Interactive(2),
        "focused" => StateWord::Interactive(3),
        other => return Err(format!("there is no state {other}")),
    })
}
