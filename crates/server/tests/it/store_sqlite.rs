//! The suite over SQLite, and what only a database in a file can show.

use crate::store_suite::{Bench, NOW, ORGANISATION, make, run};
use rusqlite::Connection;
use server::sealing::{KeyText, SealError, Sealer};
use server::store::{DATABASE_FILE, Store, StoreError, Use};
use std::path::{Path, PathBuf};

struct Folder(PathBuf);

impl Bench for Folder {
    fn open(&self) -> Store {
        open(&self.0).unwrap()
    }
}

pub fn open(data: &Path) -> Result<Store, StoreError> {
    Store::open(data, Sealer::new(&KeyText::load(data)?)?, Use::Server)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let recovery = make(&data).await;
    run(&Folder(data), recovery).await;
}

#[tokio::test]
async fn every_table_belongs_to_an_organisation() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    make(&data).await;
    let database = Connection::open(data.join(DATABASE_FILE)).unwrap();
    let mut statement = database
        .prepare(
            "SELECT name, (SELECT count(*) FROM pragma_table_info(t.name) WHERE name = 'organisation_id')
             FROM sqlite_schema t WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'meta'",
        )
        .unwrap();
    let tables: Vec<(String, i64)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(tables.len() > 15, "{tables:?}");
    for (table, columns) in tables {
        assert_eq!(columns, 1, "{table}");
    }
}

#[tokio::test]
async fn a_wrong_key_or_a_damaged_file_stops_the_start_with_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    make(&data).await;
    let wrong = Store::open(&data, Sealer::new(&KeyText::from_key(&[1; 32])).unwrap(), Use::Server);
    assert!(matches!(wrong, Err(StoreError::Seal(SealError::WrongKey))), "{wrong:?}");
    open(&data).unwrap();

    let path = data.join(DATABASE_FILE);
    let sound = std::fs::read(&path).unwrap();
    for damaged in [Vec::new(), b"nonsense".to_vec(), vec![0; 8192], sound[..2000].to_vec()] {
        std::fs::write(&path, &damaged).unwrap();
        let error = open(&data).unwrap_err();
        assert!(matches!(error, StoreError::Damaged(..)), "{} bytes: {error:?}", damaged.len());
        let sentence = error.to_string();
        assert!(sentence.contains("restore") && !sentence.contains('\n'), "{sentence}");
    }
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(open(&data), Err(StoreError::Missing(_))));
}

#[tokio::test]
async fn a_store_of_a_newer_release_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    make(&data).await;
    let database = Connection::open(data.join(DATABASE_FILE)).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(open(&data), Err(StoreError::TooNew { found: 99, .. })));
}

/// A store as a former release left it, with a logon in it.
fn as_of_migration(data: &Path, migrations: &[&str]) {
    let path = data.join(DATABASE_FILE);
    let former = data.join("former.db");
    let database = Connection::open(&former).unwrap();
    // The tables come in no order.
    database.pragma_update(None, "foreign_keys", "OFF").unwrap();
    for migration in migrations {
        database.execute_batch(migration).unwrap();
    }
    database.execute("ATTACH ?1 AS new", [path.to_str().unwrap()]).unwrap();
    let tables: Vec<(String, String)> = database
        .prepare(
            "SELECT t.name, group_concat(c.name) FROM main.sqlite_schema t JOIN pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' GROUP BY t.name",
        )
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for (table, columns) in tables {
        let copy = format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}");
        database.execute(&copy, []).unwrap();
    }
    database
        .execute_batch(
            "INSERT INTO logons (organisation_id, machine_id, id, body_hash, service_id, account, method, result,
               reason, parameters, facts, answer, short_code, begun)
             VALUES (1, zeroblob(16), zeroblob(16), zeroblob(32), zeroblob(16), 'a', 'totp', 'deny', 'code_wrong', '{}',
               '{}', '{}', 'ABC234', 0);",
        )
        .unwrap();
    database.execute_batch("DETACH new").unwrap();
    database.pragma_update(None, "user_version", i64::try_from(migrations.len()).unwrap()).unwrap();
    drop(database);
    for file in ["trasa.db-wal", "trasa.db-shm"] {
        let _ = std::fs::remove_file(data.join(file));
    }
    std::fs::rename(former, path).unwrap();
}

