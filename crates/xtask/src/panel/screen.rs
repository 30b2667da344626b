//! A display with a keyboard, a clipboard and a camera.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::display::Display;
use crate::task;

/// What is not there after this long will not come.
const PATIENCE: Duration = Duration::from_secs(40);
/// A picture of an empty desktop is smaller than that, one with a window larger.
const EMPTY_BYTES: u64 = 2500;

/// A display in memory. Dropped, it is gone, with what was started on it.
pub(super) struct Screen {
    display: Display,
    folder: PathBuf,
    program: Option<Child>,
    taken: Cell<usize>,
}

impl Screen {
    /// Opens one of this size, such as `1280x900`; pictures go to `folder`.
    pub(super) fn open(size: &str, folder: &Path) -> Result<Self> {
        Ok(Self {
            display: Display::open(size)?,
            folder: folder.to_owned(),
            program: None,
            taken: Cell::new(0),
        })
    }

    /// Starts a program here and waits for its window.
    pub(super) fn start(&mut self, command: &mut Command, window: &str) -> Result<Duration> {
        command
            .env("DISPLAY", self.display.name())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let begun = Instant::now();
        self.program = Some(command.spawn().context("cannot start wine")?);
        self.until(window, 1)?;
        let took = begun.elapsed();
        // The window is there; what it shows comes a moment later.
        pause(700);
        self.xdotool(&["search", "--name", &format!("^{window}$"), "windowfocus"])?;
        Ok(took)
    }

    /// Waits for the program to end by itself.
    pub(super) fn ended(&mut self) -> Result<()> {
        let begun = Instant::now();
        while let Some(program) = &mut self.program {
            if program.try_wait()?.is_some() {
                self.program = None;
            } else if begun.elapsed() > PATIENCE {
                bail!("the panel does not close");
            }
            pause(100);
        }
        Ok(())
    }

    /// Waits until so many windows of a name are there.
    pub(super) fn until(&self, window: &str, count: usize) -> Result<()> {
        let begun = Instant::now();
        while self.windows(window)? != count {
            if begun.elapsed() > PATIENCE {
                bail!("not even after {} s: {count} windows {window}", PATIENCE.as_secs());
            }
            pause(50);
        }
        // So that the next key finds it with the focus.
        pause(300);
        Ok(())
    }

    fn windows(&self, name: &str) -> Result<usize> {
        let mut command = Command::new("xdotool");
        command.args(["search", "--name", &format!("^{name}$")]).env("DISPLAY", self.display.name());
        let output = command.output().context("cannot start xdotool")?;
        Ok(String::from_utf8_lossy(&output.stdout).lines().count())
    }

    /// Width and height of a window.
    pub(super) fn size(&self, window: &str) -> Result<(u32, u32)> {
        let mut command = Command::new("xdotool");
        command.args(["search", "--name", &format!("^{window}$"), "getwindowgeometry", "--shell"]);
        let output = command.env("DISPLAY", self.display.name()).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let number = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            line.and_then(|number| number.parse().ok()).with_context(|| format!("no {name}: {text}"))
        };
        Ok((number("WIDTH")?, number("HEIGHT")?))
    }

    /// Presses keys, one after the other.
    pub(super) fn press(&self, keys: &[&str]) -> Result<()> {
        for key in keys {
            self.xdotool(&["key", key])?;
            pause(120);
        }
        Ok(())
    }

    /// Types a text.
    pub(super) fn types(&self, text: &str) -> Result<()> {
        self.xdotool(&["type", "--delay", "15", "--", text])?;
        pause(200);
        Ok(())
    }

    /// Goes to a field by its mnemonic and types over what stands in it.
    pub(super) fn fill(&self, mnemonic: &str, text: &str) -> Result<()> {
        self.press(&[mnemonic, "ctrl+a", "Delete"])?;
        self.types(text)
    }

    fn xdotool(&self, words: &[&str]) -> Result<()> {
        let mut command = Command::new("xdotool");
        let status =
            command.args(words).env("DISPLAY", self.display.name()).stdout(Stdio::null()).status()?;
        if status.success() { Ok(()) } else { bail!("xdotool failed: {words:?}") }
    }

    /// Presses keys that lead to a text and copy it, until it says what is expected; gives all of it.
    pub(super) fn says(&self, way: &[&str], expected: &str) -> Result<String> {
        let begun = Instant::now();
        loop {
            self.clear_clipboard()?;
            self.press(way)?;
            self.press(&["ctrl+a", "ctrl+c"])?;
            let text = self.clipboard()?;
            if text.contains(expected) {
                return Ok(text);
            }
            if begun.elapsed() > PATIENCE {
                self.photograph("unexpected")?;
                bail!("expected to read {expected:?}, and read {text:?}");
            }
            pause(300);
        }
    }

    fn clear_clipboard(&self) -> Result<()> {
        let mut command = Command::new("xclip");
        command.args(["-selection", "clipboard", "-in", "/dev/null"]).env("DISPLAY", self.display.name());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().context("cannot start xclip")?;
        Ok(())
    }

    fn clipboard(&self) -> Result<String> {
        pause(200);
        // Whoever holds the clipboard may be slow, or gone.
        let mut command = Command::new("timeout");
        command.args(["3", "xclip", "-selection", "clipboard", "-out", "-target", "UTF8_STRING"]);
        let output = command.env("DISPLAY", self.display.name()).stderr(Stdio::null()).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Takes a picture of the window, without the empty desktop around it.
    pub(super) fn photograph(&self, name: &str) -> Result<()> {
        let path = self.folder.join(format!("{name}.png"));
        let mut command = Command::new("import");
        command
            .args(["-window", "root", "-trim", "+repage", "-strip"])
            .arg(&path)
            .env("DISPLAY", self.display.name());
        let status = command.stderr(Stdio::null()).status().context("cannot take a picture")?;
        if !status.success() || std::fs::metadata(&path)?.len() < EMPTY_BYTES {
            bail!("nothing is to be seen: {}", path.display());
        }
        self.taken.set(self.taken.get() + 1);
        Ok(())
    }

    /// How many pictures were taken.
    pub(super) fn taken(&self) -> usize {
        self.taken.get()
    }
}

fn pause(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

impl Drop for Screen {
    fn drop(&mut self) {
        if let Some(mut program) = self.program.take() {
            task::end(&mut program);
        }
    }
}
