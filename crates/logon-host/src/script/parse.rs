//! Text to verbs.

use zeroize::Zeroizing;

use super::{Cancel, Line, NlaLayout, ScriptError, Verb, expect, picture, raw, words};
use crate::codes;
use crate::world::{Network, SessionKind};

/// Reads a whole script.
///
/// # Errors
/// [`ScriptError`] at the first line that is not understood.
pub fn parse(script: &str) -> Result<Vec<Line>, ScriptError> {
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(script.lines()) {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let error = |reason| ScriptError { line: number, reason };
        let split = words::split(trimmed).map_err(error)?;
        let verb = verb(&split).map_err(|reason| ScriptError { line: number, reason })?;
        let text = printable(trimmed, &verb);
        lines.push(Line { number, text, verb });
    }
    Ok(lines)
}

/// The line without what must not be printed.
fn printable(line: &str, verb: &Verb) -> String {
    match verb {
        Verb::Type { field, value } => format!("type {field} {value:?}"),
        Verb::Nla { account, value, .. } => format!("nla {account} {value:?}"),
        Verb::NlaBytes(bytes) => format!("nla-bytes ({} bytes)", bytes.len()),
        Verb::AccountPassword { account, value } => format!("account {account} password {value:?}"),
        Verb::Raw(call) => format!("raw {}{}", if call.null { "null " } else { "" }, call.method.text()),
        _ => line.to_owned(),
    }
}

fn verb(split: &[Zeroizing<String>]) -> Result<Verb, String> {
    let all: Vec<&str> = split.iter().map(|it| it.as_str()).collect();
    let owned = |text: &str| text.to_owned();
    let wrong = || format!("{}: no such verb, or it wants other words behind it", all.first().unwrap_or(&""));
    let duration = |word: &str| words::duration(word).ok_or(format!("{word} is no duration (60s, 5m, 1d)"));
    Ok(match all.as_slice() {
        ["start"] => Verb::Start,
        ["list"] => Verb::List,
        ["type", field, value] => Verb::Type { field: owned(field), value: words::value(value) },
        ["choose", field, item] => Verb::Choose { field: owned(field), item: owned(item) },
        ["check", field, "on"] => Verb::Check { field: owned(field), on: true },
        ["check", field, "off"] => Verb::Check { field: owned(field), on: false },
        ["press", field] => Verb::Press { field: owned(field) },
        ["submit"] => Verb::Submit,
        ["cancel"] => Verb::Cancel(Cancel::AtOnce),
        ["cancel", "after", time] => Verb::Cancel(Cancel::After(duration(time)?)),
        ["cancel", "at", text] => Verb::Cancel(Cancel::At(owned(text))),
        ["deselect"] => Verb::Deselect,
        ["select"] => Verb::Select,
        ["advise"] => Verb::Advise,
        ["unadvise"] => Verb::Unadvise,
        ["re-enumerate"] => Verb::ReEnumerate,
        ["pump", time] => Verb::Pump(duration(time)?),
        ["scenario", name, flags @ ..] if flags.len() < 2 => Verb::Scenario {
            scenario: words::scenario(name).ok_or(format!("there is no scenario {name}"))?,
            flags: flags.first().map_or(Some(0), |it| words::number(it)).ok_or("flags are a number")?,
        },
        ["nla", account, value] | ["nla", account, value, "relative"] => {
            Verb::Nla { account: owned(account), value: words::value(value), layout: NlaLayout::Relative }
        }
        ["nla", account, value, "absolute"] => {
            Verb::Nla { account: owned(account), value: words::value(value), layout: NlaLayout::Absolute }
        }
        ["nla-bytes", digits] => Verb::NlaBytes(words::hex(digits).ok_or("not hexadecimal")?),
        ["wait", time] => Verb::Wait(duration(time)?),
        ["suspend", time] => Verb::Suspend(duration(time)?),
        ["time", by] => {
            let (forward, by) = match (by.strip_prefix('+'), by.strip_prefix('-')) {
                (Some(by), _) => (true, by),
                (_, Some(by)) => (false, by),
                _ => return Err("time wants a sign: +1d, -5m".to_owned()),
            };
            Verb::Time { forward, by: duration(by)? }
        }
        ["clock", "virtual"] => Verb::Clock { is_virtual: true },
        ["clock", "real"] => Verb::Clock { is_virtual: false },
        ["network", word] => Verb::Network(Network::parse(word).ok_or_else(wrong)?),
        ["session", "console"] => Verb::Session(SessionKind::Console),
        ["session", "remote"] => Verb::Session(SessionKind::Remote),
        ["owner", "none"] => Verb::Owner(None),
        ["owner", account] => Verb::Owner(Some(owned(account))),
        ["account", account, "outcome", "none"] => {
            Verb::AccountOutcome { account: owned(account), code: None }
        }
        ["account", account, "outcome", code] => Verb::AccountOutcome {
            account: owned(account),
            code: Some(codes::parse_logon_error(code).ok_or(format!("{code} is no Win32 code"))?),
        },
        ["account", account, "password", value] => {
            Verb::AccountPassword { account: owned(account), value: words::value(value) }
        }
        ["next-result", status @ ..] if (1..=2).contains(&status.len()) => {
            let (status, substatus) = statuses(status)?;
            Verb::NextResult { status, substatus }
        }
        ["report-result", status @ ..] if (1..=2).contains(&status.len()) => {
            let (status, substatus) = statuses(status)?;
            Verb::ReportResult { status, substatus }
        }
        ["acl", path, sddl] => Verb::Acl { path: owned(path), sddl: owned(sddl) },
        ["say", text @ ..] => Verb::Say(text.join(" ")),
        ["picture", rest @ ..] => Verb::Picture(picture::parse(rest)?),
        ["in-pictures", pattern, text] => Verb::InPictures { pattern: owned(pattern), text: owned(text) },
        ["raw", rest @ ..] => Verb::Raw(raw::parse(rest)?),
        ["expect", rest @ ..] => Verb::Expect(expect::parse(rest)?),
        _ => return Err(wrong()),
    })
}

