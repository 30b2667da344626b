//! An original server's words, and the questions that every one of them answers alike.

use anyhow::{Context, Result, bail};

use super::Seen;
use crate::demo::original_agent::{CHECK_CONFIG, OriginalAgent, WINDOWS};

/// A configuration that is good.
const GOOD: &str = r#"{"status":"success","reason":"valid integration data","intent":"service config check successful","data":[null]}"#;
/// An allowed logon.
pub const ALLOWED: &str = r#"{"status":"success","intent":"agent-login","data":[null]}"#;
/// A logon let past without a second factor.
pub const PASSED_THROUGH: &str =
    r#"{"status":"success","reason":"passthru authentication","intent":"agent-login","data":[null]}"#;
/// A logon of a service that is unknown, or over.
pub const NO_SERVICE: &str = r#"{"status":"failed","reason":"invalid service integration details","intent":"AgentLogin","data":[null]}"#;
/// A logon of somebody whom nobody knows.
pub const NO_USER: &str =
    r#"{"status":"failed","reason":"user not found","intent":"AgentLogin","data":[null]}"#;
/// A logon of a disabled user.
pub const DISABLED: &str =
    r#"{"status":"failed","reason":"User Disabled","intent":"AgentLogin","data":[null]}"#;

/// A logon refused by the policy or the second factor.
pub fn refused(reason: &str) -> String {
    format!(r#"{{"status":"failed","reason":"{reason}","intent":"agent-login","data":[null]}}"#)
}

/// Checks that an answer is this one, byte for byte.
///
/// # Errors
/// When it is another, or there is none.
pub fn says(seen: &mut Seen, what: &str, answer: Result<String>, expected: &str) -> Result<()> {
    let answer = answer.with_context(|| what.to_owned())?;
    seen.line(format!("  {what}: {answer}"));
    if answer == expected { Ok(()) } else { bail!("{what}: expected {expected}, but got {answer}") }
}

/// What is asked of every original server whose service this is: nobody is let in by it.
///
/// # Errors
/// When an answer is not the original's, byte for byte.
pub fn common_questions(seen: &mut Seen, agent: &OriginalAgent) -> Result<()> {
    const UNREADABLE: &str = "{\"serviceID\":";
    let check = |reason: &str, intent: &str, data: &str| {
        let intent = if intent.is_empty() { String::new() } else { format!(r#""intent":"{intent}","#) };
        format!(r#"{{"status":"failed","reason":"{reason}",{intent}"data":{data}}}"#)
    };
    says(seen, "its configuration", agent.check_config(), GOOD)?;
    let unknown = agent.with_id("00000000-0000-4000-8000-000000000000");
    let failed = check("invalid service ID", "service config check failed", "null");
    says(seen, "a configuration with another ServiceID", unknown.check_config(), &failed)?;
    let wrong = agent.with_key("0000000000000000000000000000000000");
    let failed = check("invalid service secret or ID", "service config check failed", "[null]");
    says(seen, "a configuration with another ServiceKey", wrong.check_config(), &failed)?;
    let failed = check("service config check failed", "", "null");
    says(seen, "half a configuration", agent.post(CHECK_CONFIG, UNREADABLE), &failed)?;
    let half = agent.post(WINDOWS, UNREADABLE);
    says(seen, "half a logon", half, &check("invalid request", "AgentLogin", "[null]"))?;
    says(seen, "a logon with another ServiceKey", wrong.login(r"\anna", "anna", "123456"), NO_SERVICE)?;
    says(seen, "a logon with another ServiceID", unknown.login(r"\anna", "anna", "123456"), NO_SERVICE)?;
    says(seen, "a logon of nobody", agent.login(r"\anna", "somebody-else", "123456"), NO_USER)
}
