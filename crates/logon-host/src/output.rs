//! What the host prints: lines for people, or one JSON object an event.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use zeroize::Zeroizing;

/// One event of a walk.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Value of the key `event`.
    pub name: &'static str,
    keys: Vec<(&'static str, Value)>,
}

impl Event {
    /// An event without keys.
    pub fn new(name: &'static str) -> Self {
        Self { name, keys: Vec::new() }
    }

    /// The event with one more key.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.keys.push((key, value.into()));
        self
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.keys.iter().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    fn redact(&mut self, secrets: &[Zeroizing<String>]) {
        for (_, value) in &mut self.keys {
            redact(value, secrets);
        }
    }

    fn json(&self) -> String {
        let mut line = format!("{{\"event\":{}", Value::from(self.name));
        for (key, value) in &self.keys {
            let _never_fails = write!(line, ",{}:{value}", Value::from(*key));
        }
        line.push('}');
        line
    }

    fn human(&self) -> String {
        let text = |key: &str| match self.get(key) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        match self.name {
            "verb" => format!("\n> {}", text("text")),
            "call" => format!("    {} = {}", text("method"), text("hresult")),
            "field" => format!(
                "    [{:>2}] {:<13} {:<10} {:<8} {}: {}",
                text("index"),
                text("type"),
                text("state"),
                text("interactive"),
                text("label"),
                text("text")
            ),
            "expect" if self.get("ok") == Some(&Value::Bool(true)) => format!("  ok  {}", text("text")),
            "expect" => {
                format!("FAILED line {}: {}\n       found: {}", text("line"), text("text"), text("found"))
            }
            "end" => format!("\n{}", text("result")),
            name => {
                let mut line = format!("    {name}");
                for (key, value) in &self.keys {
                    if !value.is_null() {
                        let _never_fails = write!(line, "  {key}={}", plain(value));
                    }
                }
                line
            }
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| format!("{text:?}"))
}

fn redact(value: &mut Value, secrets: &[Zeroizing<String>]) {
    match value {
        Value::String(text) => {
            for secret in secrets {
                strike_out(text, secret);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|it| redact(it, secrets)),
        _ => {}
    }
}

/// A secret of digits is only struck out where it stands alone, or every CLSID would be full of holes.
fn strike_out(text: &mut String, secret: &str) {
    let digits = secret.bytes().all(|it| it.is_ascii_digit());
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(secret)).map(|at| at + from) {
        let end = at + secret.len();
        let joined = |neighbour: Option<char>| neighbour.is_some_and(char::is_alphanumeric);
        if digits && (joined(text[..at].chars().next_back()) || joined(text[end..].chars().next())) {
            from = end;
        } else {
            text.replace_range(at..end, "•••");
            from = at + "•••".len();
        }
    }
}

/// Prints events, and remembers them for the expectations. Shared with the objects that the provider calls, on any thread.
#[derive(Clone)]
pub struct Output(Arc<Mutex<State>>);

struct State {
    json: bool,
    quiet: bool,
    secrets: Vec<Zeroizing<String>>,
    seen: Vec<Event>,
}

/// Shorter texts are not searched for: they stand in every second word.
const SHORTEST_SECRET: usize = 4;

impl Output {
    /// Prints JSON lines, or lines for people.
    pub fn new(json: bool) -> Self {
        Self(Arc::new(Mutex::new(State { json, quiet: false, secrets: Vec::new(), seen: Vec::new() })))
    }

    /// From now on this text is printed nowhere.
    pub fn keep_secret(&self, secret: &str) {
        let mut state = self.lock();
        if secret.chars().count() >= SHORTEST_SECRET && !state.secrets.iter().any(|it| it.as_str() == secret)
        {
            state.secrets.push(Zeroizing::new(secret.to_owned()));
        }
    }

    /// Prints one event.
    pub fn event(&self, mut event: Event) {
        let mut state = self.lock();
        event.redact(&state.secrets);
        if !state.quiet {
            let line = if state.json { event.json() } else { event.human() };
            // A closed pipe at the reader's side ends the output, not the walk.
            let _reader_may_be_gone = writeln!(std::io::stdout().lock(), "{line}");
        }
        state.seen.push(event);
    }

    /// The text as it may be shown: a code of digits as so many dots, every other secret struck out.
    pub fn hidden(&self, text: &str) -> String {
        let state = self.lock();
        if state.secrets.iter().any(|it| it.as_str() == text) && text.bytes().all(|it| it.is_ascii_digit()) {
            return "•".repeat(text.len());
        }
        let mut text = text.to_owned();
        state.secrets.iter().for_each(|secret| strike_out(&mut text, secret));
        text
    }

    /// Stops or goes on printing; events are remembered all the same.
    pub fn set_quiet(&self, quiet: bool) {
        self.lock().quiet = quiet;
    }

    /// Forgets what was seen.
    pub fn mark(&self) {
        self.lock().seen.clear();
    }

    /// Events since the last [`Self::mark`].
    pub fn seen(&self) -> Vec<Event> {
        self.lock().seen.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_begins_with_the_event() {
        let event = Event::new("call").with("method", "Advise").with("code", 0);
        assert_eq!(event.json(), r#"{"event":"call","method":"Advise","code":0}"#);
        assert_eq!(event.human(), "    Advise = ");
    }

    #[test]
    fn secrets_are_struck_out() {
        let output = Output::new(true);
        output.set_quiet(true);
        output.keep_secret("hunter2");
        output.keep_secret("abc");
        output.event(Event::new("say").with("text", "it is hunter2 abc").with("more", vec!["hunter2"]));
        let seen = output.seen();
        assert_eq!(seen[0].get("text"), Some(&Value::from("it is ••• abc")));
        assert_eq!(seen[0].get("more"), Some(&Value::from(vec!["•••"])));
        output.keep_secret("123456");
        assert_eq!(output.hidden("123456"), "••••••");
        assert_eq!(output.hidden("hunter2 123456"), "••• •••");
    }

    #[test]
    fn a_code_is_struck_out_where_it_stands_alone() {
        let mut text = "123456 {1234567} 123456,123456".to_owned();
        strike_out(&mut text, "123456");
        assert_eq!(text, "••• {1234567} •••,•••");
    }
}
