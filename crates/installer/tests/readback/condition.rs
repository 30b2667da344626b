//! Conditions of Windows Installer, evaluated: `NOT`, `AND`, `OR`, comparisons, brackets.

use crate::package::Opened;
use std::collections::BTreeMap;

/// Does a condition hold with these properties?
pub fn holds(condition: &str, properties: &[(&str, &str)]) -> bool {
    let tokens = tokens(condition);
    let mut parser = Parser { tokens: &tokens, at: 0, properties: properties.iter().copied().collect() };
    let value = parser.or();
    assert_eq!(parser.at, tokens.len(), "not understood: {condition}");
    value
}

fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => 2 + rest[1..].find('"').unwrap(),
            '(' | ')' => 1,
            c if c.is_alphanumeric() || c == '_' => {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
            }
            _ => rest.find(|c: char| !"<>=~".contains(c)).unwrap_or(rest.len()),
        };
        assert_ne!(length, 0, "not understood: {text}");
        found.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    found
}

struct Parser<'a> {
    tokens: &'a [String],
    at: usize,
    properties: BTreeMap<&'a str, &'a str>,
}

impl Parser<'_> {
    fn take(&mut self, token: &str) -> bool {
        let is = self.tokens.get(self.at).is_some_and(|next| next == token);
        self.at += usize::from(is);
        is
    }

    fn or(&mut self) -> bool {
        let mut value = self.and();
        while self.take("OR") {
            value |= self.and();
        }
        value
    }

    fn and(&mut self) -> bool {
        let mut value = self.not();
        while self.take("AND") {
            value &= self.not();
        }
        value
    }

    fn not(&mut self) -> bool {
        if self.take("NOT") {
            return !self.not();
        }
        if self.take("(") {
            let value = self.or();
            assert!(self.take(")"));
            return value;
        }
        let left = self.term();
        let Some(operator) = self.tokens.get(self.at).filter(|next| next.starts_with(['<', '>', '=', '~']))
        else {
            // A property by itself: is it set? A number by itself: is it another than 0?
            return left.parse::<i64>().map_or(!left.is_empty(), |number| number != 0);
        };
        self.at += 1;
        let mut right = self.term();
        let mut left = left;
        let plain = operator.trim_start_matches('~');
        if plain.len() < operator.len() {
            (left, right) = (left.to_lowercase(), right.to_lowercase());
        }
        match plain {
            "=" => left == right,
            "<>" => left != right,
            ">=" => left.parse::<i64>().unwrap_or(0) >= right.parse::<i64>().unwrap(),
            other => panic!("{other} is not known here"),
        }
    }

    fn term(&mut self) -> String {
        let token = &self.tokens[self.at];
        self.at += 1;
        if let Some(text) = token.strip_prefix('"') {
            return text.trim_end_matches('"').to_owned();
        }
        if token.parse::<i64>().is_ok() {
            return token.clone();
        }
        self.properties.get(token.as_str()).copied().unwrap_or_default().to_owned()
    }
}

/// What an ordinary 64-bit Windows 10 says of itself.
const WINDOWS: [(&str, &str); 3] =
    [("VersionNT", "603"), ("VersionNT64", "603"), ("NATIVEARCHITECTURE", "AMD64")];

/// The sentence with which an installation is refused.
fn refusal(more: &[(&str, &str)]) -> Option<String> {
    let mut properties = WINDOWS.to_vec();
    properties.retain(|(name, _)| !more.iter().any(|(other, _)| name == other));
    properties.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    let rows = Opened::of("0.1.0").rows("LaunchCondition");
    let refused: Vec<_> = rows.iter().filter(|row| !holds(&row["Condition"], &properties)).collect();
    assert!(refused.len() <= 1, "{refused:?}");
    refused.first().map(|row| row["Description"].clone())
}

