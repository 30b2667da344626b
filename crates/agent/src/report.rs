//! The heartbeat: what the agent tells the server each hour, and what it does with the answer.

use crate::config::{self, Learned, Loaded, Notice, State, UsableLink};
use crate::exchange::{CallFailed, Client, Connection, host};
use crate::offline;
use crate::ports::Cancelled;
use crate::probation::{self, Standing};
use crate::services::Services;
use crate::worker::versions;
use core::time::Duration;
use protocol::v2::{Account, OfflineLogon, Registration, ReportAnswer, ReportRequest, SafeModeBoot};
use std::collections::BTreeSet;

/// Most offline logons in one report.
const MAX_OFFLINE_LOGONS: usize = 200;
/// Most local administrators in a report.
const MAX_ADMINISTRATORS: usize = 50;
/// Most starts in safe mode in one report.
const MAX_BOOTS: usize = 32;
/// Over all addresses. Nobody waits for a report.
const LIMIT: Duration = Duration::from_secs(30);

/// What only Windows can say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// What Windows will load.
    pub registration: Registration,
    /// The local administrators who are people.
    pub administrators: Vec<Account>,
    /// The starts of Windows in safe mode that Windows still knows of, oldest first (B41). `None` where
    /// it does not say.
    pub safe_mode_boots: Option<Vec<SafeModeBoot>>,
    /// What is wrong around a guarded tile and stays so until somebody mends it, as codes: told when it
    /// begins, not each hour.
    pub standing: BTreeSet<&'static str>,
}

/// What came of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// How many offline logons the server took.
    pub offline_logons: usize,
    /// An owner released the machine, and the agent disarmed.
    pub released: bool,
}

/// Builds the report. Pure.
#[must_use]
pub fn build(
    loaded: &Loaded,
    learned: &Learned,
    facts: &Facts,
    probation: Standing,
    mut unreported: Vec<OfflineLogon>,
) -> ReportRequest {
    unreported.truncate(MAX_OFFLINE_LOGONS);
    let mut notices = learned.notices.clone();
    notices.extend(standing(loaded, facts).difference(&learned.standing_told).cloned());
    notices.extend(loaded.notices.iter().map(|notice| notice.code().to_owned()));
    let admission = loaded.usable.as_ref().and_then(|usable| usable.configuration.admission());
    let key_list = admission.map_or((0, 0), |admission| {
        let list = learned.key_list(admission);
        (list.epoch, list.serial)
    });
    ReportRequest {
        armed: loaded.state.guards(),
        state: loaded.state.name().to_owned(),
        host: host(&loaded.machine),
        versions: versions(&loaded.machine.windows_version),
        registration: facts.registration.clone(),
        key_list,
        probation_until: if let Standing::Until(until) = probation { Some(until) } else { None },
        offline_logons: unreported,
        administrators: facts.administrators.iter().take(MAX_ADMINISTRATORS).cloned().collect(),
        safe_mode_boots: untold(learned, facts),
        notices: notices.into_iter().collect(),
    }
}

/// Before arming nothing of it is the server's concern.
fn standing(loaded: &Loaded, facts: &Facts) -> BTreeSet<String> {
    let codes = facts.standing.iter().filter(|_| loaded.state.guards());
    codes.map(|code| (*code).to_owned()).collect()
}

fn untold(learned: &Learned, facts: &Facts) -> Vec<SafeModeBoot> {
    let boots = facts.safe_mode_boots.iter().flatten();
    match &learned.safe_mode_told {
        None => Vec::new(),
        Some(told) => boots.filter(|boot| !told.contains(&boot.time)).take(MAX_BOOTS).copied().collect(),
    }
}

/// What the server knows of after it answered, without starts that Windows has forgotten.
fn told(learned: &Learned, facts: &Facts, request: &ReportRequest) -> Option<BTreeSet<i64>> {
    let Some(boots) = &facts.safe_mode_boots else { return learned.safe_mode_told.clone() };
    let times = boots.iter().map(|boot| boot.time);
    Some(match &learned.safe_mode_told {
        None => times.collect(),
        Some(told) => times
            .filter(|time| {
                told.contains(time) || request.safe_mode_boots.iter().any(|boot| boot.time == *time)
            })
            .collect(),
    })
}

