use super::{ChainError, KeyList, follow};
use crate::encoding::{Bytes, PublicKey};
use crate::statement;
use p256::ecdsa::{SigningKey, VerifyingKey};

fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).expect("a scalar")
}

pub fn public(key: &SigningKey) -> PublicKey {
    let point = key.verifying_key().to_sec1_point(false);
    Bytes(point.as_bytes().try_into().expect("uncompressed"))
}

fn list(epoch: u32, serial: u32, signing: &[u8]) -> KeyList {
    KeyList {
        epoch,
        serial,
        signing: signing.iter().map(|seed| public(&key(*seed))).collect(),
        tls: vec![],
        addresses: vec![],
        time: 0,
    }
}

fn signed(list: &KeyList, by: u8) -> String {
    statement::sign(list, &public(&key(by)), &key(by)).expect("JSON")
}

fn check(known: Option<&KeyList>, chain: &[String], expected: Result<KeyList, ChainError>) {
    let verifier = |key: &PublicKey| VerifyingKey::from_sec1_bytes(&key.0).expect("a point");
    assert_eq!(follow(&public(&key(ANCHOR)), known, chain, verifier), expected);
}

const ANCHOR: u8 = 9;

#[test]
fn a_chain_is_followed_from_the_anchor() {
    let (one, two, three) = (list(0, 1, &[1]), list(0, 2, &[1, 2]), list(0, 3, &[2]));
    let chain = [signed(&one, ANCHOR), signed(&two, 1), signed(&three, 2)];
    check(None, &chain, Ok(three.clone()));
    check(Some(&two), &chain, Ok(three.clone()));
    check(Some(&three), &chain, Ok(three.clone()));
    check(Some(&three), &chain[..2], Err(ChainError::Behind));
    check(None, &[], Err(ChainError::Behind));
}

#[test]
fn a_thief_of_an_old_key_leads_no_admitted_agent_away() {
    let (one, two) = (list(0, 1, &[1]), list(0, 2, &[2]));
    let forged = list(0, 99, &[7]);
    check(Some(&two), &[signed(&one, ANCHOR), signed(&forged, 1)], Err(ChainError::Behind));
    let raised = list(1, 1, &[7]);
    check(Some(&two), &[signed(&one, ANCHOR), signed(&raised, 1)], Err(ChainError::Order(1)));
    check(None, &[signed(&one, 7)], Err(ChainError::Unknown(0)));
    let mut claims_anchor = signed(&one, ANCHOR);
    claims_anchor.replace_range(claims_anchor.len() - 4.., "AAAA");
    check(None, &[claims_anchor], Err(ChainError::Unknown(0)));
}

#[test]
fn the_recovery_key_raises_the_epoch_and_may_lower_the_serial() {
    let (one, stolen, recovered) = (list(0, 1, &[1]), list(0, 50, &[7]), list(1, 1, &[3]));
    let chain = [signed(&one, ANCHOR), signed(&recovered, ANCHOR)];
    check(Some(&stolen), &chain, Ok(recovered.clone()));
    // The thief, who still has the old key, cannot outbid it.
    check(Some(&recovered), &[signed(&one, ANCHOR), signed(&stolen, 1)], Err(ChainError::Behind));
}

#[test]
fn a_restored_server_is_behind() {
    let (one, two) = (list(0, 1, &[1]), list(0, 2, &[1]));
    check(Some(&two), &[signed(&one, ANCHOR)], Err(ChainError::Behind));
    let lower = list(0, 1, &[1]);
    check(None, &[signed(&two, ANCHOR), signed(&lower, 1)], Err(ChainError::Order(1)));
}

#[test]
fn one_kind_of_statement_is_not_another() {
    let receipt = statement::Receipt {
        machine: crate::id::MachineId::new([1; 16]),
        service: crate::id::ServiceId::new([2; 16]),
        public_key: public(&key(3)),
        name: "PC".to_owned(),
        time: 0,
    };
    let receipt = statement::sign(&receipt, &public(&key(ANCHOR)), &key(ANCHOR)).expect("JSON");
    check(None, &[receipt], Err(ChainError::Malformed(0)));
    for text in ["", ".", "..", "a.b.c", "é.é.é"] {
        check(None, &[text.to_owned()], Err(ChainError::Malformed(0)));
    }
}
