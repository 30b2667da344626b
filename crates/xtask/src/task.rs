//! A child process that may take long: its output goes to a log, its progress to the person.

use std::fs::File;
use std::io::{IsTerminal, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;

/// How much of a log is read to find its last line.
const TAIL_BYTES: u64 = 16 * 1024;
/// Lines of a failed task's log that are shown.
const SHOWN_LINES: usize = 40;

/// A named piece of work done by one or several child processes that share a log.
pub struct Task<'a> {
    workspace: &'a Workspace,
    name: String,
    log: PathBuf,
    started: Instant,
    timeout: Option<Duration>,
}

impl<'a> Task<'a> {
    /// Begins a task with an empty log `target/logs/<name>.log`.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub fn begin(workspace: &'a Workspace, name: &str) -> Result<Self> {
        let log = workspace.log(name)?;
        File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        Ok(Self { workspace, name: name.to_owned(), log, started: Instant::now(), timeout: None })
    }

    /// Ends a child that takes longer than this.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// The log file.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Runs a command to its end and shows how it goes.
    ///
    /// The child writes straight into the log file. A pipe would stay open for as long as any of Wine's services, which
    /// inherit it, live.
    ///
    /// # Errors
    /// When the command cannot start, fails, or takes too long; the message ends with the log's last lines.
    pub fn run(&self, command: &mut Command) -> Result<()> {
        let status = self.wait(command)?;
        if status.success() {
            return Ok(());
        }
        let log = self.workspace.shown(&self.log);
        bail!(
            "{} failed ({status}); the end of {log}:\n{}",
            shown(command),
            last_lines(&self.log, SHOWN_LINES)
        )
    }

    /// Runs a command to its end, however it ends; gives its exit code.
    ///
    /// # Errors
    /// When the command cannot start, takes too long, or has no exit code.
    pub fn exit_code(&self, command: &mut Command) -> Result<i32> {
        let status = self.wait(command)?;
        status.code().with_context(|| format!("{} ended with {status}", shown(command)))
    }

    fn wait(&self, command: &mut Command) -> Result<ExitStatus> {
        let mut log = File::options().append(true).open(&self.log)?;
        writeln!(log, "$ {}", shown(command))?;
        let errors = log.try_clone()?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .with_context(|| format!("cannot start {}", shown(command)))?;
        let mut progress = Progress::new(&self.name, self.started);
        let started = Instant::now();
        loop {
            if let Some(status) = child.try_wait()? {
                progress.clear();
                return Ok(status);
            }
            if self.timeout.is_some_and(|limit| started.elapsed() > limit) {
                progress.clear();
                end(&mut child);
                bail!("{} took longer than {} s", shown(command), started.elapsed().as_secs());
            }
            progress.tick(&self.log);
            std::thread::sleep(Duration::from_millis(if started.elapsed().as_secs() < 2 { 10 } else { 100 }));
        }
    }
}

/// Ends a child and waits for it. Errors mean that it has already ended.
pub fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// A command as a person would type it, with the environment that it sets left out.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// The last `count` lines of a file, as far as they lie in its last few kilobytes.
pub fn last_lines(path: &Path, count: usize) -> String {
    let text = tail(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(count)..).unwrap_or_default().join("\n")
}

fn tail(path: &Path) -> Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// One line that is rewritten on a terminal, or now and then a line where there is none.
struct Progress<'a> {
    name: &'a str,
    started: Instant,
    shown: Instant,
    terminal: bool,
}

impl<'a> Progress<'a> {
    fn new(name: &'a str, started: Instant) -> Self {
        Self { name, started, shown: Instant::now(), terminal: std::io::stdout().is_terminal() }
    }

    fn tick(&mut self, log: &Path) {
        let pause = Duration::from_secs(if self.terminal { 1 } else { 15 });
        if self.shown.elapsed() < pause {
            return;
        }
        self.shown = Instant::now();
        let last: String = last_lines(log, 1).trim().chars().filter(|c| !c.is_control()).take(70).collect();
        let seconds = self.started.elapsed().as_secs();
        if self.terminal {
            print!("\r\x1b[K  {} {seconds} s  {last}", self.name);
            let _ = std::io::stdout().flush();
        } else {
            println!("  {} {seconds} s  {last}", self.name);
        }
    }

    fn clear(&self) {
        if self.terminal {
            print!("\r\x1b[K");
            let _ = std::io::stdout().flush();
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn the_last_lines_of_a_log_are_found() {
        let path = std::env::temp_dir().join(format!("xtask-last-lines-{}", std::process::id()));
        std::fs::write(&path, "one\ntwo\nthree\n").unwrap();
        assert_eq!(last_lines(&path, 2), "two\nthree");
        assert_eq!(last_lines(&path, 9), "one\ntwo\nthree");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(last_lines(&path, 2), "");
    }

    #[test]
    fn a_command_is_shown_as_typed() {
        assert_eq!(
            shown(Command::new("wine").args(["cmd", "/c", "ver"]).env("SECRET", "x")),
            "wine cmd /c ver"
        );
    }
}
