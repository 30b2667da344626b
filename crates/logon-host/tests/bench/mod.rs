//! A folder with a world, and the programs under test.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::path::PathBuf;
use std::process::Command;

const CLSID: &str = "{11111111-2222-3333-4444-555555555555}";
const FILTER: &str = "{11111111-2222-3333-4444-666666666666}";

/// What a program said and how it ended.
pub struct Ended {
    pub code: i32,
    pub text: String,
}

pub struct Bench(pub PathBuf);

fn built(name: &str) -> PathBuf {
    let host = PathBuf::from(env!("CARGO_BIN_EXE_logon-host"));
    host.with_file_name("examples").join(name)
}

fn font() -> Option<&'static str> {
    let debian = "Z:\\usr\\share\\fonts\\truetype\\open-sans\\OpenSans-Regular.ttf";
    std::path::Path::new(debian).is_file().then_some(debian)
}

/// The host with these arguments.
pub fn host(arguments: &[&str]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_logon-host")).args(arguments).output().unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Ended { code: output.status.code().unwrap_or(-1), text }
}

impl Bench {
    pub fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("logon-host-test-{}-{name}", std::process::id()));
        let _none_before = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("world.json"), include_str!("../world.json")).unwrap();
        Self(folder)
    }

    pub fn with_world(self, world: &str) -> Self {
        std::fs::write(self.0.join("world.json"), world).unwrap();
        self
    }

    pub fn with_clear_nla(self) -> Self {
        let world = include_str!("../world.json").replacen('{', "{ \"protected_password\": false,", 1);
        self.with_world(&world)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }

    fn run(&self, scenario: &str, more: &[&str]) -> Ended {
        let (dll, world) =
            (built("tiny_provider.dll").to_string_lossy().into_owned(), self.path("world.json"));
        let mut arguments = vec!["--clsid", CLSID, "--filter-clsid", FILTER, "--dll", &dll];
        arguments.extend(["--scenario", scenario, "--world", &world, "--json"]);
        arguments.extend(more);
        host(&arguments)
    }

    /// Walks a script.
    pub fn walk(&self, scenario: &str, script: &str) -> Ended {
        std::fs::write(self.0.join("script.txt"), script).unwrap();
        self.run(scenario, &["--script", &self.path("script.txt")])
    }

    /// Walks a script and draws what is seen; the folder of the pictures.
    pub fn draw(&self, script: &str, more: &[&str]) -> (Ended, PathBuf) {
        std::fs::write(self.0.join("script.txt"), script).unwrap();
        let (path, pictures) = (self.path("script.txt"), self.path("pictures"));
        let mut arguments = vec!["--script", &path, "--png", &pictures];
        // Windows' own font on Windows; Wine has none of that name.
        if let Some(font) = font() {
            arguments.extend(["--font", font]);
        }
        arguments.extend(more);
        (self.run("logon", &arguments), self.0.join("pictures"))
    }

    /// Walks at random.
    pub fn random(&self, more: &[&str], script: Option<&str>) -> Ended {
        std::fs::write(self.0.join("script.txt"), script.unwrap_or_default()).unwrap();
        let path = self.path("script.txt");
        let mut arguments = vec!["--random"];
        arguments.extend(more);
        if script.is_some() {
            arguments.extend(["--script", &path]);
        }
        self.run("logon", &arguments)
    }

    /// The probe under `exec`: its answers in order.
    pub fn probe(&self, questions: &[&str]) -> Vec<String> {
        let (probe, world) =
            (built("world_probe.exe").to_string_lossy().into_owned(), self.path("world.json"));
        let mut arguments = vec!["exec", "--world", &world, &probe];
        arguments.extend(questions);
        let ended = host(&arguments);
        assert_eq!(ended.code, 0, "{}", ended.text);
        let answer = |line: &str| line.rsplit_once('=').map(|(_, answer)| answer.to_owned());
        ended.text.lines().filter_map(answer).collect()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _stays_at_worst = std::fs::remove_dir_all(&self.0);
    }
}
