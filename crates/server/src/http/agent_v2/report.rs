//! `POST /agent/v2/report`.

use super::admit::settings;
use super::call::Call;
use super::caller::caller;
use super::fault::Fault;
use crate::app::App;
use crate::heartbeat::findings;
use crate::logon::names;
use crate::store::machines::State;
use crate::store::reports::OfflineLogon;
use protocol::error_code::ErrorCode;
use protocol::v2::{self, Answer, ReportAnswer, ReportRequest};

/// Most offline logons in one report.
const MOST_OFFLINE: usize = 200;
/// Most notices in one report.
const MOST_NOTICES: usize = 32;
/// Most starts in safe mode in one report.
const MOST_BOOTS: usize = 32;
/// Most local administrators in one report.
const MOST_ADMINISTRATORS: usize = 50;

pub(super) async fn report(app: &App, call: &Call) -> Result<Answer, Fault> {
    let caller = caller(app, call).await?;
    call.without_query()?;
    let request: ReportRequest = call.body()?;
    check(&request).map_err(Fault::bad)?;
    let offline: Vec<OfflineLogon> = request.offline_logons.iter().map(offline).collect();
    let received = offline.iter().map(|logon| logon.id).collect();
    let keys = app.keys();
    let newest = request.key_list == (keys.list.epoch, keys.list.serial);
    let (machine, now) = (caller.machine, call.now);
    let findings = move |before: &_, report: &_| findings(machine, before, report, now);
    let taken = (machine, request, offline);
    let reported = app
        .store
        .take_report(app.organisation, taken, findings, call.source, now)
        .await?
        .filter(|reported| reported.state != State::Revoked)
        .ok_or_else(|| Fault::error(ErrorCode::MachineRevoked, "this machine was removed"))?;
    Ok(Answer::Report(ReportAnswer {
        received,
        settings: settings(reported.mode, reported.state.is_approved(), now),
        keys: if newest { Vec::new() } else { keys.chain.clone() },
        release: reported.state == State::Released,
        time: now,
    }))
}

fn check(request: &ReportRequest) -> Result<(), String> {
    names::check_host(&request.host)?;
    names::check_versions(&request.versions)?;
    if !matches!(request.state.as_str(), "absent" | "verified" | "armed" | "damaged") {
        return Err("state: not a state".to_owned());
    }
    if request.offline_logons.len() > MOST_OFFLINE {
        return Err(format!("offline_logons: more than {MOST_OFFLINE}"));
    }
    if request.notices.len() > MOST_NOTICES {
        return Err(format!("notices: more than {MOST_NOTICES}"));
    }
    if request.safe_mode_boots.len() > MOST_BOOTS {
        return Err(format!("safe_mode_boots: more than {MOST_BOOTS}"));
    }
    if request.administrators.len() > MOST_ADMINISTRATORS {
        return Err(format!("administrators: more than {MOST_ADMINISTRATORS}"));
    }
    request.notices.iter().try_for_each(|notice| names::check_code("notices", notice))
}

/// Whatever stands in it, an offline logon is taken: a report that is refused for its form would be
/// sent again and again, and nobody would hear of what happened.
fn offline(logon: &v2::OfflineLogon) -> OfflineLogon {
    let code = |text: &str| {
        if names::check_code("", text).is_ok() { text.to_owned() } else { "other".to_owned() }
    };
    OfflineLogon {
        id: logon.id,
        account: names::printable(&logon.account),
        time: logon.time,
        details: serde_json::json!({
            "scenario": logon.scenario,
            "session": logon.session,
            "rule": code(&logon.rule),
            "cause": code(&logon.cause),
            "sid": names::plain_sid(&logon.account),
        }),
        alarm: logon.rule != "watch",
    }
}
