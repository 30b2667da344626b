#![allow(clippy::unwrap_used)]

use super::{Diagnosis, Part, run};
use crate::ports::Tasks as _;
use crate::registration::FILTER;
use crate::task;
use crate::testing::{Fixture, lets_in};
use agent::check::Verdict;
use agent::config;
use agent::ports::{ProtectedFile, StateValue, TransportError};
use agent::testing::{Reply, Tile};
use protocol::encoding::encode;
use std::io::Read as _;

const FOLDER: &str = r"C:\Program Files\TRASA\0.1.0";
const SOURCE: &str = r"SYSTEM\CurrentControlSet\Services\EventLog\Application\TRASA";

/// Everything as the installer and `set` leave it.
fn whole() -> Fixture {
    let fixture = Fixture::ready("bat");
    fixture.add_file(&format!(r"{FOLDER}\logon-host.exe"));
    assert_eq!(fixture.run("report").exit, 0);
    fixture
}

fn put_task(fixture: &Fixture, xml: &str) {
    fixture.tasks.register(task::FOLDER, task::NAME, xml).unwrap();
}

fn diagnose(fixture: &Fixture) -> Diagnosis {
    run(&fixture.panel())
}

fn of(diagnosis: &Diagnosis, part: Part) -> Verdict {
    let worst = |verdict| match verdict {
        Verdict::Good => 0,
        Verdict::Warns => 1,
        Verdict::Refuses => 2,
    };
    let found = diagnosis.findings.iter().filter(|it| it.part == part).map(|it| it.verdict);
    found.max_by_key(|verdict| worst(*verdict)).unwrap()
}

#[test]
fn numbers_begin_at_ten_and_are_unique() {
    for (index, part) in Part::ALL.into_iter().enumerate() {
        assert_eq!(usize::from(part.number()), index + 10);
        assert!(!part.text().is_empty() && !part.name().is_empty());
    }
}

#[test]
fn a_whole_installation_is_in_order() {
    let fixture = whole();
    let diagnosis = diagnose(&fixture);
    assert_eq!(diagnosis.exit_code(), 0, "{:#?}", diagnosis.findings);
    for part in Part::ALL {
        // The fake server's certificate does not say when it ends, and ARSO is on unless it is turned off.
        if !matches!(part, Part::Certificate | Part::Surroundings) {
            assert_eq!(of(&diagnosis, part), Verdict::Good, "{part:?} {:#?}", diagnosis.findings);
        }
    }
    *fixture.world.server.certificate_ends.lock().unwrap() = Some(fixture.world.server.now() + 40 * 86_400);
    assert_eq!(of(&diagnose(&fixture), Part::Certificate), Verdict::Good);
    assert_eq!(fixture.run("arm --without-trial").exit, 0);
    assert_eq!(fixture.run("verify").exit, 0, "armed, too");
}

#[test]
fn each_fault_has_its_number() {
    type Break = fn(&Fixture);
    let faults: [(Part, Break); 13] = [
        (Part::Files, |f| f.remove_file(&format!(r"{FOLDER}\TrasaConfig.exe"))),
        (Part::Files, |f| *f.diagnostics.version.borrow_mut() = Some("0.0.9".to_owned())),
        (Part::Registration, |f| assert_eq!(f.run("unregister").exit, 0)),
        (Part::Filter, |f| {
            const FILTERS: &str =
                r"SOFTWARE\Microsoft\Windows\CurrentVersion\Authentication\Credential Provider Filters";
            f.set_number(&format!(r"{FILTERS}\{FILTER}"), "Disabled", 1);
        }),
        (Part::Dll, |f| *f.diagnostics.load_fault.borrow_mut() = Some("error 126".to_owned())),
        (Part::Configuration, |f| {
            f.world.files.files.lock().unwrap().insert(ProtectedFile::Agent, b"{".to_vec());
        }),
        (Part::Configuration, |f| {
            f.world.files.loose.lock().unwrap().insert(ProtectedFile::Agent);
        }),
        (Part::OfflineUsers, |f| {
            f.world.files.files.lock().unwrap().remove(&ProtectedFile::Offline);
            f.world.registry.loose.lock().unwrap().insert(StateValue::OfflineCopy);
        }),
        (Part::Server, |f| f.world.server.script(|_, _, _| Reply::Fails(TransportError::Connect))),
        (Part::Task, |f| f.tasks.remove(task::FOLDER, task::NAME).unwrap()),
        (Part::Task, |f| put_task(f, &task::xml(r"C:\old\TrasaConfig.exe"))),
        (Part::Task, |f| {
            let switched_off = task::xml(Fixture::OWN_PROGRAM)
                .replace("<RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>", "")
                .replace("<Enabled>true</Enabled>\n    <Hidden>", "<Enabled>false</Enabled>\n    <Hidden>");
            put_task(f, &switched_off);
        }),
        (Part::Surroundings, |f| {
            f.set_text(
                r"SOFTWARE\Policies\Microsoft\Windows\System",
                "ExcludedCredentialProviders",
                crate::registration::PROVIDER,
            );
        }),
    ];
    for (part, breaks) in faults {
        let fixture = whole();
        breaks(&fixture);
        let ran = fixture.run("verify --json");
        assert_eq!(ran.exit, part.number(), "{part:?} {ran:?}");
        assert_eq!(ran.json()["passed"], false);
    }
}

