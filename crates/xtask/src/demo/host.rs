//! The logon host as the demo uses it: a world and a script go in, what was seen at the tile comes out.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::Seen;
use super::people::{EVERYBODY, HOST, OLGA, Person};
use crate::ship;
use crate::task::Task;
use crate::wine::Wine;
use crate::workspace::Workspace;

/// The provider's class.
pub const PROVIDER_CLSID: &str = "{7B1F3C52-5E0B-4C7E-9A36-2D64D1A5C0E1}";
/// The filter's class.
pub const FILTER_CLSID: &str = "{7B1F3C52-5E0B-4C7E-9A36-2D64D1A5C0E2}";
/// Windows' own password provider.
pub const WINDOWS_CLSID: &str = "{60B78E88-EAD8-445C-9CFD-0B87F74EA6CD}";
/// A walk takes a few seconds; a server that answers nothing costs 12 s more, a missing network 20 s.
const WALK_LIMIT: Duration = Duration::from_secs(120);
/// Many walks in one run of the host.
const RANDOM_LIMIT: Duration = Duration::from_secs(600);

/// What Windows is about to do.
#[derive(Debug, Clone, Copy)]
pub enum Scenario {
    /// A new session at the machine.
    Logon,
    /// The session of this account is locked.
    Unlock(&'static str),
    /// A remote session.
    Rdp,
}

/// A world's file and the state beside it, which all walks of one scene share.
pub struct World {
    folder: PathBuf,
    walks: u32,
    /// What of the world is otherwise than usual.
    changes: serde_json::Map<String, Value>,
    /// An account's name of before, and what it is called now, under the same SID.
    renamed: Option<(&'static str, &'static str)>,
}

/// What happened in one walk.
pub struct Walked {
    events: Vec<Value>,
}

impl World {
    /// An empty world in a folder of its own.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn new(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let world =
            Self { folder: folder.to_owned(), walks: 0, changes: serde_json::Map::new(), renamed: None };
        world.write(Scenario::Logon, &EVERYBODY)?;
        Ok(world)
    }

    /// Renames an account, which keeps its SID.
    ///
    /// # Errors
    /// When the world cannot be written.
    pub fn rename(&mut self, before: &'static str, now: &'static str) -> Result<()> {
        self.renamed = Some((before, now));
        self.write(Scenario::Logon, &EVERYBODY)
    }

    /// Changes the world: a member of its file gets another value.
    ///
    /// # Errors
    /// When the world cannot be written.
    pub fn change(&mut self, member: &str, value: Value) -> Result<()> {
        self.changes.insert(member.to_owned(), value);
        self.write(Scenario::Logon, &EVERYBODY)
    }

    /// The world's file.
    pub fn file(&self) -> PathBuf {
        self.folder.join("world.json")
    }

    fn write(&self, scenario: Scenario, people: &[Person]) -> Result<()> {
        let accounts: Vec<Value> = people
            .iter()
            .map(|person| {
                let administrator = person.name == OLGA.name;
                let renamed = self.renamed.filter(|(before, _)| *before == person.name);
                let name = renamed.map_or(person.name, |(_, now)| now);
                json!({"domain": ".", "name": name, "password": person.password, "administrator": administrator})
            })
            .collect();
        let session = match scenario {
            Scenario::Logon => json!({"id": 1, "kind": "console"}),
            Scenario::Unlock(owner) => {
                json!({"id": 1, "kind": "console", "owner": format!("{HOST}\\{owner}")})
            }
            Scenario::Rdp => json!({"id": 2, "kind": "remote"}),
        };
        let mut world = json!({"host": HOST, "accounts": accounts, "session": session, "state": "state"});
        for (member, value) in &self.changes {
            world[member] = value.clone();
        }
        std::fs::write(self.file(), format!("{world:#}")).context("cannot write the world")
    }

