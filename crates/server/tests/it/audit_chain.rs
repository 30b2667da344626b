//! Segments: what somebody with the database in hand changes is named.

use crate::store_sqlite::open;
use crate::store_suite::{NOW, ORGANISATION, make};
use rusqlite::Connection;
use server::audit::{Actor, Entry, sealer};
use server::store::DATABASE_FILE;
use std::process::Command;

/// Three segments of three rows each, the first with the row of `init` besides.
async fn sealed(data: &std::path::Path) {
    make(data).await;
    let store = open(data).unwrap();
    let keys = store.server_keys(ORGANISATION).unwrap();
    for segment in 0..3 {
        for row in 0..3 {
            let entry = Entry::new("test", Actor::Server, format!("{segment}.{row}")).detail("n", row);
            store.write(move |write| write.audit(ORGANISATION, NOW, &entry)).await.unwrap();
        }
        sealer::close(&store, ORGANISATION, &keys, NOW + segment).await.unwrap();
    }
    assert_eq!(sealer::close(&store, ORGANISATION, &keys, NOW).await.unwrap(), 0, "nothing is left open");
}

fn verify(data: &std::path::Path) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_trasa-server"))
        .args(["audit", "verify", "--json", "--data"])
        .arg(data)
        .output()
        .unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn an_untouched_audit_has_no_gaps() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    sealed(&data).await;
    let (code, shown) = verify(&data);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains(r#""segments":3"#) && shown.contains(r#""rows":10"#), "{shown}");
}

#[tokio::test]
async fn every_kind_of_tampering_is_named() {
    let check = async |tamper: &str, expect: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        sealed(&data).await;
        Connection::open(data.join(DATABASE_FILE)).unwrap().execute_batch(tamper).unwrap();
        let (code, shown) = verify(&data);
        assert_eq!(code, 1, "{tamper}: {shown}");
        for expect in expect {
            assert!(shown.contains(expect), "{tamper}: {expect:?} is not in {shown}");
        }
    };
    check(
        "DELETE FROM audit WHERE number = 6",
        &["row 6 is missing", "segment 2 (rows 5 to 7) was closed with 3 rows and has 2"],
    )
    .await;
    check(
        "UPDATE audit SET time = time + 1 WHERE number = 6",
        &["a row of segment 2 (rows 5 to 7) was altered"],
    )
    .await;
    check("UPDATE audit SET details = '{}' WHERE number = 10", &["a row of segment 3"]).await;
    check(
        "UPDATE audit SET actor = 'serve', subject = 'r' || subject WHERE number = 9",
        &["a row of segment 3"],
    )
    .await;
    check("DELETE FROM audit_segments WHERE number = 2", &["segments 2 to 2 are missing"]).await;
    check(
        "UPDATE audit_segments SET row_count = 4 WHERE number = 2",
        &["the signature of segment 2 is wrong"],
    )
    .await;
    check(
        "DELETE FROM audit WHERE number > 7; DELETE FROM audit_segments WHERE number = 3",
        &["rows 8 to 10 are missing"],
    )
    .await;
    check(
        "UPDATE audit_segments SET key_id = zeroblob(32) WHERE number = 1",
        &["segment 1 is signed by an unknown key"],
    )
    .await;
    // A key that somebody slipped into the table is no key: only the chain names keys.
    check(
        "UPDATE signing_keys SET id = zeroblob(32); UPDATE audit_segments SET key_id = zeroblob(32)",
        &["segment 1 is signed by an unknown key"],
    )
    .await;
}