#[test]
fn what_is_only_odd_warns() {
    type Break = fn(&Fixture);
    let odd: [(Part, Break); 7] = [
        (Part::Files, |f| f.remove_file(&format!(r"{FOLDER}\logon-host.exe"))),
        (Part::Files, |f| *f.diagnostics.version.borrow_mut() = None),
        (Part::EventSource, |f| f.set_text(SOURCE, "EventMessageFile", r"C:\old\TrasaConfig.exe")),
        (Part::OfflineUsers, |f| {
            f.world.files.loose.lock().unwrap().insert(ProtectedFile::Offline);
        }),
        (Part::Clock, |f| *f.world.server.skew.lock().unwrap() = 200),
        (Part::Proxy, |f| *f.diagnostics.proxy.borrow_mut() = Some("proxy:8080".to_owned())),
        (Part::LastContact, |f| *f.world.clock.unix.lock().unwrap() += 4 * 3600),
    ];
    for (part, breaks) in odd {
        let fixture = whole();
        breaks(&fixture);
        let diagnosis = diagnose(&fixture);
        assert_eq!(diagnosis.exit_code(), 0, "{part:?} {:#?}", diagnosis.findings);
        assert_eq!(of(&diagnosis, part), Verdict::Warns, "{part:?} {:#?}", diagnosis.findings);
    }
}

/// Secrets go through everything that a bundle is made from: the ServiceKey through `set`, password and
/// code through a trial and a logon, the machine's key and its sealed form through the configuration.
#[test]
fn no_secret_is_in_the_support_bundle() {
    let fixture = whole();
    let world = &fixture.world;
    world
        .windows
        .accounts
        .lock()
        .unwrap()
        .iter_mut()
        .for_each(|it| it.password = "hunter2-canary".to_owned());
    assert_eq!(fixture.run_with("try", "bat\nhunter2-canary\nb-canary@example.com\ncode\n287082\n").exit, 0);
    assert_eq!(fixture.run("arm").exit, 0);
    world.server.script(|_, _, _| Reply::Fails(TransportError::Connect));
    assert!(Tile::open(world).log_on("bat", "hunter2-canary", "b-canary@example.com", "287082").is_some());
    lets_in(&fixture, &["bat"]);
    *fixture.diagnostics.events.borrow_mut() =
        Some(world.log().iter().map(|line| format!("<Event>{line}</Event>")).collect());

    let saved = world.files.text(ProtectedFile::Agent);
    let body: serde_json::Value = serde_json::from_str(&saved).unwrap();
    let field = |name: &str| body["body"][name].as_str().unwrap().to_owned();
    let (sealed, receipt) = (field("sealed_key"), field("receipt"));
    let sealed_bytes = protocol::encoding::decode(&sealed).unwrap();
    let key = world.services.seal.open(&sealed_bytes).unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let service_key = world.server.service_key();
    let canaries: Vec<Vec<u8>> = vec![
        b"hunter2".to_vec(),
        b"287082".to_vec(),
        b"b-canary".to_vec(),
        sealed.into_bytes(),
        receipt.into_bytes(),
        sealed_bytes.clone(),
        hex(&sealed_bytes).into_bytes(),
        key.to_vec(),
        encode(&key).into_bytes(),
        hex(&key).into_bytes(),
        service_key.to_text().as_bytes().to_vec(),
        encode(service_key.hmac_key()).into_bytes(),
    ];
    let ran = fixture.run(r"verify --bundle C:\bundle.zip --json");
    assert_eq!((ran.exit, ran.json()["bundle"].as_str()), (0, Some(r"C:\bundle.zip")), "{ran:?}");
    let bundle = fixture.written(r"C:\bundle.zip").unwrap();
    let text = format!("{}{}", ran.out, ran.err).into_bytes();
    for canary in &canaries {
        for found in [&bundle, &text] {
            assert!(
                !found.windows(canary.len()).any(|window| window == canary.as_slice()),
                "{}",
                String::from_utf8_lossy(canary)
            );
        }
    }

    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bundle)).unwrap();
    let mut read = |name: &str| {
        let mut text = String::new();
        zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    for (name, says) in [
        ("READ-ME.txt", "Not in it: passwords"),
        ("verify.json", "\"part\": \"configuration\""),
        ("check.json", "\"check\": \"registration\""),
        ("state.json", "\"state\": \"armed\""),
        ("configuration.json", "\"one.example.com\""),
        ("learned.json", "\"highest_server_time\""),
        ("offline-users.json", "S-1-5-21-1-2-3-1001"),
        ("offline-logons.json", "\"cause\": \"connect\""),
        ("files.json", "TrasaCP.dll"),
        ("task.xml", "<Arguments>report</Arguments>"),
        ("events.xml", "passed as an offline user"),
    ] {
        let text = read(name);
        assert!(text.contains(says), "{name} {text}");
    }
    assert_eq!(config::load(&world.services).state.name(), "armed", "nothing was changed");
    let ran = fixture.run(r"verify --bundle C:\bundle.zip --json");
    assert_eq!((ran.exit, ran.json()["code"].as_str()), (1, Some("bundle_not_written")), "never overwritten");
}

#[test]
fn whoever_is_not_elevated_sees_nothing() {
    let fixture = whole();
    fixture.elevated.set(false);
    assert_eq!(fixture.run("verify").exit, 4);
}