    /// Walks a script and tells what was seen.
    ///
    /// # Errors
    /// When the host cannot walk it, or an expectation of the script does not hold.
    pub fn walk(&mut self, at: &Place, scenario: Scenario, script: &str, seen: &mut Seen) -> Result<Walked> {
        self.write(scenario, &EVERYBODY)?;
        let (mut command, script_file) = self.host(at, scenario, script)?;
        command.arg("--json");
        let (mut outcome, mut printed) = started(at, &mut command)?;
        if outcome.is_err() && printed.is_empty() {
            // The host says what is wrong. Where it says nothing it was not even started, which happens now and then
            // on a busy machine.
            seen.line("(Wine did not start the logon host; once more)");
            (outcome, printed) = started(at, &mut command)?;
        }
        std::fs::write(script_file.with_extension("jsonl"), &printed)?;
        let lines = printed.lines().filter(|line| line.starts_with('{'));
        let walked = Walked { events: lines.filter_map(|line| serde_json::from_str(line).ok()).collect() };
        let mut teller = Teller::new(script);
        walked.events.iter().filter_map(|event| teller.tell(event)).for_each(|line| seen.line(line));
        if let Some(failed) = walked.failed() {
            bail!("{failed}");
        }
        outcome.context("the logon host ended early")?;
        Ok(walked)
    }
}

impl World {
    /// The host with a world and a script, and where the script stands.
    fn host(&mut self, at: &Place, scenario: Scenario, script: &str) -> Result<(Command, PathBuf)> {
        self.walks += 1;
        let script_file = self.folder.join(format!("{}.script", self.walks));
        std::fs::write(&script_file, script)?;
        let word = match scenario {
            Scenario::Logon => "logon",
            Scenario::Unlock(_) => "unlock",
            Scenario::Rdp => "rdp",
        };
        let mut command = at.wine.command("wine");
        command.arg(at.workspace.dist().join(ship::HOST));
        command.args(["--clsid", PROVIDER_CLSID, "--filter-clsid", FILTER_CLSID, "--scenario", word]);
        command.args(["--world", &at.wine.windows_path(&self.file())]);
        command.args(["--script", &at.wine.windows_path(&script_file)]);
        Ok((command, script_file))
    }

    /// Walks random orders of calls after a script, in a world with these people only: none of them may be let in.
    ///
    /// # Errors
    /// When a walk got a credential, an unusual answer, a crash, or never ended; with its seed and steps.
    pub fn walk_at_random(
        &mut self,
        at: &Place,
        (scenario, people): (Scenario, &[Person]),
        script: &str,
        (seed, count): (u32, u32),
    ) -> Result<()> {
        self.write(scenario, people)?;
        let (mut command, _) = self.host(at, scenario, script)?;
        command.args(["--random", &seed.to_string(), &count.to_string()]);
        let task = Task::begin(at.workspace, "demo-random")?.timeout(RANDOM_LIMIT);
        task.run(command.stdin(Stdio::null())).with_context(|| {
            let printed = std::fs::read_to_string(task.log()).unwrap_or_default();
            printed
                .lines()
                .rev()
                .take(40)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect::<Vec<_>>()
                .join("\n")
        })
    }
}

/// Where a walk takes place.
pub struct Place<'a> {
    /// The repository.
    pub workspace: &'a Workspace,
    /// The Wine that the agent is installed in.
    pub wine: &'a Wine,
}

impl Walked {
    /// The first expectation that did not hold, in words.
    fn failed(&self) -> Option<String> {
        let event = self.of("expect").find(|event| event.get("ok") == Some(&Value::Bool(false)))?;
        Some(format!(
            "{} at line {}, but found: {}",
            word(event, "text"),
            event.get("line")?,
            word(event, "found")
        ))
    }

    /// The events of one kind, in order.
    pub fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.events.iter().filter(move |event| event.get("event").and_then(Value::as_str) == Some(kind))
    }
}

/// Runs the host to its end, and what it printed.
fn started(at: &Place, command: &mut Command) -> Result<(Result<()>, String)> {
    let task = Task::begin(at.workspace, "demo-walk")?.timeout(WALK_LIMIT);
    let outcome = task.run(command);
    let log = std::fs::read_to_string(task.log())?;
    // Its first line is the command itself.
    Ok((outcome, log.split_once('\n').map(|(_, printed)| printed.to_owned()).unwrap_or_default()))
}

/// Tells a walk's events to whoever watches.
struct Teller<'a> {
    script: Vec<&'a str>,
    /// What was just said or stands in the tile anyway is not told again.
    told: Vec<String>,
}

impl<'a> Teller<'a> {
    fn new(script: &'a str) -> Self {
        Self { script: script.lines().collect(), told: Vec::new() }
    }

