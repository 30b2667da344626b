//! Who is in the demo: Windows accounts, and the people of TRASA who may be them.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::server::Server;

/// The service that guards the demo's machine.
pub const SERVICE: &str = "office";
/// The name of the demo's machine.
pub const HOST: &str = "PC-07";

/// A local Windows account, and how its person stands with TRASA.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    /// The Windows account's name; the TRASA username is the same.
    pub name: &'static str,
    /// The Windows password.
    pub password: &'static str,
    standing: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// May be the account of the same name, always.
    Allowed,
    /// The same, but the policy's hours are not now.
    OutsideHours,
    /// Knows the password and has a device; nobody granted an access.
    NoAccess,
    /// Had an access and was disabled.
    Disabled,
    /// Not in TRASA at all; listed as an offline user on the machine.
    OfflineUser,
}

/// May log on.
pub const ANNA: Person = Person { name: "anna", password: "Correct-Horse-1", standing: Standing::Allowed };
/// May log on at other hours.
pub const NORA: Person = Person { name: "nora", password: "Night-Shift-2", standing: Standing::OutsideHours };
/// Has no access.
pub const BOB: Person = Person { name: "bob", password: "Battery-Staple-3", standing: Standing::NoAccess };
/// Is disabled.
pub const DORA: Person = Person { name: "dora", password: "Left-Last-Year-4", standing: Standing::Disabled };
/// The offline user, and a local administrator.
pub const OLGA: Person = Person { name: "olga", password: "Break-Glass-5", standing: Standing::OfflineUser };

/// Everybody.
pub const EVERYBODY: [Person; 5] = [ANNA, NORA, BOB, DORA, OLGA];

impl Person {
    /// The same person, whose account is called otherwise now.
    pub const fn renamed(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// `HOST\name`.
    pub fn account(&self) -> String {
        format!("{HOST}\\{}", self.name)
    }

    /// `.\name`, as an access names it.
    pub fn privilege(&self) -> String {
        format!(".\\{}", self.name)
    }
}

/// What is needed to play on: the service's id and key, and each person's TOTP secret.
#[derive(Debug, Default)]
pub struct Office {
    /// The ServiceID.
    pub service_id: String,
    /// The ServiceKey.
    pub service_key: String,
    secrets: Vec<(&'static str, String)>,
}

impl Office {
    /// Makes the service and its people through the server's command line.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn found(server: &Server) -> Result<Self> {
        let service = server.cli(&["service", "add", SERVICE])?;
        let mut office = Self {
            service_id: text(&service, "service_id")?,
            service_key: text(&service, "service_key")?,
            secrets: Vec::new(),
        };
        for person in EVERYBODY.iter().filter(|person| person.standing != Standing::OfflineUser) {
            let email = format!("{}@acme.example", person.name);
            server.cli(&["user", "add", person.name, "--email", &email])?;
            let device = server.cli(&["device", "add-totp", person.name])?;
            office.secrets.push((person.name, text(&device, "secret")?));
            office.grant(server, person)?;
        }
        Ok(office)
    }

    fn grant(&self, server: &Server, person: &Person) -> Result<()> {
        let account = person.privilege();
        let mut words =
            vec!["access", "grant", "--user", person.name, "--service", SERVICE, "--account", &account];
        match person.standing {
            Standing::NoAccess | Standing::OfflineUser => return Ok(()),
            Standing::Allowed | Standing::Disabled => {}
            Standing::OutsideHours => {
                let hours = format!("{} 08:00-18:00", day_that_is_not_near()?);
                server.cli(&["policy", "add", "other-days", "--when", &hours])?;
                words.extend(["--policy", "other-days"]);
            }
        }
        server.cli(&words)?;
        if person.standing == Standing::Disabled {
            server.cli(&["user", "disable", person.name])?;
        }
        Ok(())
    }

    /// The one-time code that the person's authenticator shows now, by somebody else's program.
    ///
    /// # Errors
    /// When the person has no device or oathtool fails.
    pub fn code(&self, person: &Person) -> Result<String> {
        self.code_in(person, 0)
    }

    /// The code that the authenticator shows in so many seconds.
    ///
    /// # Errors
    /// See [`Office::code`].
    pub fn code_in(&self, person: &Person, secs: i64) -> Result<String> {
        let secret = self.secrets.iter().find(|(name, _)| *name == person.name);
        let (_, secret) = secret.with_context(|| format!("{} has no device", person.name))?;
        code_of(secret, secs)
    }

    /// A code that is not the person's now, and not one of the neighbours that are accepted as well.
    ///
    /// # Errors
    /// See [`Office::code`].
    pub fn wrong_code(&self, person: &Person) -> Result<String> {
        let right: u32 = self.code(person)?.parse()?;
        Ok(format!("{:06}", (right + 123_457) % 1_000_000))
    }
}

/// The one-time code of a secret in so many seconds, by oathtool.
///
/// # Errors
/// When oathtool fails.
pub fn code_of(secret: &str, secs: i64) -> Result<String> {
    // On standard input: a command line can be seen by others.
    let mut child = Command::new("oathtool")
        .args(["--totp", "--base32", "--now", &format!("now {secs:+} seconds"), "-"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .context("cannot start oathtool")?;
    std::io::Write::write_all(&mut child.stdin.take().context("oathtool reads nothing")?, secret.as_bytes())?;
    let output = child.wait_with_output()?;
    let code = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if !output.status.success() || code.len() != 6 {
        bail!("oathtool made no code");
    }
    Ok(code)
}

/// A text of a JSON object.
///
/// # Errors
/// When there is none of that name.
pub fn text(of: &Value, name: &str) -> Result<String> {
    let value = of.get(name).and_then(Value::as_str);
    value.map(str::to_owned).with_context(|| format!("no {name} in {of}"))
}

/// A day of the week that is neither today nor a neighbour of today, in any time zone.
fn day_that_is_not_near() -> Result<&'static str> {
    const DAYS: [&str; 7] = ["thu", "fri", "sat", "sun", "mon", "tue", "wed"];
    let days_since_a_thursday = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() / 86_400;
    let index = usize::try_from((days_since_a_thursday + 3) % 7)?;
    DAYS.get(index).copied().context("a week has seven days")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn who_has_no_device_has_no_code() {
        let office = Office::default();
        assert!(office.code(&OLGA).unwrap_err().to_string().contains("olga has no device"));
    }

    #[test]
    fn a_missing_text_is_named() {
        assert_eq!(text(&serde_json::json!({"a": "b"}), "a").unwrap(), "b");
        assert!(text(&serde_json::json!({}), "secret").unwrap_err().to_string().contains("secret"));
    }
}