#[tokio::test]
async fn the_store_of_a_former_release_is_brought_up_with_what_is_in_it() {
    const FORMER: [&str; 2] =
        [include_str!("../../src/store/sql/0001.sql"), include_str!("../../src/store/sql/0002.sql")];
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    make(&data).await;
    as_of_migration(&data, &FORMER);
    let store = open(&data).unwrap();
    let logons = store.newest_logons(ORGANISATION, 10).await.unwrap();
    assert_eq!((logons.len(), logons[0].protocol, logons[0].reason.as_str()), (1, "v2", "code_wrong"));
    store.server_keys(ORGANISATION).unwrap();
    assert!(store.services(ORGANISATION).await.unwrap().is_empty());
}

#[tokio::test]
async fn no_secret_stands_in_the_database_in_clear() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    make(&data).await;
    let store = open(&data).unwrap();
    let private = store.server_keys(ORGANISATION).unwrap().signing.to_pkcs8().unwrap();
    // PKCS#8 of P-256: the scalar begins at byte 36.
    let scalar = &private[36..68];
    store.checkpoint().unwrap();
    drop(store);
    let bytes = std::fs::read(data.join(DATABASE_FILE)).unwrap();
    assert!(!bytes.windows(scalar.len()).any(|window| window == scalar));
    let seal = std::fs::read_to_string(data.join(server::sealing::KEY_FILE)).unwrap();
    let key = seal.trim().rsplit(' ').next().unwrap().as_bytes().to_vec();
    assert!(!bytes.windows(key.len()).any(|window| window == key));
}

#[tokio::test]
async fn a_restore_voids_codes_and_waiting_logons() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let recovery = make(&data).await;
    let store = open(&data).unwrap();
    let database = Connection::open(data.join(DATABASE_FILE)).unwrap();
    database
        .execute_batch(
            "INSERT INTO devices (organisation_id, id, user_id, kind, name, secret_sealed, created)
             VALUES (1, zeroblob(16), zeroblob(16), 'totp', 'phone', x'00', 0);
             INSERT INTO logons (organisation_id, machine_id, id, body_hash, service_id, account, method, result,
               reason, parameters, facts, answer, short_code, begun)
             VALUES (1, zeroblob(16), zeroblob(16), zeroblob(32), zeroblob(16), 'a', 'push', 'pending', '', '{}', '{}',
               '{}', 'ABC234', 0);",
        )
        .unwrap();
    let file = folder.path().join("backup");
    server::backup::write(&store, &data, &file, server::audit::Actor::Server, NOW).await.unwrap();
    let actor = server::audit::Actor::Server;
    assert!(
        server::backup::write(&store, &data, &file, actor.clone(), NOW).await.is_err(),
        "a backup is never overwritten"
    );

    let other = server::keys::p256::SigningKey::generate().unwrap();
    let into = folder.path().join("restored");
    assert!(server::backup::restore(&file, &into, other, actor.clone(), NOW).await.is_err());
    assert!(!into.exists());
    let restored = server::backup::restore(&file, &into, recovery, actor, NOW + 3600).await.unwrap();
    assert_eq!((restored.voided.devices, restored.voided.pending_logons), (1, 1));
    assert_eq!(restored.backup_time, NOW);
    let database = Connection::open(into.join(DATABASE_FILE)).unwrap();
    let step: i64 = database.query_row("SELECT last_step FROM devices", [], |row| row.get(0)).unwrap();
    assert_eq!(step, (NOW + 3600) / 30 + 1);
    let result: String = database.query_row("SELECT result FROM logons", [], |row| row.get(0)).unwrap();
    assert_eq!(result, "deny");
    // Whatever epoch was reached after the backup, agents follow the restored server.
    let keys = open(&into).unwrap().server_keys(ORGANISATION).unwrap();
    assert!(i64::from(keys.list.epoch) >= NOW);
}
