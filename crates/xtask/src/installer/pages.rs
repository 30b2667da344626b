//! The installer's pages on a display that nobody sees: walked by keyboard alone, with a picture of each in
//! `target/installer/pages`.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::Windows;
use crate::display::Display;
use crate::packages::{self, DISPLAY};
use crate::task;

/// The size of the screen, and of the desktop that Wine makes on it.
const SIZE: &str = "900x560";
/// A page that is not there after this long will not come.
const PATIENCE: Duration = Duration::from_secs(40);

/// Installs with every page, starts the panel from the last one, then removes from the pages; gives how many pictures
/// were taken.
///
/// # Errors
/// When a page does not appear.
pub(super) fn walk(windows: &Windows<'_>, own: &str) -> Result<usize> {
    packages::ensure(windows.workspace, &DISPLAY)?;
    let mut screen = Screen::open(windows)?;
    screen.begin(windows, own)?;
    screen.shows("welcome")?;
    screen.press("Escape")?;
    screen.shows("cancel")?;
    screen.press("alt+n")?;
    screen.shows("welcome-again")?;
    screen.press("alt+i")?;
    windows.until("the program is installed", |picture| picture.products() == 1)?;
    screen.shows("installed")?;
    screen.press("alt+f")?;
    screen.shows("panel")?;
    screen.end(windows);
    screen.begin(windows, own)?;
    screen.shows("maintenance")?;
    screen.press("alt+m")?;
    windows.until("the program is removed", |picture| picture.products() == 0)?;
    screen.shows("removed")?;
    screen.end(windows);
    Ok(screen.taken)
}

impl Windows<'_> {
    /// Waits for something to become true of Windows.
    fn until(&self, what: &str, is_so: impl Fn(&super::Picture) -> bool) -> Result<()> {
        let begun = Instant::now();
        while !is_so(&self.picture()?) {
            if begun.elapsed() > PATIENCE {
                bail!("not even after {} s: {what}", PATIENCE.as_secs());
            }
        }
        Ok(())
    }
}

/// A display with what was started on it. Dropped, both are gone.
struct Screen {
    display: Display,
    folder: PathBuf,
    /// What msiexec was started with, in a desktop of Wine's.
    setup: Option<Child>,
    /// The last picture: the next page looks different.
    last: Vec<u8>,
    taken: usize,
}

impl Screen {
    fn open(windows: &Windows<'_>) -> Result<Self> {
        let folder = windows.folder.join("pages");
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        Ok(Self { display: Display::open(SIZE)?, folder, setup: None, last: Vec::new(), taken: 0 })
    }

    /// Starts the installer with its pages.
    fn begin(&mut self, windows: &Windows<'_>, package: &str) -> Result<()> {
        let mut command = windows.wine.command("wine");
        command.args(["explorer", &format!("/desktop=trasa,{SIZE}"), "msiexec", "/i", package]);
        command
            .env("DISPLAY", self.display.name())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        self.setup = Some(command.spawn().context("cannot start wine")?);
        self.last.clear();
        Ok(())
    }

    /// Ends what runs in that desktop.
    fn end(&mut self, windows: &Windows<'_>) {
        if let Some(mut setup) = self.setup.take() {
            task::end(&mut setup);
        }
        windows.wine.restart();
    }

    fn press(&self, key: &str) -> Result<()> {
        let mut command = Command::new("xdotool");
        let status = command.args(["key", key]).env("DISPLAY", self.display.name()).status()?;
        if status.success() { Ok(()) } else { bail!("xdotool cannot press {key}") }
    }

    /// Waits for another picture than the last, until it stays as it is, and keeps it.
    fn shows(&mut self, name: &str) -> Result<()> {
        let path = self.folder.join(format!("{name}.png"));
        let (begun, mut before) = (Instant::now(), Vec::new());
        loop {
            let mut command = Command::new("import");
            command.args(["-window", "root", "-strip"]).arg(&path).env("DISPLAY", self.display.name());
            command.status().context("cannot take a picture")?;
            let now = std::fs::read(&path).unwrap_or_default();
            if now == before && now != self.last && now.len() > EMPTY_BYTES {
                self.last = now;
                self.taken += 1;
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                bail!("the page {name} did not appear; see {}", path.display());
            }
            before = now;
            std::thread::sleep(Duration::from_millis(700));
        }
    }
}

/// A picture of an empty desktop is smaller than that, one with a page larger.
const EMPTY_BYTES: usize = 2500;

impl Drop for Screen {
    fn drop(&mut self) {
        if let Some(mut setup) = self.setup.take() {
            task::end(&mut setup);
        }
    }
}
