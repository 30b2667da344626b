//! A typed password, kept as Windows hands it over and wiped when it goes.

use zeroize::{Zeroize, ZeroizeOnDrop};

/// A password in UTF-16, exactly as typed: it may hold unpaired surrogates, and what is serialized
/// must be the very string that was checked.
///
/// The buffer never grows, so no copy is left behind in freed memory. There is no `Clone` and no
/// `Display`; `Debug` shows nothing, not even the length. What wiping does not cover: the copies
/// that LogonUI itself made, registers and the stack, and pages swapped out while it was in use.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Password {
    units: Vec<u16>,
}

/// The text is longer than any Windows password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("password is longer than {} UTF-16 units", Password::MAX_UNITS)]
pub struct PasswordTooLong;

impl Password {
    /// Longest password that is taken, in UTF-16 units (`PWLEN` of lmcons.h is 256).
    pub const MAX_UNITS: usize = 256;

    /// An empty password.
    #[must_use]
    pub fn empty() -> Self {
        Self { units: Vec::with_capacity(Self::MAX_UNITS) }
    }

    /// Copies `units`, without a terminating zero.
    ///
    /// # Errors
    /// [`PasswordTooLong`] beyond [`Self::MAX_UNITS`].
    pub fn from_utf16(units: &[u16]) -> Result<Self, PasswordTooLong> {
        if units.len() > Self::MAX_UNITS {
            return Err(PasswordTooLong);
        }
        let mut password = Self::empty();
        password.units.extend_from_slice(units);
        Ok(password)
    }

    /// Copies `text`.
    ///
    /// # Errors
    /// [`PasswordTooLong`] beyond [`Self::MAX_UNITS`].
    pub fn from_text(text: &str) -> Result<Self, PasswordTooLong> {
        let mut password = Self::empty();
        for unit in text.encode_utf16() {
            if password.units.len() == Self::MAX_UNITS {
                return Err(PasswordTooLong);
            }
            password.units.push(unit);
        }
        Ok(password)
    }

    /// The characters, without a terminating zero.
    #[must_use]
    pub fn as_utf16(&self) -> &[u16] {
        &self.units
    }

    /// Whether nothing was typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// A second copy, for a worker thread. Said aloud on purpose: each copy must be wiped.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        let mut copy = Self::empty();
        copy.units.extend_from_slice(&self.units);
        copy
    }

    /// Whether both are the same text. Not constant in time: both sides were typed by one person.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.units == other.units
    }

    /// Overwrites the characters and leaves an empty password.
    pub fn wipe(&mut self) {
        self.units.zeroize();
    }
}

impl Default for Password {
    fn default() -> Self {
        Self::empty()
    }
}

impl core::fmt::Debug for Password {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("[REDACTED]")
    }
}

#[cfg(test)]
mod tests {
    use super::Password;

    #[test]
    fn buffer_never_moves_and_is_wiped() {
        let mut password = Password::from_text("correct horse").expect("short");
        let before = password.as_utf16().as_ptr();
        assert_eq!(format!("{password:?}"), "[REDACTED]");
        password.wipe();
        assert!(password.is_empty());
        assert_eq!(password.as_utf16().as_ptr(), before);
        assert!(Password::from_utf16(&[0x41; 257]).is_err());
        assert!(Password::from_text(&"x".repeat(257)).is_err());
    }
}
