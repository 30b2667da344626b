//! What every kind of store must do, written against the interface only: a second database runs the
//! same suite with another [`Bench`].

use server::audit::{Actor, Entry};
use server::init::{Plan, init};
use server::keys::p256::SigningKey;
use server::keys::{VerifyingKey, change};
use server::store::{OrganisationId, Store, StoreError};
use std::time::{Duration, Instant};

pub const ORGANISATION: OrganisationId = OrganisationId::DEFAULT;
pub const NOW: i64 = 1_800_000_000;

/// Opens stores; all that one bench opens are the same store, as by several processes.
pub trait Bench {
    fn open(&self) -> Store;
}

/// A data folder with the recovery key beside it.
pub async fn make(data: &std::path::Path) -> SigningKey {
    let recovery_out = data.with_extension("recovery");
    let plan = Plan {
        hosts: vec!["localhost".to_owned()],
        public_url: "https://localhost".to_owned(),
        addresses: vec!["trasa.example:8443".to_owned()],
        recovery_out: recovery_out.clone(),
    };
    init(data, &plan, Actor::Server, NOW).await.unwrap();
    server::keys::recovery::read(&recovery_out, None).unwrap()
}

pub async fn run(bench: &impl Bench, recovery: SigningKey) {
    an_answer_means_it_is_there(bench).await;
    a_failing_job_undoes_itself_only(bench).await;
    a_panicking_job_harms_nobody(bench).await;
    two_processes_write_at_once(bench).await;
    another_processs_commit_is_noticed(bench).await;
    keys_chain_as_agents_follow_them(bench, recovery).await;
}

fn entry(subject: &str) -> Entry {
    Entry::new("test", Actor::Server, subject)
}

async fn subjects(store: &Store) -> Vec<String> {
    let rows = store.scan(|read| read.audit_rows(ORGANISATION, 0, i64::MAX, usize::MAX)).await.unwrap();
    rows.into_iter().filter(|row| row.kind == "test").map(|row| row.subject).collect()
}

async fn an_answer_means_it_is_there(bench: &impl Bench) {
    let store = bench.open();
    store
        .write(|write| {
            write.set_setting(ORGANISATION, "suite", "1")?;
            write.audit(ORGANISATION, NOW, &entry("there"))
        })
        .await
        .unwrap();
    for reader in [&store, &bench.open()] {
        assert_eq!(reader.setting(ORGANISATION, "suite").unwrap().as_deref(), Some("1"));
        assert!(subjects(reader).await.contains(&"there".to_owned()));
    }
    assert_eq!(store.setting(OrganisationId(2), "suite").unwrap(), None);
}

async fn a_failing_job_undoes_itself_only(bench: &impl Bench) {
    let store = bench.open();
    let mut jobs = tokio::task::JoinSet::new();
    for number in 0..50 {
        let store = store.clone();
        jobs.spawn(async move {
            let result = store
                .write(move |write| {
                    let subject = format!("job {number}");
                    write.set_setting(ORGANISATION, &subject, "set")?;
                    write.audit(ORGANISATION, NOW, &entry(&subject))?;
                    if number % 3 == 0 { Err(StoreError::refused("refused", "as asked")) } else { Ok(number) }
                })
                .await;
            (number, result)
        });
    }
    while let Some(job) = jobs.join_next().await {
        let (number, result) = job.unwrap();
        let kept = number % 3 != 0;
        assert_eq!(result.is_ok(), kept, "{result:?}");
        assert_eq!(store.setting(ORGANISATION, &format!("job {number}")).unwrap().is_some(), kept);
    }
    let subjects = subjects(&store).await;
    assert!(subjects.contains(&"job 1".to_owned()) && !subjects.contains(&"job 3".to_owned()));
}

async fn a_panicking_job_harms_nobody(bench: &impl Bench) {
    let store = bench.open();
    let result: Result<(), _> = store
        .write(|write| {
            write.set_setting(ORGANISATION, "panicked", "yes")?;
            panic!("on purpose");
        })
        .await;
    assert_eq!(result.unwrap_err().code(), "store_unavailable");
    store.write(|write| write.audit(ORGANISATION, NOW, &entry("after the panic"))).await.unwrap();
    assert_eq!(store.setting(ORGANISATION, "panicked").unwrap(), None);
}

async fn two_processes_write_at_once(bench: &impl Bench) {
    let stores = [bench.open(), bench.open()];
    let mut jobs = tokio::task::JoinSet::new();
    for (index, store) in stores.iter().enumerate() {
        for number in 0..40 {
            let store = store.clone();
            jobs.spawn(async move {
                store
                    .write(move |write| write.audit(ORGANISATION, NOW, &entry(&format!("{index}:{number}"))))
                    .await
            });
        }
    }
    while let Some(job) = jobs.join_next().await {
        job.unwrap().unwrap();
    }
    let written = subjects(&stores[0]).await.into_iter().filter(|subject| subject.contains(':')).count();
    assert_eq!(written, 80);
}

async fn another_processs_commit_is_noticed(bench: &impl Bench) {
    let (here, there) = (bench.open(), bench.open());
    let before = here.data_version().unwrap();
    assert_eq!(here.data_version().unwrap(), before);
    there.write(|write| write.set_setting(ORGANISATION, "noticed", "1")).await.unwrap();
    let begun = Instant::now();
    while here.data_version().unwrap() == before {
        assert!(begun.elapsed() < Duration::from_secs(1), "not noticed within a second");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn keys_chain_as_agents_follow_them(bench: &impl Bench, recovery: SigningKey) {
    let store = bench.open();
    let follow = |known: Option<&protocol::keys::KeyList>, chain: &[String]| {
        protocol::keys::follow(recovery.public_key(), known, chain, VerifyingKey::new)
    };
    let first = store.server_keys(ORGANISATION).unwrap();
    assert_eq!((first.list.epoch, first.list.serial), (0, 1));
    assert_eq!(first.list.addresses, ["trasa.example:8443"]);
    assert_eq!(follow(None, &first.chain), Ok(first.list.clone()));

    let new = SigningKey::generate().unwrap();
    store
        .write(move |write| change::rotate(write, ORGANISATION, &new, Actor::Server, NOW + 1))
        .await
        .unwrap();
    let rotated = store.server_keys(ORGANISATION).unwrap();
    assert_ne!(rotated.signing.public_key(), first.signing.public_key());
    assert_eq!(follow(Some(&first.list), &rotated.chain), Ok(rotated.list.clone()));

    let spki = protocol::encoding::Bytes([9; 32]);
    let accept = move |write: &server::store::Write<'_>| {
        change::accept_tls(write, ORGANISATION, (&spki, "proxy"), Actor::Server, NOW + 2)
    };
    assert!(store.write(accept).await.unwrap());
    assert!(!store.write(accept).await.unwrap());

    let new = SigningKey::generate().unwrap();
    let again = SigningKey::from_pkcs8(&recovery.to_pkcs8().unwrap()).unwrap();
    store
        .write(move |write| change::recover(write, ORGANISATION, (&again, &new), 0, Actor::Server, NOW + 3))
        .await
        .unwrap();
    let recovered = store.server_keys(ORGANISATION).unwrap();
    assert_eq!((recovered.list.epoch, recovered.list.serial), (1, 1));
    assert!(recovered.list.tls.contains(&spki), "accepted TLS keys outlive a recovery");
    for known in [None, Some(&first.list), Some(&rotated.list)] {
        assert_eq!(follow(known, &recovered.chain), Ok(recovered.list.clone()));
    }
    assert_eq!(recovered.known.len(), 3, "what former keys signed can still be verified");
}