    /// One line for the event; `None` for what is only of interest in the log.
    fn tell(&mut self, event: &Value) -> Option<String> {
        match event.get("event").and_then(Value::as_str)? {
            "verb" => self.deed(event),
            "field" => self.field(event),
            "status" => Some(format!("  ({})", word(event, "text"))).filter(|line| line.len() > 4),
            "serialization" => {
                let said = word(event, "text");
                match (word(event, "kind").as_str(), said.is_empty()) {
                    ("", true) => None,
                    ("", false) => {
                        self.told.push(said.clone());
                        Some(format!("  {said}"))
                    }
                    (kind, _) => Some(format!("  hands to Windows: {kind} of {}", word(event, "account"))),
                }
            }
            "windows" => Some(format!("  Windows: {}", word(event, "status"))),
            "filter" if event.get("remains") == Some(&Value::Bool(true)) => {
                self.remains(&word(event, "clsid"))
            }
            _ => None,
        }
    }

    /// What a person does, as the script says it; passwords and codes are left out.
    fn deed(&mut self, event: &Value) -> Option<String> {
        let number = usize::try_from(event.get("line")?.as_u64()?).ok()?;
        let line = self.script.get(number.checked_sub(1)?)?;
        let mut words = line.splitn(2, ' ');
        let (verb, rest) = (words.next()?, words.next().unwrap_or_default());
        match verb {
            "type" | "choose" => {
                let (field, value) = match rest.strip_prefix('"') {
                    Some(quoted) => quoted.split_once("\" ")?,
                    None => rest.split_once(' ')?,
                };
                let secret = value.starts_with('$') || field == "Password" || field == "One-time code";
                let value = if secret { "••••••" } else { value.trim_matches('"') };
                Some(format!("> {field}: {value}"))
            }
            "submit" | "press" => Some(format!("> {line}")),
            "nla" => Some(format!("> {} comes by Remote Desktop, password checked", rest.split(' ').next()?)),
            _ => None,
        }
    }

    /// A field as a person sees it in the tile.
    fn field(&mut self, event: &Value) -> Option<String> {
        let state = word(event, "state");
        if state == "hidden" || state == "deselected" {
            return None;
        }
        let (label, text) = (word(event, "label"), word(event, "text"));
        match word(event, "type").as_str() {
            "large-text" | "small-text" if !text.is_empty() && !self.told.contains(&text) => {
                self.told.push(text.clone());
                Some(format!("  {text}"))
            }
            "edit-text" => Some(format!("  {label}: [{text}]")),
            "password-text" => {
                Some(format!("  {label}: [{}]", if text == "(empty)" { "" } else { "••••••" }))
            }
            "combobox" => Some(format!("  {label}: {}", choice(event)?)),
            "command-link" => Some(format!("  <{text}>")),
            _ => None,
        }
    }

    fn remains(&mut self, clsid: &str) -> Option<String> {
        (clsid == WINDOWS_CLSID).then(|| "  Windows' own password provider is there".to_owned())
    }
}

fn choice(event: &Value) -> Option<&str> {
    let index = usize::try_from(event.get("choice")?.as_u64()?).ok()?;
    event.get("choices")?.get(index)?.as_str()
}

fn word(event: &Value, name: &str) -> String {
    match event.get(name) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn an_expectation_that_failed_is_told_in_words() {
        let failed =
            json!({"event": "expect", "line": 7, "text": "expect step 2", "ok": false, "found": "step 1"});
        let walked = Walked { events: vec![json!({"event": "expect", "ok": true}), failed] };
        assert_eq!(walked.failed().unwrap(), "expect step 2 at line 7, but found: step 1");
    }

    #[test]
    fn hidden_fields_are_not_shown_and_nothing_is_said_twice() {
        let field =
            |state: &str| json!({"event": "field", "type": "small-text", "state": state, "text": "Hello"});
        let mut teller = Teller::new("");
        assert_eq!(teller.tell(&field("hidden")), None);
        assert_eq!(teller.tell(&field("selected")).unwrap(), "  Hello");
        assert_eq!(teller.tell(&field("selected")), None);
    }

    #[test]
    fn what_is_typed_is_told_but_no_secret() {
        let mut teller = Teller::new("type \"User name\" anna\ntype \"One-time code\" 123456\nlist");
        let verb = |line: u32| json!({"event": "verb", "line": line});
        assert_eq!(teller.tell(&verb(1)).unwrap(), "> User name: anna");
        assert_eq!(teller.tell(&verb(2)).unwrap(), "> One-time code: ••••••");
        assert_eq!(teller.tell(&verb(3)), None);
    }
}
