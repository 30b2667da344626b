//! A one-time code secret as authenticator apps read it: QR code, link and text.

use super::PageError;
use crate::administration::devices::{Otpauth, otpauth};
use fast_qr::QRBuilder;
use fast_qr::convert::svg::SvgBuilder;
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
    drawn(otpauth(secret, account)?)
}

/// For a secret that authenticator apps can read already.
pub(super) fn drawn(Otpauth { text: base32, uri }: Otpauth) -> Result<Enrolment, PageError> {
    let failed = |error: &dyn std::fmt::Display| PageError::Invalid(error.to_string());
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