#[test]
fn arm64_and_32_bit_windows_are_refused_with_a_sentence() {
    assert_eq!(refusal(&[]), None);
    for (more, words) in [
        (&[("NATIVEARCHITECTURE", "ARM64")][..], "ARM64"),
        (&[("NATIVEARCHITECTURE", "arm64")], "ARM64"),
        (&[("VersionNT64", ""), ("NATIVEARCHITECTURE", "x86")], "64-bit"),
        (&[("VersionNT", "600"), ("VersionNT64", "600")], "Windows 7"),
        (&[("NEWERVERSIONFOUND", "{X}")], "newer version"),
    ] {
        let sentence = refusal(more).unwrap();
        assert!(sentence.contains(words) && sentence.ends_with('.'), "{more:?} {sentence}");
        // What is installed can be repaired and removed whatever became of the machine.
        assert_eq!(refusal(&[more, &[("Installed", "00:00:00")]].concat()), None, "{more:?}");
    }
    assert_eq!(refusal(&[("VersionNT", "601"), ("VersionNT64", "601")]), None, "Windows 7");
    assert_eq!(refusal(&[("OLDERVERSIONFOUND", "{X}")]), None, "an upgrade");
}

#[test]
fn arm_without_offline_users_is_refused_unless_it_is_waived() {
    let whole = [("SERVICEID", "id"), ("SERVER", "s"), ("TOKENFILE", r"C:\t")];
    let with = |more: &[(&'static str, &'static str)]| refusal(&[&whole, more].concat());
    assert_eq!(with(&[]), None);
    assert!(with(&[("ARM", "1")]).unwrap().contains("OFFLINEUSERS"));
    assert!(with(&[("ARM", "1"), ("WITHOUTOFFLINEUSER", "0")]).is_some());
    assert_eq!(with(&[("ARM", "1"), ("OFFLINEUSERS", "bat")]), None);
    assert_eq!(with(&[("ARM", "1"), ("WITHOUTOFFLINEUSER", "1")]), None);
    assert_eq!(with(&[("ARM", "0")]), None);
    // Three that belong together.
    for missing in 0..3 {
        let two: Vec<_> =
            whole.iter().enumerate().filter(|(at, _)| *at != missing).map(|(_, it)| *it).collect();
        assert!(refusal(&two).unwrap().contains("belong together"));
    }
}

/// Which of our actions run.
fn actions(properties: &[(&str, &str)]) -> Vec<String> {
    let mut package = Opened::of("0.1.0");
    let ours = package.column("CustomAction", "Action");
    let mut rows = package.rows("InstallExecuteSequence");
    rows.sort_by_key(|row| row["Sequence"].parse::<i32>().unwrap());
    let run = |row: &&crate::package::Row| {
        ours.contains(&row["Action"]) && (row["Condition"].is_empty() || holds(&row["Condition"], properties))
    };
    rows.iter().filter(run).map(|row| row["Action"].clone()).collect()
}

#[test]
fn what_runs_when() {
    const DLL: (&str, &str) = ("DLLBEFORE", r"C:\Program Files\TRASA\0.0.9\TrasaCP.dll");
    let installed = ("Installed", "00:00:00");
    let silent = [("SERVICEID", "id"), ("SERVER", "s"), ("TOKENFILE", r"C:\t")];
    assert_eq!(actions(&[]), ["UnregisterAgain", "Register"], "installed: registered, and nothing else");
    assert_eq!(actions(&silent), ["UnregisterAgain", "Register", "Configure"]);
    assert_eq!(actions(&[("ARM", "1")]), ["UnregisterAgain", "Register", "Configure"]);
    assert_eq!(actions(&[("OLDERVERSIONFOUND", "{X}"), DLL]), ["RegisterAgain", "Register"], "upgraded");
    let repair = [installed, ("REINSTALL", "ALL"), DLL];
    assert_eq!(actions(&repair), ["RegisterAgain", "Register"]);
    // A repair or an upgrade of what lost its registration, taken back: that must not disarm.
    assert_eq!(actions(&[installed, ("REINSTALL", "ALL")]), ["Register"]);
    assert_eq!(actions(&[("OLDERVERSIONFOUND", "{X}")]), ["Register"]);
    assert_eq!(
        actions(&[&repair[..], &silent].concat()),
        ["RegisterAgain", "Register"],
        "never configured anew"
    );
    assert_eq!(actions(&[installed, ("REMOVE", "ALL"), DLL]), ["StayRegistered", "Unregister"]);
    let replaced = [installed, ("REMOVE", "ALL"), DLL, ("UPGRADINGPRODUCTCODE", "{X}")];
    assert_eq!(actions(&replaced), [""; 0], "replaced by a newer one: nothing is taken out");
}
