//! `./x demo`: a guarded Windows logon, scene by scene.
//!
//! The DLL that ships is loaded in Wine by a host that plays LogonUI and talks HTTPS to the real server. Each scene
//! says what it saw at the tile and what that shows; a scene that sees something else fails the demo.

mod clock;
pub mod host;
mod original_agent;
mod original_server;
pub mod people;
mod scenes;
mod stage;
mod stand_in;
pub mod windows;

use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::ship;
use crate::workspace::Workspace;
pub use host::{FILTER_CLSID, PROVIDER_CLSID};
use stage::Stage;
pub use stand_in::Identity;

/// What the demo can be told.
#[derive(Debug, Default, Clone)]
pub struct Options {
    /// Only these scenes; all if empty.
    pub scenes: Vec<String>,
    /// A JSON report instead of text.
    pub json: bool,
    /// Leave server and Wine running.
    pub keep: bool,
    /// Play what lies in `dist/`, without building it.
    pub as_built: bool,
}

/// One thing to be seen.
pub struct Scene {
    /// What `--scene` takes.
    pub name: &'static str,
    /// One line that says what happens and what must come of it.
    pub title: &'static str,
    /// Plays it and checks what is seen; the text says what that showed.
    pub run: fn(&mut Stage, &mut Seen) -> Result<String>,
}

/// What a scene saw, for the person who watches.
#[derive(Debug, Default)]
pub struct Seen {
    lines: Vec<String>,
    aloud: bool,
}

impl Seen {
    /// Notes a line, and shows it at once where a person watches.
    pub fn line(&mut self, text: impl Into<String>) {
        let text = text.into();
        if self.aloud {
            println!("   | {text}");
        }
        self.lines.push(text);
    }
}

/// All scenes in the order they are played.
pub fn scenes() -> &'static [Scene] {
    scenes::ALL
}

/// Prints the scenes.
pub fn list() {
    for scene in scenes() {
        println!("{:<24} {}", scene.name, scene.title);
    }
}

/// Builds what ships if it is not built, plays the scenes and returns how many were played.
///
/// # Errors
/// When something cannot be built or set up, or a scene saw something else than it should.
pub fn play(workspace: &Workspace, options: &Options) -> Result<usize> {
    if let Some(unknown) =
        options.scenes.iter().find(|name| !scenes().iter().any(|scene| scene.name == name.as_str()))
    {
        bail!("no scene {unknown}; ./x demo --list names them");
    }
    let aloud = !options.json;
    if !options.as_built {
        ship::build(workspace)?;
    }
    let mut stage = Stage::build(workspace)?;
    let chosen: Vec<&Scene> = scenes()
        .iter()
        .filter(|scene| options.scenes.is_empty() || options.scenes.iter().any(|name| name == scene.name))
        .collect();
    let mut report = Vec::new();
    let mut differing = Vec::new();
    for (number, scene) in chosen.iter().enumerate() {
        if aloud {
            println!("\n{}/{} {}: {}", number + 1, chosen.len(), scene.name, scene.title);
        }
        let started = Instant::now();
        let mut seen = Seen { lines: Vec::new(), aloud };
        let outcome =
            stage.fresh().context("cannot set the scene").and_then(|()| (scene.run)(&mut stage, &mut seen));
        let took = started.elapsed();
        let (same, verdict) = match &outcome {
            Ok(verdict) => (true, verdict.clone()),
            Err(error) => (false, format!("{error:#}")),
        };
        if aloud {
            println!("   {} {verdict} ({:.1} s)", if same { "ok:" } else { "DIFFERS:" }, took.as_secs_f64());
        }
        if !same {
            differing.push(scene.name);
        }
        report.push(scene_report(scene, &seen, same, &verdict, took.as_secs_f64()));
    }
    if options.json {
        println!("{:#}", Value::Array(report));
    }
    if options.keep {
        stage.keep();
    }
    if !differing.is_empty() {
        bail!("{} of {} scenes differ: {}", differing.len(), chosen.len(), differing.join(", "));
    }
    if aloud {
        println!("\nAll {} scenes as they should be.", chosen.len());
    }
    Ok(chosen.len())
}

fn scene_report(scene: &Scene, seen: &Seen, same: bool, verdict: &str, seconds: f64) -> Value {
    json!({
        "scene": scene.name,
        "title": scene.title,
        "ok": same,
        "verdict": verdict,
        "seen": seen.lines,
        "seconds": seconds,
    })
}
