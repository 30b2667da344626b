//! Random bytes of the operating system, by aws-lc-rs.

use zeroize::Zeroizing;

/// The operating system gave no random bytes. Nothing can be done safely without them.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness;

/// `N` random bytes that are no secret, such as an identifier.
///
/// # Errors
/// [`NoRandomness`].
pub fn bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// A new identifier whose text does not begin with a hyphen: people paste ids into command lines,
/// where it would be taken for an option.
///
/// # Errors
/// [`NoRandomness`].
pub fn identifier() -> Result<[u8; 16], NoRandomness> {
    loop {
        let id = bytes::<16>()?;
        if !protocol::encoding::encode(&id).starts_with('-') {
            return Ok(id);
        }
    }
}

/// `N` random bytes that are a secret.
///
/// # Errors
/// [`NoRandomness`].
pub fn secret<const N: usize>() -> Result<Zeroizing<[u8; N]>, NoRandomness> {
    let mut bytes = Zeroizing::new([0; N]);
    aws_lc_rs::rand::fill(&mut bytes[..]).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::identifier;

    #[test]
    fn no_identifier_looks_like_an_option() {
        for _ in 0..2000 {
            let id = identifier().map(|id| protocol::encoding::encode(&id));
            assert!(id.is_ok_and(|id| !id.starts_with('-')));
        }
    }
}
