//! A one-time code secret as authenticator apps read it: QR code, link and text.

use super::PageError;
use fast_qr::QRBuilder;
use fast_qr::convert::svg::SvgBuilder;
use totp_rs::{Algorithm, Builder, Secret};
use zeroize::Zeroizing;

/// The secret, shown.
pub(super) struct Enrolment {
    /// An inline SVG.
    pub svg: Zeroizing<String>,
    /// Base32, in groups of four.
    pub text: Zeroizing<String>,
    /// The Google Authenticator key URI, for the phone that shows the page itself.
    pub uri: Zeroizing<String>,
}

/// For a secret and who it is for.
pub(super) fn enrolment(secret: &[u8], account: &str) -> Result<Enrolment, PageError> {
    let failed = |error: &dyn std::fmt::Display| PageError::Invalid(error.to_string());
    let secret = Secret::from(secret);
    let base32 = Zeroizing::new(secret.to_base32());
    let totp = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_secret(secret)
        .with_issuer(Some("TRASA".to_owned()))
        // A colon parts issuer and account in the URI.
        .with_account_name(account.replace(':', "_"))
        .build()
        .map_err(|error| failed(&error))?;
    let uri = Zeroizing::new(totp.to_url().map_err(|error| failed(&error))?);
    let code = QRBuilder::new(uri.as_str()).build().map_err(|error| failed(&error))?;
    let mut text = Zeroizing::new(String::with_capacity(base32.len() * 2));
    for (index, letter) in base32.chars().enumerate() {
        if index > 0 && index % 4 == 0 {
            text.push(' ');
        }
        text.push(letter);
    }
    Ok(Enrolment { svg: Zeroizing::new(SvgBuilder::default().to_str(&code)), text, uri })
}
