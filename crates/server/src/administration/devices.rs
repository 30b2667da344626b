//! Devices with the secret that is shown once.

use crate::audit::Actor;
use crate::names::Name;
use crate::random;
use crate::store::{DeviceId, OrganisationId, Store, StoreError};
use totp_rs::{Algorithm, Builder, Secret};
use zeroize::Zeroizing;

/// A new one-time code device. The secret is shown once.
pub struct NewTotp {
    /// Its id.
    pub id: DeviceId,
    /// Whose it is.
    pub username: String,
    /// The secret, as authenticator apps read it.
    pub secret: Otpauth,
}

impl std::fmt::Debug for NewTotp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewTotp").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A secret as authenticator apps read it.
pub struct Otpauth {
    /// Base32.
    pub text: Zeroizing<String>,
    /// The Google Authenticator key URI.
    pub uri: Zeroizing<String>,
}

impl std::fmt::Debug for Otpauth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Otpauth([REDACTED])")
    }
}

/// Gives a user, named by id, username or email address, a one-time code device.
///
/// # Errors
/// `not_found`.
pub async fn add_totp(
    store: &Store,
    organisation: OrganisationId,
    (user, name): (String, Name),
    actor: Actor,
    now: i64,
) -> Result<NewTotp, StoreError> {
    let secret = random::secret::<20>()?;
    let id = DeviceId::random()?;
    let bytes = Zeroizing::new(secret.to_vec());
    let user = store.add_totp(organisation, (user, id, name, bytes), actor, now).await?;
    Ok(NewTotp { id, secret: otpauth(&secret[..], &user.username)?, username: user.username })
}

/// How authenticator apps read a secret.
///
/// # Errors
/// `totp`: the secret is too short.
pub fn otpauth(secret: &[u8], account: &str) -> Result<Otpauth, StoreError> {
    let failed = |error: &dyn std::fmt::Display| StoreError::refused("totp", error.to_string());
    let secret = Secret::from(secret);
    let text = Zeroizing::new(secret.to_base32());
    let totp = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_secret(secret)
        .with_issuer(Some("TRASA".to_owned()))
        // A colon parts issuer and account in the URI.
        .with_account_name(account.replace(':', "_"))
        .build()
        .map_err(|error| failed(&error))?;
    let uri = Zeroizing::new(totp.to_url().map_err(|error| failed(&error))?);
    Ok(Otpauth { text, uri })
}
