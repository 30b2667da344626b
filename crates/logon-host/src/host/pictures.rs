//! `--png`: a picture and its words of each screen that a person gets to see.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::walk::Walk;
use crate::fields;
use crate::output::Event;
use crate::screen::{Fonts, Icon, Screen, Shows, Speaker, Substitutes, lay_out, paint};
use crate::script::{Line, PictureOf, PictureVerb};

/// How long a screen that shows while somebody waits is given to become what it is meant to be: a provider's status and
/// its fields come one after the other.
const SETTLE: Duration = Duration::from_millis(250);

/// Where pictures go, and how they are made.
pub struct Gallery {
    /// The folder.
    pub folder: PathBuf,
    /// What texts are drawn with.
    pub fonts: Fonts,
    /// 1.0 is 96 dots an inch.
    pub scale: f32,
}

/// Pictures under way.
pub(super) struct Pictures {
    gallery: Gallery,
    substitutes: Substitutes,
    /// Number and verb of the script's line.
    step: (usize, String),
    /// Pictures of this step that have been made beside its last one.
    between: u32,
    drawn: Option<Screen>,
    message: Option<Screen>,
    /// The last submit ended with a logon.
    welcome: bool,
    awaited: Vec<(String, String)>,
    busy: String,
    settling: Vec<(Instant, String, Screen)>,
}

impl Pictures {
    pub(super) fn new(gallery: Gallery) -> Self {
        Self {
            gallery,
            substitutes: Substitutes::default(),
            step: (0, String::new()),
            between: 0,
            drawn: None,
            message: None,
            welcome: false,
            awaited: Vec::new(),
            busy: String::new(),
            settling: Vec::new(),
        }
    }

    fn name(&self) -> String {
        format!("{:03}-{}", self.step.0, self.step.1)
    }

    fn next_between(&mut self) -> String {
        self.between += 1;
        format!("{}-{}", self.name(), self.between)
    }

    fn save(&self, name: &str, screen: &Screen) -> Result<(), String> {
        let Gallery { folder, fonts, scale } = &self.gallery;
        let layout = lay_out(screen, *scale, fonts);
        let png = paint(&layout, screen, fonts)?.png()?;
        let mut words = screen.describe();
        if !layout.fits {
            words += "(does not fit on a screen of 1024 x 768)\n";
        }
        let write = |ending: &str, bytes: &[u8]| {
            let file = folder.join(format!("{name}.{ending}"));
            std::fs::write(&file, bytes).map_err(|error| format!("cannot write {}: {error}", file.display()))
        };
        write("png", &png)?;
        write("txt", words.as_bytes())
    }
}

impl Walk {
    /// A line of the script begins.
    pub(super) fn picture_step(&mut self, line: &Line) {
        if let Some(pictures) = &mut self.pictures {
            let verb = line.text.split_whitespace().next().unwrap_or_default();
            pictures.step = (line.number, verb.to_owned());
            pictures.between = 0;
            pictures.welcome = false;
        }
    }

    /// The screen after a line, if it is another one than before.
    pub(super) fn picture_after(&mut self) -> Result<(), String> {
        let Some(pictures) = &self.pictures else { return Ok(()) };
        if self.credential.is_none() {
            return Ok(());
        }
        let shows = match (pictures.welcome, self.selected) {
            (true, _) => Shows::Welcome,
            (false, true) => Shows::Tile,
            (false, false) => Shows::Deselected,
        };
        let screen = self.screen(shows);
        if pictures.drawn.as_ref() == Some(&screen) {
            return Ok(());
        }
        let name = pictures.name();
        self.save_picture(&name, &screen)?;
        if let Some(pictures) = &mut self.pictures {
            pictures.drawn = Some(screen);
        }
        Ok(())
    }

    /// A picture that the script asked for.
    pub(super) fn picture(&mut self, verb: &PictureVerb) -> Result<(), String> {
        let screen = match &verb.of {
            PictureOf::At(text) => {
                if let Some(pictures) = &mut self.pictures {
                    pictures.awaited.push((text.clone(), verb.name.clone()));
                }
                return Ok(());
            }
            PictureOf::Message => match self.pictures.as_ref().map(|it| it.message.clone()) {
                None => return Ok(()),
                Some(message) => message.ok_or("no message was shown")?,
            },
            PictureOf::Now if self.selected => self.screen(Shows::Tile),
            PictureOf::Now => self.screen(Shows::Deselected),
            PictureOf::Open(field) => {
                let open = Some(self.field(field)?.id);
                Screen { open, ..self.screen(Shows::Tile) }
            }
        };
        self.save_picture(&verb.name, &screen)
    }