/// Reports, until every offline logon is told, and applies the answer: confirmed logons are sent no
/// more, newer keys and settings are kept, a release disarms. A damaged agent has no key to sign
/// with and stays silent; the server alarms on silence.
///
/// # Errors
/// [`CallFailed`]; what was not confirmed is sent again next time.
pub fn report(services: &Services, facts: &Facts, cancelled: &dyn Cancelled) -> Result<Reported, CallFailed> {
    // Before anything else, for it must not depend on the server.
    let locked_out = probation::standing(services) == Standing::LockedOut
        && config::disarm(services, "it locked out accounts with the right password during probation")
            .is_ok();
    let loaded = config::load(services);
    let Some(usable) = &loaded.usable else { return Err(CallFailed::Unreachable(Vec::new())) };
    if locked_out {
        // Told until the server heard of it, also if this report does not get through.
        let before = Learned::read(services, usable.configuration.id());
        let mut after = before.clone();
        after.notices.insert(Notice::ProbationDisarmed.code().to_owned());
        Learned::update(services, &before, after);
    }
    let UsableLink::V2(link) = usable.link() else { return Err(CallFailed::Unreachable(Vec::new())) };
    let mut done = Reported { offline_logons: 0, released: false };
    loop {
        let unreported = offline::unreported(services);
        let more = unreported.len() > MAX_OFFLINE_LOGONS;
        let learned = Learned::read(services, usable.configuration.id());
        let request = build(&loaded, &learned, facts, probation::standing(services), unreported);
        let connection = Connection { link, versions: request.versions.clone() };
        let mut client = Client::new(services, connection, learned.clone());
        let answer = client.report(&request, LIMIT, cancelled);
        let mut news = client.learned();
        if answer.is_ok() {
            news.notices.clear();
            news.standing_told = standing(&loaded, facts);
            news.safe_mode_told = told(&learned, facts, &request);
        }
        Learned::update(services, &learned, news);
        let answer = answer?;
        let taken = apply(services, &request, &answer);
        done.offline_logons += taken;
        if answer.release
            && loaded.state == State::Armed
            && config::disarm(services, "an owner released it").is_ok()
        {
            done.released = true;
        }
        // A server that takes nothing is asked again in an hour, not at once.
        if !more || taken == 0 {
            return Ok(done);
        }
    }
}

