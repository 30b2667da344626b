//! Signing in with name, password and one-time code, all at once: there is no state in between that a
//! started factor could open, and one answer for everything that does not fit.

use super::password;
use super::secret::Shown;
use crate::store::administrators::Proof;
use crate::store::sessions::{NewSession, Session};
use crate::store::sign_ins::{AttemptKeys, Proven, SignedIn};
use crate::store::{OrganisationId, SessionId, Store, StoreError};
use decision::code::{Algorithm, Code, TotpSecret, Verdict, judge};
use std::net::IpAddr;
use zeroize::Zeroizing;

/// Most characters of a browser's name that are kept.
const BROWSER_CHARS: usize = 200;

/// What was typed, and where it came from.
#[derive(Debug)]
pub struct Attempt {
    /// The name.
    pub name: String,
    /// The password.
    pub password: Zeroizing<String>,
    /// The code.
    pub code: Zeroizing<String>,
    /// The address seen.
    pub address: IpAddr,
    /// What the browser calls itself.
    pub browser: String,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Something does not fit; which is not told.
    #[error("name, password and code do not fit together; a code works once, so wait for the next one")]
    Wrong,
    /// Too many attempts.
    #[error("too many attempts; try again in {wait_secs} seconds")]
    Locked {
        /// Until the next attempt.
        wait_secs: i64,
    },
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Signs in; the secret is for the browser's cookie. Attempts are counted under `counted_in`, as a name
/// that nobody has belongs to no organisation.
///
/// # Errors
/// [`Refused`].
pub async fn sign_in(
    store: &Store,
    counted_in: OrganisationId,
    attempt: Attempt,
    now: i64,
) -> Result<Shown, Refused> {
    let secret = Shown::random().map_err(StoreError::from)?;
    let session = session(&secret, attempt.address, &attempt.browser)?;
    prove(store, counted_in, attempt, None, SignedIn::New(session), now).await?;
    Ok(secret)
}

/// Signs in again in a session, for what is dangerous.
///
/// # Errors
/// [`Refused`].
pub async fn again(
    store: &Store,
    counted_in: OrganisationId,
    (attempt, session): (Attempt, &Session),
    now: i64,
) -> Result<(), Refused> {
    let attempt = Attempt { name: session.name.clone(), ..attempt };
    prove(store, counted_in, attempt, Some(session), SignedIn::Again(session.id), now).await
}

/// A session to be written for a browser.
///
/// # Errors
/// Where the system gives no randomness.
pub fn session(secret: &Shown, address: IpAddr, browser: &str) -> Result<NewSession, StoreError> {
    Ok(NewSession {
        id: SessionId::random()?,
        secret_hash: secret.hash(),
        address: address.to_string(),
        browser: browser.chars().filter(|c| !c.is_control()).take(BROWSER_CHARS).collect(),
    })
}

async fn prove(
    store: &Store,
    counted_in: OrganisationId,
    attempt: Attempt,
    whose: Option<&Session>,
    opens: SignedIn,
    now: i64,
) -> Result<(), Refused> {
    let Attempt { name, password, code, address, .. } = attempt;
    let keys = AttemptKeys::new(&name, address);
    if let Err(locked) = store.take_sign_in_attempt(counted_in, keys, now).await? {
        return Err(Refused::Locked { wait_secs: locked.wait_secs });
    }
    let proof = store
        .read(|read| read.sign_in_proof(&name))?
        .filter(|proof| whose.is_none_or(|session| session.administrator == proof.administrator.id));
    // Both are looked at whatever the other comes to, so that the time tells nothing.
    let fits = password::verify(password, proof.as_ref().map(|proof| proof.password.clone())).await?;
    let step = step(proof.as_ref(), &code, now);
    let who = proof.as_ref().map(|proof| (proof.organisation, proof.administrator.id));
    if let (true, Some(proof), Some(step)) = (fits, proof, step) {
        let proven = Proven {
            organisation: proof.organisation,
            administrator: proof.administrator.id,
            step: (step, proof.last_step),
            session: opens,
        };
        if store.sign_in_succeeded(counted_in, (proven, keys, address), now).await? {
            return Ok(());
        }
    }
    store.sign_in_failed(counted_in, (who, keys, address), now).await?;
    Err(Refused::Wrong)
}

fn step(proof: Option<&Proof>, code: &str, now: i64) -> Option<u64> {
    let (secret, last) = match proof {
        Some(proof) => (&proof.totp[..], Some(proof.last_step)),
        None => (&[0x5a; 20][..], None),
    };
    let secret = TotpSecret::new(secret, Algorithm::Sha1).ok()?;
    // People type the gap that apps show.
    let typed = Zeroizing::new(code.split_whitespace().collect::<String>());
    match judge(&secret, &Code::parse(&typed)?, last, now) {
        Verdict::Accepted { step } if proof.is_some() => Some(step),
        _ => None,
    }
}

/// The step of a code that confirms a new phone, which has used none yet.
#[must_use]
pub fn confirmed_step(secret: &[u8], code: &str, now: i64) -> Option<u64> {
    let secret = TotpSecret::new(secret, Algorithm::Sha1).ok()?;
    let typed = Zeroizing::new(code.split_whitespace().collect::<String>());
    match judge(&secret, &Code::parse(&typed)?, None, now) {
        Verdict::Accepted { step } => Some(step),
        _ => None,
    }
}
