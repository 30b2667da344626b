//! Passwords of administrators: which may be chosen, and how they are kept (Argon2id, RFC 9106).

use crate::random;
use crate::store::StoreError;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Fewest characters.
pub const MIN_CHARS: usize = 12;
/// Most bytes; more would only be work.
pub const MAX_BYTES: usize = 1024;

/// Memory in KiB, passes, lanes: what OWASP's cheat sheet names for Argon2id.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// Hashes computed at once, so that a flood of sign-ins costs waiting and not memory.
static PLACES: Semaphore = Semaphore::const_new(4);

/// Why a password cannot be chosen. Nobody is asked for signs and digits: length is what counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// Fewer than [`MIN_CHARS`].
    #[error("the password is shorter than {MIN_CHARS} characters")]
    Short,
    /// More than [`MAX_BYTES`].
    #[error("the password is longer than {MAX_BYTES} bytes")]
    Long,
    /// The name, or a few characters again and again.
    #[error("the password is too easy to guess: it is the name, or the same characters again and again")]
    Guessable,
}

/// Whether a password may be chosen.
///
/// # Errors
/// [`PasswordError`].
pub fn check(password: &str, name: &str) -> Result<(), PasswordError> {
    if password.chars().count() < MIN_CHARS {
        return Err(PasswordError::Short);
    }
    if password.len() > MAX_BYTES {
        return Err(PasswordError::Long);
    }
    let folded = password.to_lowercase();
    let distinct = folded.chars().collect::<std::collections::BTreeSet<_>>().len();
    if distinct < 5 || folded == name.to_lowercase() || folded.starts_with("trasa") && folded.len() < 16 {
        return Err(PasswordError::Guessable);
    }
    Ok(())
}

/// Hashes a password; the text names the algorithm and its cost (PHC string).
///
/// # Errors
/// [`StoreError::Unavailable`] without memory or randomness.
pub async fn hash(password: Zeroizing<String>) -> Result<Zeroizing<String>, StoreError> {
    let salt = random::bytes::<16>()?;
    on_a_thread(move || {
        let hash = argon2()?.hash_password_with_salt(password.as_bytes(), &salt).map_err(failed)?;
        Ok(Zeroizing::new(hash.to_string()))
    })
    .await
}

/// Compares a password; without a hash it takes the same time and is never right.
///
/// # Errors
/// [`StoreError::Unavailable`] without memory.
pub async fn verify(
    password: Zeroizing<String>,
    hash: Option<Zeroizing<String>>,
) -> Result<bool, StoreError> {
    on_a_thread(move || {
        let password = password.as_bytes().get(..MAX_BYTES).unwrap_or(password.as_bytes());
        let Some(hash) = hash else {
            let spent = argon2()?.hash_password_with_salt(password, &[0x5a; 16]).map_err(failed)?;
            std::hint::black_box(spent);
            return Ok(false);
        };
        Ok(argon2()?.verify_password(password, hash.as_str()).is_ok())
    })
    .await
}

fn argon2() -> Result<Argon2<'static>, StoreError> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    // The semaphore is never closed.
    let _place = PLACES.acquire().await;
    tokio::task::spawn_blocking(work).await.map_err(failed)?
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(format!("a password could not be hashed: {error}"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{PasswordError, check, hash, verify};
    use zeroize::Zeroizing;

    fn text(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[test]
    fn which_passwords_may_be_chosen() {
        let table = [
            ("correct horse battery", Ok(())),
            ("elevenchars", Err(PasswordError::Short)),
            ("äöüäöüäöüäöü", Err(PasswordError::Guessable)),
            ("aaaaaaaaaaaa", Err(PasswordError::Guessable)),
            ("anna@acme.example", Err(PasswordError::Guessable)),
            ("ANNA@acme.example", Err(PasswordError::Guessable)),
            ("trasatrasa12", Err(PasswordError::Guessable)),
        ];
        for (password, expect) in table {
            assert_eq!(check(password, "anna@acme.example"), expect, "{password}");
        }
        assert_eq!(check(&"abcdefgh".repeat(200), "anna"), Err(PasswordError::Long));
    }

    #[tokio::test]
    async fn only_the_password_fits_its_hash() {
        let kept = hash(text("correct horse battery")).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", *kept);
        assert!(verify(text("correct horse battery"), Some(kept.clone())).await.unwrap());
        assert!(!verify(text("correct horse batterz"), Some(kept)).await.unwrap());
        assert!(!verify(text("correct horse battery"), None).await.unwrap());
        assert!(!verify(text("correct horse battery"), Some(text("nonsense"))).await.unwrap());
    }
}