    /// From now on such a text is drawn as another.
    pub(super) fn picture_substitute(&mut self, pattern: &str, text: &str) {
        if let Some(pictures) = &mut self.pictures {
            pictures.substitutes.add(pattern, text);
        }
    }

    /// A text takes the tile's place: the provider's, or Windows' own if it gave none.
    pub(super) fn picture_message(&mut self, text: Option<&str>, icon: i32, own: &str) -> Result<(), String> {
        if self.pictures.is_none() {
            return Ok(());
        }
        let (text, icon, by) = match text.filter(|it| !it.is_empty()) {
            Some(text) => (text, Icon::of(icon), Speaker::Provider),
            None if own.is_empty() => return Ok(()),
            None => (own, Icon::None, Speaker::Windows),
        };
        let shows = Shows::Message { text: self.picture_text(text), icon, by };
        let screen = Screen { shows, fields: Vec::new(), open: None };
        let Some(pictures) = &mut self.pictures else { return Ok(()) };
        let name = pictures.next_between();
        pictures.message = Some(screen.clone());
        self.save_picture(&name, &screen)
    }

    /// Windows let the person in.
    pub(super) fn picture_welcome(&mut self) {
        if let Some(pictures) = &mut self.pictures {
            pictures.welcome = true;
        }
    }

    /// Looks at the screen while Connect runs.
    pub(super) fn picture_while_busy(&mut self) -> Result<(), String> {
        if self.pictures.is_none() {
            return Ok(());
        }
        let status = self.shared.status();
        let screen = self.screen(Shows::Busy(self.picture_text(&status)));
        let Some(pictures) = &mut self.pictures else { return Ok(()) };
        // Seconds that go by are no new text.
        let words: String = status.chars().filter(|it| !it.is_ascii_digit()).collect();
        if !words.is_empty() && words != pictures.busy {
            pictures.busy = words;
            let name = pictures.next_between();
            pictures.settling.push((Instant::now(), name, screen.clone()));
        }
        let displayed: Vec<&str> = screen.seen().map(fields::Field::shown_text).collect();
        let says = |text: &str| status.contains(text) || displayed.iter().any(|it| it.contains(text));
        let (come, awaited) = std::mem::take(&mut pictures.awaited).into_iter().partition(|it| says(&it.0));
        pictures.awaited = awaited;
        let come: Vec<(String, String)> = come;
        pictures.settling.extend(come.into_iter().map(|(_, name)| (Instant::now(), name, screen.clone())));
        let (done, waiting) = std::mem::take(&mut pictures.settling)
            .into_iter()
            .map(|(since, name, _)| (since, name, screen.clone()))
            .partition(|(since, ..)| since.elapsed() > SETTLE);
        pictures.settling = waiting;
        let done: Vec<(Instant, String, Screen)> = done;
        done.iter().try_for_each(|(_, name, screen)| self.save_picture(name, screen))
    }

    /// The submit is over: what was still settling is as it was last seen.
    pub(super) fn picture_busy_ends(&mut self) -> Result<(), String> {
        let Some(pictures) = &mut self.pictures else { return Ok(()) };
        pictures.busy.clear();
        let settling = std::mem::take(&mut pictures.settling);
        let missed = std::mem::take(&mut pictures.awaited);
        settling.iter().try_for_each(|(_, name, screen)| self.save_picture(name, screen))?;
        match missed.first() {
            None => Ok(()),
            Some((text, name)) => Err(format!("no picture {name}: nothing said {text:?} during the submit")),
        }
    }

    /// The screen of now, without secrets.
    fn screen(&self, shows: Shows) -> Screen {
        let mut fields = self.shared.fields_now();
        for field in &mut fields {
            field.text = self.picture_text(&field.text);
        }
        Screen { shows, fields, open: None }
    }

    fn picture_text(&self, text: &str) -> String {
        let hidden = self.shared.output.hidden(text);
        self.pictures.as_ref().map_or(hidden.clone(), |it| it.substitutes.apply(&hidden))
    }

    fn save_picture(&self, name: &str, screen: &Screen) -> Result<(), String> {
        let Some(pictures) = &self.pictures else { return Ok(()) };
        pictures.save(name, screen)?;
        self.shared.output.event(Event::new("picture").with("file", format!("{name}.png")));
        Ok(())
    }
}
