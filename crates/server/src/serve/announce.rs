//! What ends is announced 30, 14, 7 and 1 days ahead, each once, as alarms: certificates, policies,
//! accesses, and version 1 of a service. That version 1 is over is an alarm of its own.

use crate::app::App;
use crate::audit::{Actor, Entry};
use crate::folder::CERTIFICATE_FILE;
use crate::keys::certificate::facts;
use crate::store::StoreError;
use crate::store::services::Service;
use crate::store::v1_doors::V1;
use protocol::v2::Mode;
use std::path::Path;

const DAY: i64 = 86_400;
/// Days ahead, the farthest first.
const AHEAD: [i64; 4] = [30, 14, 7, 1];

/// What is to be announced about something that ends at `until`: the nearest threshold that is
/// reached and was not announced for this very end.
fn due(until: i64, now: i64, announced: Option<(i64, i64)>) -> Option<i64> {
    let reached = AHEAD.into_iter().rfind(|days| until - now <= days * DAY)?;
    match announced {
        Some((end, days)) if end == until && days <= reached => None,
        _ => Some(reached),
    }
}

/// Looks at everything that ends and writes the alarms that are due.
pub(super) async fn run(app: &App, data: &Path, now: i64) -> Result<(), StoreError> {
    // An unreadable certificate is told by the check each second.
    let certificate = std::fs::read(data.join(CERTIFICATE_FILE)).ok().and_then(|pem| facts(&pem).ok());
    if let Some(certificate) = certificate {
        announce(app, ("certificate_ends", "certificate", "certificate"), certificate.not_after, now).await?;
    }
    for policy in app.store.policies(app.organisation).await? {
        // One that has ended needs no announcement any more: its refusals tell.
        if let Some(until) = policy.text.expires.filter(|until| *until > now) {
            let id = policy.id.to_string();
            announce(app, ("policy_ends", &format!("policy:{id}"), &id), until, now).await?;
        }
    }
    let soon = now.saturating_add(AHEAD[0] * DAY);
    for (id, until) in app.store.accesses_ending(app.organisation, (now, soon)).await? {
        let id = id.to_string();
        announce(app, ("access_ends", &format!("access:{id}"), &id), until, now).await?;
    }
    for service in app.store.services(app.organisation).await? {
        if service.mode == Mode::Watch && service.postponed > 0 {
            remind(app, &service, now).await?;
        }
        if let Some(v1) = service.v1.as_ref().filter(|v1| v1.denied.is_none()) {
            version_1(app, (&service, v1), now).await?;
        }
    }
    Ok(())
}

/// An alarm a day while the end of watching is put off.
async fn remind(app: &App, service: &Service, now: i64) -> Result<(), StoreError> {
    let organisation = app.organisation;
    let setting = format!("reminded:watch:{}", service.id);
    let today = now.div_euclid(DAY).to_string();
    if app.store.setting(organisation, &setting)?.is_some_and(|day| day == today) {
        return Ok(());
    }
    let entry = Entry::alarm("watch_is_put_off", Actor::Server, service.id)
        .detail("until", service.mode_until)
        .detail("put_offs", service.postponed);
    app.store
        .write(move |write| {
            write.set_setting(organisation, &setting, &today)?;
            write.audit(organisation, now, &entry)
        })
        .await
}

/// Its end is announced as every other; an end that has come, once.
async fn version_1(app: &App, (service, v1): (&Service, &V1), now: i64) -> Result<(), StoreError> {
    let id = service.id.to_string();
    if v1.is_open(now) {
        return announce(app, ("v1_ends", &format!("v1:{id}"), &id), v1.until, now).await;
    }
    let organisation = app.organisation;
    let setting = format!("announced:v1_over:{id}");
    let until = v1.until.to_string();
    if app.store.setting(organisation, &setting)?.is_some_and(|announced| announced == until) {
        return Ok(());
    }
    let entry = Entry::alarm("v1_over", Actor::Server, service.id)
        .detail("service", &service.name)
        .detail("until", v1.until)
        .detail("last_call", v1.last_call);
    app.store
        .write(move |write| {
            write.set_setting(organisation, &setting, &until)?;
            write.audit(organisation, now, &entry)
        })
        .await
}

async fn announce(
    app: &App,
    (alarm, thing, subject): (&'static str, &str, &str),
    until: i64,
    now: i64,
) -> Result<(), StoreError> {
    let organisation = app.organisation;
    let setting = format!("announced:{thing}");
    let announced = app.store.setting(organisation, &setting)?.and_then(|text| {
        let (until, days) = text.split_once(':')?;
        Some((until.parse().ok()?, days.parse().ok()?))
    });
    let Some(days) = due(until, now, announced) else { return Ok(()) };
    let entry = Entry::alarm(alarm, Actor::Server, subject).detail("until", until).detail("days", days);
    app.store
        .write(move |write| {
            write.set_setting(organisation, &setting, &format!("{until}:{days}"))?;
            write.audit(organisation, now, &entry)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::{DAY, due};

    #[test]
    fn each_threshold_is_announced_once() {
        let until = 1_800_000_000;
        let check = |days_left: i64, announced, expect| {
            assert_eq!(
                due(until, until - days_left * DAY, announced),
                expect,
                "{days_left} days, {announced:?}"
            );
        };
        check(31, None, None);
        check(30, None, Some(30));
        check(29, Some((until, 30)), None);
        check(14, Some((until, 30)), Some(14));
        check(14, Some((until, 14)), None);
        // A server that stood still announces the nearest one only.
        check(1, None, Some(1));
        check(1, Some((until, 14)), Some(1));
        check(-5, Some((until, 1)), None);
        // Renewed: the new end has its own announcements.
        check(20, Some((until - 400 * DAY, 1)), Some(30));
    }
}
