//! `./x test --only installer`: the installer that ships installs, mends, upgrades and leaves nothing behind, in Wine.
//!
//! The actions run natively here: msiexec's own children are not reached by the logon host's redirection. What needs
//! the redirection, an admission and an arming by `TrasaConfig unattended`, is a scene of the demo (`unattended`).

mod pages;
mod picture;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::packages::{self, MSITOOLS};
use crate::ship;
use crate::task::Task;
use crate::wine::Wine;
use crate::workspace::Workspace;
use picture::Picture;

/// What a version that comes after is called. Wine takes a first number above 127 for a negative one.
const NEXT: &str = "99.0.0";
/// Nothing that msiexec does here takes a minute.
const LIMIT: Duration = Duration::from_secs(120);
/// `ERROR_INSTALL_FAILURE` and `ERROR_FUNCTION_FAILED`, as much of them as an exit code holds.
const REFUSED: i32 = 1603 & 0xff;
const TAKEN_BACK: i32 = 1627 & 0xff;

const OWN: &str = env!("CARGO_PKG_VERSION");
const ENVIRONMENT: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment";
const PROVIDER: &str = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Authentication\Credential Providers\{7B1F3C52-5E0B-4C7E-9A36-2D64D1A5C0E1}";
const TASK: &str = "windows/system32/tasks/TRASA/Report";

/// Walks an installation's life.
///
/// # Errors
/// When something of it is not as it should be.
pub fn walk(workspace: &Workspace) -> Result<String> {
    packages::ensure(workspace, &[MSITOOLS])?;
    let folder = workspace.target("installer");
    let next = folder.join("next");
    ship::installer_of(workspace, NEXT, &next)?;
    let own = workspace.dist().join(ship::INSTALLER);
    read_by_others(&own)?;
    // A prefix that nothing was ever installed in.
    let old = workspace.target("wine-installer");
    if old.exists() {
        std::fs::remove_dir_all(&old).context("cannot remove the last Wine prefix")?;
    }
    let wine = Wine::start(workspace, "installer")?;
    let windows = Windows { workspace, wine: &wine, folder: &folder };
    let (own, next) = (wine.windows_path(&own), wine.windows_path(&next.join(ship::INSTALLER)));
    windows.refusals(&own)?;
    windows.silent(&own)?;
    windows.life(&own, &next)?;
    windows.downgrade(&own, &next)?;
    let shown = pages::walk(&windows, &own)?;
    let size = std::fs::metadata(workspace.dist().join(ship::INSTALLER))?.len();
    Ok(format!("{} kB, {shown} pages", size / 1000))
}