fn statuses(words: &[&str]) -> Result<(i32, i32), String> {
    let read = |word: Option<&&str>| match word {
        None => Ok(0),
        Some(word) => codes::parse_status(word).ok_or(format!("{word} is no NTSTATUS")),
    };
    Ok((read(words.first())?, read(words.get(1))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{Expectation, Value};

    fn one(line: &str) -> Result<Verb, ScriptError> {
        parse(line).map(|mut lines| lines.remove(0).verb)
    }

    #[test]
    fn a_script() -> Result<(), ScriptError> {
        let lines =
            parse("# a logon\n\ntype username anna\ntype password $password\nsubmit\nexpect step 2\n")?;
        let numbers: Vec<usize> = lines.iter().map(|it| it.number).collect();
        assert_eq!(numbers, [3, 4, 5, 6]);
        assert_eq!(lines[1].verb, Verb::Type { field: "password".into(), value: Value::Password(None) });
        assert_eq!(lines[3].verb, Verb::Expect(Expectation::Step(2)));
        Ok(())
    }

    #[test]
    fn values_are_not_in_the_printable_text() -> Result<(), ScriptError> {
        let secret = "hunter2hunter2";
        for line in
            ["type password @", "nla WS01\\anna @", "account A\\b password @", "raw SetStringValue 1 @"]
        {
            let lines = parse(&line.replace('@', secret))?;
            assert!(!format!("{lines:?}").contains(secret), "{line}");
        }
        Ok(())
    }

    #[test]
    fn every_verb_is_read() -> Result<(), ScriptError> {
        for line in [
            "start",
            "list",
            "choose method code",
            "check 3 on",
            "press \"Start over\"",
            "cancel",
            "cancel after 2s",
            "cancel at \"Waiting\"",
            "deselect",
            "select",
            "advise",
            "unadvise",
            "re-enumerate",
            "pump 10ms",
            "scenario change-password 1",
            "nla-bytes 00ff",
            "wait 60s",
            "suspend 2h",
            "time +1d",
            "time -5m",
            "clock virtual",
            "network no-dns",
            "session remote",
            "owner WS01\\anna",
            "owner none",
            "account WS01\\anna outcome 1907",
            "account WS01\\anna outcome none",
            "next-result STATUS_LOGON_FAILURE",
            "report-result 0xC000006D 0xC000006A",
            "acl C:\\x D:(A;;FA;;;BA)",
            "say hello there",
            "picture step-1",
            "picture methods open \"2FA method\"",
            "picture refused message",
            "picture waiting at \"Waiting for\"",
            "in-pictures \"Logon ??????\" \"Logon K7Q2MX\"",
            "raw null GetSerialization",
            "expect no-serialization",
            "expect hresult E_INVALIDARG",
        ] {
            one(line)?;
        }
        Ok(())
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_line() {
        for line in [
            "fly",
            "type username",
            "wait 5",
            "time 5m",
            "network sideways",
            "expect",
            "expect step 3",
            "raw X",
            "picture",
            "picture ../elsewhere",
            "picture a at",
        ] {
            let error = parse(&format!("start\n{line}")).err();
            assert_eq!(error.map(|it| it.line), Some(2), "{line}");
        }
    }
}
