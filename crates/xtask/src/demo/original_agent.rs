//! An original agent: its requests as documented, sent by curl.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The path that verifies a configuration.
pub const CHECK_CONFIG: &str = "/auth/agent/checkconfig";
/// The path of a logon at Windows.
pub const WINDOWS: &str = "/auth/agent/win";
/// The path of a logon at Unix, with the same body.
pub const UNIX: &str = "/auth/agent/nix";
/// The deprecated twin of [`WINDOWS`].
pub const DEPRECATED: &str = "/api/v1/remote/auth/win";
/// The headers of each answer, as the original's server writes them.
const HEADERS: [&str; 2] = ["content-type: application/json", "cache-control: no-store, pragma"];

/// What an original agent's `config.trasa` holds, and the name of its machine.
#[derive(Debug, Clone)]
pub struct OriginalAgent {
    /// Where its server listens: `host:port`.
    pub address: String,
    /// The ServiceID.
    pub service_id: String,
    /// The ServiceKey.
    pub service_key: String,
    /// Its machine.
    pub workstation: &'static str,
}

impl OriginalAgent {
    /// The same with another ServiceKey.
    pub fn with_key(&self, service_key: &str) -> Self {
        Self { service_key: service_key.to_owned(), ..self.clone() }
    }

    /// The same with another ServiceID.
    pub fn with_id(&self, service_id: &str) -> Self {
        Self { service_id: service_id.to_owned(), ..self.clone() }
    }

    /// Verifies its configuration, as the original's panel does; the body that comes back.
    ///
    /// # Errors
    /// See [`OriginalAgent::post`].
    pub fn check_config(&self) -> Result<String> {
        let body = object(&[
            ("serviceID", &self.service_id),
            ("serviceKey", &self.service_key),
            ("trasaHost", &self.address),
            ("offlineUsers", ""),
        ]);
        // The one member that is no text stands last.
        let body = format!("{},\"skipTLSVerification\":true}}", body.trim_end_matches('}'));
        self.post(CHECK_CONFIG, &body)
    }

    /// Asks for a logon of a Windows account with a code, or with an empty one for a push; the body that comes back.
    ///
    /// # Errors
    /// See [`OriginalAgent::post`].
    pub fn login(&self, account: &str, trasa_id: &str, code: &str) -> Result<String> {
        self.login_at(WINDOWS, account, trasa_id, code)
    }

    /// The same on another path of the three.
    ///
    /// # Errors
    /// See [`OriginalAgent::post`].
    pub fn login_at(&self, path: &str, account: &str, trasa_id: &str, code: &str) -> Result<String> {
        let body = object(&[
            ("serviceID", &self.service_id),
            ("serviceKey", &self.service_key),
            ("trasaID", trasa_id),
            ("tfaMethod", if code.is_empty() { "U2F" } else { "totp" }),
            ("totpCode", code),
            ("user", account),
            ("userIP", ""),
            ("workstation", self.workstation),
        ]);
        self.post(path, &body)
    }

    /// Sends a body as it stands and returns the body of the answer.
    ///
    /// # Errors
    /// When curl fails, or the answer is not HTTP 200 with the original's headers.
    pub fn post(&self, path: &str, body: &str) -> Result<String> {
        let url = format!("https://{}{path}", self.address);
        let mut command = Command::new("curl");
        // The body goes to its standard input: a command line can be seen by others.
        command.args(["-sk", "-i", "--max-time", "90", "-H", "Content-Type: application/json"]);
        command.args(["--data-binary", "@-", &url]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot start curl")?;
        child.stdin.take().context("curl reads nothing")?.write_all(body.as_bytes())?;
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!("no answer from {url} (curl: {})", output.status);
        }
        body_of(&String::from_utf8_lossy(&output.stdout))
    }
}

/// A JSON object of texts, its members in this order.
fn object(members: &[(&str, &str)]) -> String {
    let members: Vec<String> =
        members.iter().map(|(name, text)| format!("\"{name}\":{}", Value::from(*text))).collect();
    format!("{{{}}}", members.join(","))
}

/// The body of an answer whose status and headers are the original's.
fn body_of(answer: &str) -> Result<String> {
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer without a body")?;
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("200") {
        bail!("{status}, where the original answers 200: {body}");
    }
    let headers: Vec<String> = lines.map(str::to_ascii_lowercase).collect();
    match HEADERS.iter().find(|header| !headers.iter().any(|line| line == *header)) {
        Some(missing) => bail!("no header {missing} in {headers:?}"),
        None => Ok(body.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn members_keep_their_order_and_backslashes_are_escaped() {
        assert_eq!(object(&[("user", r"PC\bat"), ("code", "1")]), r#"{"user":"PC\\bat","code":"1"}"#);
    }

    #[test]
    fn another_status_or_a_missing_header_is_no_original_answer() {
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store, pragma\r\n\r\n{}";
        assert_eq!(body_of(head).unwrap(), "{}");
        assert!(body_of(&head.replace("200", "401")).is_err());
        assert!(body_of(&head.replace("no-store, ", "")).is_err());
        assert!(body_of("nothing").is_err());
    }
}