fn apply(services: &Services, request: &ReportRequest, answer: &ReportAnswer) -> usize {
    let sent: Vec<_> = request.offline_logons.iter().map(|logon| logon.id).collect();
    let received: Vec<_> = answer.received.iter().copied().filter(|id| sent.contains(id)).collect();
    offline::confirm(services, &received);
    received.len()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::{Facts, report};
    use crate::config::{self, State};
    use crate::ports::{Never, ProtectedFile, TransportError};
    use crate::testing::{FakeServer, Reply, Tile, World};
    use protocol::v2::{Answer, Mode, ReportAnswer, ReportRequest, SafeModeBoot, Settings};
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex};

    fn pass_offline(world: &World, times: usize) {
        world.server.script(|_, _, _| Reply::Fails(TransportError::Connect));
        for _ in 0..times {
            assert!(Tile::open(world).log_on("bat", "right", "b", "287082").is_some());
        }
    }

    /// Takes what it is told, and counts it by id.
    fn listen(world: &World, release: bool) -> Arc<Mutex<BTreeMap<String, usize>>> {
        let heard: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
        let hear = heard.clone();
        world.server.script(move |_, request, server| {
            let body: ReportRequest = serde_json::from_slice(&request.body).unwrap();
            for logon in &body.offline_logons {
                *hear.lock().unwrap().entry(logon.id.to_string()).or_default() += 1;
            }
            Reply::Signed(Answer::Report(ReportAnswer {
                received: body.offline_logons.iter().map(|logon| logon.id).collect(),
                settings: Settings { mode: Mode::Guard, mode_until: None, approved: true },
                keys: server.chain.lock().unwrap().clone(),
                release,
                time: server.now(),
            }))
        });
        heard
    }

    #[test]
    fn offline_logons_are_told_exactly_once() {
        let world = World::new();
        world.arm(&["bat"], false);
        pass_offline(&world, 3);
        assert!(report(&world.services, &Facts::default(), &Never).is_err());
        // A line that a power failure cut off harms no other.
        world
            .files
            .files
            .lock()
            .unwrap()
            .entry(ProtectedFile::OfflineLog)
            .or_default()
            .extend(b"{\"logon\":{\"id\n");
        let heard = listen(&world, false);
        let done = report(&world.services, &Facts::default(), &Never).expect("answered");
        assert_eq!(done.offline_logons, 3);
        pass_offline(&world, 1);
        let again = listen(&world, false);
        assert_eq!(report(&world.services, &Facts::default(), &Never).expect("answered").offline_logons, 1);
        assert_eq!(report(&world.services, &Facts::default(), &Never).expect("answered").offline_logons, 0);
        for heard in [heard, again] {
            assert!(heard.lock().unwrap().values().all(|times| *times == 1));
        }
    }

    #[test]
    fn many_offline_logons_take_several_reports() {
        let world = World::new();
        world.arm(&["bat"], false);
        pass_offline(&world, 1);
        let line = world.files.text(ProtectedFile::OfflineLog);
        let id = line.split("\"id\":\"").nth(1).unwrap()[..22].to_owned();
        let mut text = String::new();
        for number in 0..450u32 {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&number.to_le_bytes());
            text.push_str(&line.replace(&id, &protocol::encoding::encode(&bytes)));
        }
        world.files.files.lock().unwrap().insert(ProtectedFile::OfflineLog, text.into_bytes());
        listen(&world, false);
        assert_eq!(report(&world.services, &Facts::default(), &Never).expect("answered").offline_logons, 450);
    }

    #[test]
    fn a_release_disarms_and_nothing_else_does() {
        let world = World::new();
        world.arm(&[], false);
        listen(&world, false);
        report(&world.services, &Facts::default(), &Never).expect("answered");
        assert_eq!(config::load(&world.services).state, State::Armed);
        listen(&world, true);
        assert!(report(&world.services, &Facts::default(), &Never).expect("answered").released);
        assert_eq!(config::load(&world.services).state, State::Verified);
    }

    #[test]
    fn newer_keys_and_settings_are_kept() {
        let world = World::new();
        world.arm(&[], false);
        world.server.rotate([31; 32], true);
        listen(&world, false);
        report(&world.services, &Facts::default(), &Never).expect("answered");
        let loaded = config::load(&world.services);
        let learned = loaded.usable.unwrap().learned;
        assert_eq!(learned.key_list.map(|list| (list.epoch, list.serial)), Some((1, 2)));
        assert!(learned.settings.is_some());
    }

    /// The answer to a report with nothing new in it.
    fn heard_and_nothing_else(server: &FakeServer) -> Reply {
        Reply::Signed(Answer::Report(ReportAnswer {
            received: Vec::new(),
            settings: Settings { mode: Mode::Guard, mode_until: None, approved: true },
            keys: Vec::new(),
            release: false,
            time: server.now(),
        }))
    }

    /// Answers reports and collects the starts in safe mode that they tell.
    fn hear_boots(world: &World, heard: &Arc<Mutex<Vec<SafeModeBoot>>>) {
        let heard = heard.clone();
        world.server.script(move |_, request, server| {
            let body: ReportRequest = serde_json::from_slice(&request.body).unwrap();
            heard.lock().unwrap().extend(body.safe_mode_boots);
            heard_and_nothing_else(server)
        });
    }

    #[test]
    fn safe_mode_boot_is_reported() {
        let world = World::new();
        world.arm(&[], false);
        let heard = Arc::default();
        hear_boots(&world, &heard);
        let with = |times: &[i64]| Facts {
            safe_mode_boots: Some(
                times.iter().map(|time| SafeModeBoot { time: *time, network: false }).collect(),
            ),
            ..Facts::default()
        };
        let tell = |facts: &Facts, expect: &[i64]| {
            report(&world.services, facts, &Never).expect("answered");
            let told: Vec<_> = core::mem::take(&mut *heard.lock().unwrap()).iter().map(|b| b.time).collect();
            assert_eq!(told, expect, "{facts:?}");
        };
        tell(&Facts::default(), &[]);
        tell(&with(&[100]), &[]);
        tell(&with(&[100, 201]), &[201]);
        tell(&with(&[100, 201]), &[]);
        tell(&Facts::default(), &[]);
        // A clock that was wrong hides nothing: a start is known by its time, whatever that is.
        tell(&with(&[100, 201, 99_999_999_999]), &[99_999_999_999]);
        tell(&with(&[201, 99_999_999_999, 300]), &[300]);
        world.server.script(|_, _, _| Reply::Fails(TransportError::Connect));
        assert!(report(&world.services, &with(&[400]), &Never).is_err());
        hear_boots(&world, &heard);
        tell(&with(&[400]), &[400]);
    }

    #[test]
    fn what_stands_around_the_tile_is_told_when_it_begins() {
        let world = World::new();
        world.configure(&[], false).expect("admission");
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let hear = heard.clone();
        world.server.script(move |_, request, server| {
            let body: ReportRequest = serde_json::from_slice(&request.body).unwrap();
            hear.lock().unwrap().extend(body.notices);
            heard_and_nothing_else(server)
        });
        let tell = |standing: &[&'static str], expect: &[&str]| {
            let facts = Facts { standing: standing.iter().copied().collect(), ..Facts::default() };
            report(&world.services, &facts, &Never).expect("answered");
            assert_eq!(core::mem::take(&mut *heard.lock().unwrap()), expect, "{standing:?}");
        };
        tell(&["other_filter"], &[]);
        config::arm(&world.services).unwrap();
        tell(&["other_filter"], &["other_filter"]);
        tell(&["other_filter", "debugger_hook"], &["debugger_hook"]);
        tell(&["debugger_hook"], &[]);
        tell(&["other_filter", "debugger_hook"], &["other_filter"]);
    }

    #[test]
    fn the_report_says_what_is_the_matter() {
        let world = World::new();
        world.arm(&["bat"], false);
        world.files.loose.lock().unwrap().insert(ProtectedFile::Offline);
        let _mended_by_a_tile = Tile::open(&world);
        let loaded = config::load(&world.services);
        let learned = loaded.usable.as_ref().unwrap().learned.clone();
        let facts = Facts::default();
        let request =
            super::build(&loaded, &learned, &facts, crate::probation::Standing::Until(7), Vec::new());
        assert_eq!(request.notices, ["offline_copy_loose"]);
        assert_eq!((request.armed, request.state.as_str(), request.key_list), (true, "armed", (0, 1)));
        assert_eq!((request.host.name.as_str(), request.probation_until), ("HOST", Some(7)));
        listen(&world, false);
        report(&world.services, &Facts::default(), &Never).expect("answered");
        let learned = config::load(&world.services).usable.unwrap().learned;
        assert!(learned.notices.is_empty(), "told once");
    }
}