/// Somebody else's tools read every table.
fn read_by_others(package: &Path) -> Result<()> {
    let info = |words: &[&str]| -> Result<String> {
        let output = std::process::Command::new("msiinfo")
            .arg(words.first().unwrap_or(&"tables"))
            .arg(package)
            .args(words.iter().skip(1))
            .output()?;
        ensure!(output.status.success(), "msiinfo {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let summary = info(&["suminfo"])?;
    ensure!(summary.contains("Template: x64;1033"), "the package is not for x64: {summary}");
    let tables = info(&["tables"])?;
    for table in tables.lines().filter(|name| !name.starts_with("_SummaryInformation")) {
        info(&["export", table])?;
    }
    // The programs say of themselves which version they are, so that none is replaced by an older one.
    let files = info(&["export", "File"])?;
    for name in [ship::PROVIDER, ship::CONFIG, ship::HOST] {
        let row = files.lines().find(|line| line.contains(name)).unwrap_or_default();
        ensure!(row.contains(&format!("\t{OWN}.0\t")), "{name} has no version: {row}");
    }
    let conditions = info(&["export", "LaunchCondition"])?;
    ensure!(conditions.contains("ARM64") && conditions.contains("VersionNT64"), "no refusal: {conditions}");
    Ok(())
}

/// A Wine with an installer's work in it.
struct Windows<'a> {
    workspace: &'a Workspace,
    wine: &'a Wine,
    folder: &'a Path,
}

impl Windows<'_> {
    /// What is not allowed changes nothing.
    fn refusals(&self, own: &str) -> Result<()> {
        let before = self.picture()?;
        for properties in [
            &["ARM=1", "SERVICEID=a", "SERVER=b", "TOKENFILE=C:\\c"][..],
            &["ARM=1", "WITHOUTOFFLINEUSER=0"],
            &["SERVICEID=a", "SERVER=b"],
            &["TOKENFILE=C:\\c"],
        ] {
            let code = self.msiexec(&[&["/i", own], properties].concat())?;
            ensure!(code == REFUSED, "{properties:?}: {code}");
        }
        self.reg(&["add", ENVIRONMENT, "/v", "PROCESSOR_ARCHITECTURE", "/d", "ARM64", "/f"])?;
        let code = self.msiexec(&["/i", own]);
        self.reg(&["add", ENVIRONMENT, "/v", "PROCESSOR_ARCHITECTURE", "/d", "AMD64", "/f"])?;
        ensure!(code? == REFUSED, "installed on ARM64");
        before.must_be(&self.picture()?, "a refusal")
    }

    /// A silent installation, up to its action's command line. Without a server it fails, and is taken back.
    fn silent(&self, own: &str) -> Result<()> {
        const CANARY: &str = "TOKEN-CANARY-7f3a";
        let token = self.folder.join("token.txt");
        std::fs::write(&token, CANARY)?;
        let before = self.picture()?;
        let log = self.folder.join("silent.log");
        let trace = self.folder.join("silent.trace");
        let (token_file, log_file) = (self.wine.windows_path(&token), self.wine.windows_path(&log));
        let mut command = self.wine.command("wine");
        // What Wine's installer starts stands in its trace only.
        command.env("WINEDEBUG", "+msi").args(["msiexec", "/i", own, "/qn", "/l*v", &log_file]);
        command.args(["SERVICEID=abc", "SERVER=localhost:9", "OFFLINEUSERS=.\\olga", "ARM=1", "SKIPTLS=1"]);
        command.arg(format!("TOKENFILE={token_file}"));
        let written = std::fs::File::create(&trace)?;
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(written).status()?;
        ensure!(status.code() == Some(TAKEN_BACK), "an admission without a server: {status}");
        let (log, trace) = (std::fs::read(&log)?, std::fs::read(&trace)?);
        let (log, trace) = (String::from_utf8_lossy(&log), String::from_utf8_lossy(&trace));
        let started = trace
            .lines()
            .find(|line| line.contains("HANDLE_CustomType18") && line.contains("unattended"))
            .context("the action was not run")?;
        let plain = started.replace("\\\\", "\\").replace("\\\"", "\"");
        for part in [
            format!(r"exe L{0}C:\Program Files\TRASA\{OWN}\TrasaConfig.exe{0}", '"'),
            r#"--service-id="abc""#.to_owned(),
            r#"--server="localhost:9""#.to_owned(),
            format!(r#"--token-file="{token_file}""#),
            r#"--offline-users=".\olga""#.to_owned(),
            r#"--skip-tls="1""#.to_owned(),
            r#"--arm="1""#.to_owned(),
            r#"--without-offline-user="""#.to_owned(),
            r#"--probation="""#.to_owned(),
        ] {
            ensure!(plain.contains(&part), "{part} is not in {plain}");
        }
        ensure!(!log.contains(CANARY) && !trace.contains(CANARY), "the token is in a log");
        ensure!(std::fs::read_to_string(&token)? == CANARY, "the token is gone, and nobody was admitted");
        let after = self.picture()?;
        // Wine takes an installation back in the order in which it was made, so that the program that would take the
        // registration back is gone before. Windows goes backwards.
        ensure!(!after.has_file("Program Files/TRASA"), "files are left");
        self.reg(&["delete", PROVIDER, "/f"])?;
        let code = self.msiexec(&["/i", own])?;
        ensure!(code == 0, "installing after a failure: {code}");
        let code = self.msiexec(&["/x", own])?;
        ensure!(code == 0, "removing after a failure: {code}");
        before.must_be(&self.picture()?, "an installation that failed, and one that did not, removed")
    }

    /// Installed, mended, upgraded while armed, removed.
    fn life(&self, own: &str, next: &str) -> Result<()> {
        let before = self.picture()?;
        self.well(&["/i", own])?;
        let installed = self.picture()?;
        self.is_inert(&before, &installed, OWN)?;
        // Repair: what somebody broke is as it was.
        self.reg(&["delete", PROVIDER, "/f"])?;
        for file in [TASK.to_owned(), format!("Program Files/TRASA/{OWN}/TrasaCP.dll")] {
            let path = self.wine.drive_c().join(&file);
            std::fs::remove_file(&path).with_context(|| format!("there was no {file}"))?;
        }
        self.well(&["/i", own, "REINSTALL=ALL", "REINSTALLMODE=amus"])?;
        installed.must_be(&self.picture()?, "a repair")?;
        // Armed, with a configuration; neither is the installer's to touch.
        let configuration = self.wine.drive_c().join("ProgramData/TRASA/agent.json");
        std::fs::create_dir_all(configuration.parent().unwrap_or(&configuration))?;
        std::fs::write(&configuration, "a configuration")?;
        self.reg(&["add", r"HKLM\SOFTWARE\TRASA", "/v", "Armed", "/t", "REG_DWORD", "/d", "1", "/f"])?;
        self.well(&["/i", next])?;
        let upgraded = self.picture()?;
        self.is_of(&upgraded, NEXT)?;
        ensure!(!upgraded.has_file(&format!("Program Files/TRASA/{OWN}")), "the old version is still there");
        ensure!(upgraded.value(r"Software\TRASA", "Armed") == Some("dword:00000001"), "the upgrade disarmed");
        ensure!(upgraded.products() == 1, "{} products after an upgrade", upgraded.products());
        // Removal: disarmed, and as before but for the configuration.
        self.well(&["/x", next])?;
        ensure!(std::fs::read_to_string(&configuration)? == "a configuration", "the configuration is gone");
        let removed = self.picture()?;
        ensure!(removed.value(r"Software\TRASA", "Armed") == Some("dword:00000000"), "still armed");
        std::fs::remove_dir_all(self.wine.drive_c().join("ProgramData/TRASA"))?;
        self.reg(&["delete", r"HKLM\SOFTWARE\TRASA", "/f"])?;
        before.must_be(&self.picture()?, "a removal")
    }

    /// What was installed is all that is new.
    fn is_inert(&self, before: &Picture, installed: &Picture, version: &str) -> Result<()> {
        self.is_of(installed, version)?;
        ensure!(installed.value(r"Software\TRASA", "Armed").is_none(), "the installer armed");
        let providers = r"Software\Microsoft\Windows\CurrentVersion\Authentication";
        let ours = ["{7B1F3C52-5E0B-4C7E-9A36-2D64D1A5C0E1}", "{7B1F3C52-5E0B-4C7E-9A36-2D64D1A5C0E2}"];
        for change in before.changes(installed) {
            let expected = change.contains(r"\Installer\")
                || change.contains(r"\Uninstall\{")
                || ours.iter().any(|clsid| change.contains(clsid))
                || change.contains(r"Software\TRASA")
                || change.contains(r"\Application\TRASA")
                || change.ends_with(providers)
                || change.ends_with(&format!(r"{providers}\Credential Providers"))
                || change.ends_with(&format!(r"{providers}\Credential Provider Filters"))
                || change.contains("Program Files/TRASA")
                || change.contains("tasks/TRASA")
                || change.contains("windows/Installer/")
                || change.ends_with("TrasaWIN.lnk");
            ensure!(expected, "the installer changed something else: {change}");
        }
        Ok(())
    }

    /// Files and registration are of this version.
    fn is_of(&self, picture: &Picture, version: &str) -> Result<()> {
        for name in [
            "TrasaCP.dll",
            "TrasaConfig.exe",
            "logon-host.exe",
            "LICENSE-MIT.txt",
            "PolicyDefinitions/TRASA.admx",
            "PolicyDefinitions/en-US/TRASA.adml",
        ] {
            ensure!(picture.has_file(&format!("Program Files/TRASA/{version}/{name}")), "no {name}");
        }
        ensure!(picture.has_file(TASK), "no report task");
        // The menu's entry is there once, and starts this version.
        let entries: Vec<_> = picture.files_named("TrasaWIN.lnk").collect();
        let [entry] = entries[..] else { bail!("entries of the Start menu: {entries:?}") };
        let content = std::fs::read(self.wine.drive_c().join(entry))?;
        let target = format!("\\TRASA\\{version}\\TrasaConfig.exe");
        let wide: Vec<u8> = target.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let holds = |bytes: &[u8]| content.windows(bytes.len()).any(|window| window == bytes);
        ensure!(holds(target.as_bytes()) || holds(&wide), "the menu's entry does not start {target}");
        let expect = |key: &str, value: &str, file: &str| {
            let path = format!(r#""C:\\Program Files\\TRASA\\{version}\\{file}""#);
            let found = picture.value(key, value);
            ensure!(found == Some(path.as_str()), "{key} {value}: {found:?}");
            Ok(())
        };
        for last in ["1", "2"] {
            let class = format!(
                r"Software\Classes\CLSID\{{7B1F3C52-5E0B-4C7E-9A36-2D64D1A5C0E{last}}}\InprocServer32"
            );
            expect(&class, "", "TrasaCP.dll")?;
        }
        expect(
            r"System\CurrentControlSet\Services\Eventlog\Application\TRASA",
            "EventMessageFile",
            "TrasaConfig.exe",
        )
    }

    /// An older version is refused where a newer one is.
    fn downgrade(&self, own: &str, next: &str) -> Result<()> {
        // On a machine that has seen only the newer one: Wine forgets the upgrade code after an upgrade.
        self.well(&["/i", next])?;
        let before = self.picture()?;
        let code = self.msiexec(&["/i", own])?;
        ensure!(code == REFUSED, "a downgrade: {code}");
        before.must_be(&self.picture()?, "a downgrade")?;
        self.well(&["/x", next])
    }

    fn well(&self, words: &[&str]) -> Result<()> {
        match self.msiexec(words)? {
            0 => Ok(()),
            code => bail!("msiexec {} ended with {code}", words.join(" ")),
        }
    }

    /// `msiexec <words> /qn`; gives its exit code.
    fn msiexec(&self, words: &[&str]) -> Result<i32> {
        let mut command = self.wine.command("wine");
        command.arg("msiexec").args(words).arg("/qn");
        self.exit_code(&mut command)
    }

    fn reg(&self, words: &[&str]) -> Result<()> {
        let mut command = self.wine.command("wine");
        match self.exit_code(command.arg("reg").args(words))? {
            0 => Ok(()),
            code => bail!("reg {} ended with {code}", words.join(" ")),
        }
    }

    fn exit_code(&self, command: &mut std::process::Command) -> Result<i32> {
        let task = Task::begin(self.workspace, "installer-wine")?.timeout(LIMIT);
        task.exit_code(command)
    }

    fn picture(&self) -> Result<Picture> {
        let file = self.folder.join("registry.reg");
        let mut command = self.wine.command("wine");
        command.args(["regedit", "/E", &self.wine.windows_path(&file), "HKEY_LOCAL_MACHINE"]);
        ensure!(self.exit_code(&mut command)? == 0, "the registry cannot be exported");
        Picture::take(&self.wine.drive_c(), &file)
    }
}
