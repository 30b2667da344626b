//! Watching ends at its date, unless that would lock a local administrator out.

use crate::store_sqlite::open;
use crate::store_suite::{NOW, ORGANISATION, make};
use protocol::id::ServiceId;
use protocol::v2::Mode;
use rusqlite::{Connection, params};
use server::audit::Actor;
use server::names::Name;
use server::store::accesses::{Grant, Where, Whom};
use server::store::services::{NewService, Service, ServiceChange};
use server::store::{AccessId, DATABASE_FILE, DeviceId, Store, UserId};
use std::path::Path;
use zeroize::Zeroizing;

const DAY: i64 = 86_400;
const SERVICE: [u8; 16] = [7; 16];
const REPORT: &str =
    r#"{"administrators":[{"sid":"S-1-5-21-1-2-3-500","domain":"PC-07","name":"boss","kind":"local"}]}"#;

/// A service that watches until tomorrow, with one approved machine whose local administrator is boss.
async fn watched(data: &Path) -> Store {
    make(data).await;
    let store = open(data).unwrap();
    let name = Name::parse("name", "Fleet").unwrap();
    let service = NewService { id: ServiceId::new(SERVICE), name, key: Zeroizing::new([1; 32]) };
    store.add_service(ORGANISATION, service, Actor::Server, NOW).await.unwrap();
    let change = ServiceChange { mode: Some((Mode::Watch, Some(NOW + DAY))), admit: None };
    store.change_service(ORGANISATION, ("Fleet".to_owned(), change), Actor::Server, NOW).await.unwrap();
    Connection::open(data.join(DATABASE_FILE))
        .unwrap()
        .execute(
            "INSERT INTO machines (organisation_id, id, service_id, public_key, name, host, state, state_since,
                admitted_by, admitted, report)
             VALUES (1, ?1, ?2, zeroblob(65), 'PC-07', 'PC-07', 'approved', 0, 'key:1', 0, ?3)",
            params![[9u8; 16], SERVICE, REPORT],
        )
        .unwrap();
    store
}

async fn enrol_boss(store: &Store) {
    let user = (
        UserId::random().unwrap(),
        Name::parse("n", "boss").unwrap(),
        Name::parse_email("b@a.example").unwrap(),
    );
    store.add_user(ORGANISATION, user, Actor::Server, NOW).await.unwrap();
    let name = Name::parse("n", "app").unwrap();
    let totp = ("boss".to_owned(), DeviceId::random().unwrap(), name, Zeroizing::new(vec![3; 20]));
    store.add_totp(ORGANISATION, totp, Actor::Server, NOW).await.unwrap();
    let grant = Grant {
        id: AccessId::random().unwrap(),
        user: Whom::User("boss".to_owned()),
        service: Where::Service("Fleet".to_owned()),
        account: decision::account::Pattern::parse(".\\boss").unwrap(),
        shown: ".\\boss".to_owned(),
        policy: None,
        until: None,
    };
    store.grant_access(ORGANISATION, grant, Actor::Server, NOW).await.unwrap();
}

async fn fleet(store: &Store) -> Service {
    store.services(ORGANISATION).await.unwrap().remove(0)
}

#[tokio::test]
async fn guarding_begins_when_every_administrator_would_get_in() {
    let folder = tempfile::tempdir().unwrap();
    let store = watched(&folder.path().join("data")).await;
    enrol_boss(&store).await;
    assert_eq!(store.end_watching(ORGANISATION, NOW + DAY - 1).await.unwrap(), 0);
    assert_eq!(fleet(&store).await.mode, Mode::Watch);
    assert_eq!(store.end_watching(ORGANISATION, NOW + DAY).await.unwrap(), 1);
    assert_eq!((fleet(&store).await.mode, fleet(&store).await.mode_until), (Mode::Guard, None));
}

#[tokio::test]
async fn it_is_put_off_twice_and_then_begins() {
    let folder = tempfile::tempdir().unwrap();
    let store = watched(&folder.path().join("data")).await;
    for put_offs in 1..=2 {
        let date = fleet(&store).await.mode_until.unwrap();
        assert_eq!(store.end_watching(ORGANISATION, date).await.unwrap(), 1);
        let now = fleet(&store).await;
        assert_eq!((now.mode, now.mode_until, now.postponed), (Mode::Watch, Some(date + 7 * DAY), put_offs));
    }
    let date = fleet(&store).await.mode_until.unwrap();
    store.end_watching(ORGANISATION, date).await.unwrap();
    assert_eq!(fleet(&store).await.mode, Mode::Guard);
}
