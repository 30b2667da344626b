//! KERB_INTERACTIVE_LOGON, KERB_INTERACTIVE_UNLOCK_LOGON and KERB_CHANGEPASSWORD_REQUEST as bytes (64-bit layout).
//!
//! All three begin with a message type, then UNICODE_STRINGs (length and maximum in bytes, four bytes of padding, buffer) and
//! keep their texts behind. In a serialization the buffers are offsets from the beginning; in memory they are addresses.

use thiserror::Error;
use zeroize::Zeroizing;

const INTERACTIVE_LOGON: u32 = 2;
const WORKSTATION_UNLOCK_LOGON: u32 = 7;
/// Of another enumeration, hence the same number.
const CHANGE_PASSWORD_MESSAGE: u32 = 7;
const INTERACTIVE_BYTES: usize = 56;
const UNLOCK_BYTES: usize = 64;
const CHANGE_BYTES: usize = 80;
const STRING_BYTES: usize = 16;
const FIRST_STRING: usize = 8;

/// What a provider serialized.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// KerbInteractiveLogon.
    Logon,
    /// KerbWorkstationUnlockLogon.
    Unlock,
    /// KerbChangePasswordMessage.
    ChangePassword,
}

impl Kind {
    /// The word of the output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Logon => "logon",
            Self::Unlock => "unlock",
            Self::ChangePassword => "change-password",
        }
    }
}

/// The texts of a buffer. No Debug: two of them are passwords.
pub struct Unpacked {
    /// Which structure it was.
    pub kind: Kind,
    /// Logon domain.
    pub domain: String,
    /// User name.
    pub user: String,
    /// Password; the old one of a change.
    pub password: Zeroizing<String>,
    /// The new password of a change.
    pub new_password: Option<Zeroizing<String>>,
}

/// Why a buffer cannot be unpacked.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum KerbError {
    /// Fewer bytes than the structure has.
    #[error("{0} bytes are too few")]
    Short(usize),
    /// Not one of the three structures.
    #[error("message type {0} is not known")]
    MessageType(u32),
    /// A string lies outside the buffer, inside the structure, or has an odd length.
    #[error("string {0} does not lie in the buffer")]
    String(usize),
}

/// Takes a serialization apart; buffers are offsets.
///
/// # Errors
/// [`KerbError`].
pub fn unpack(bytes: &[u8]) -> Result<Unpacked, KerbError> {
    let message =
        bytes.first_chunk::<4>().map(|it| u32::from_le_bytes(*it)).ok_or(KerbError::Short(bytes.len()))?;
    if bytes.len() < INTERACTIVE_BYTES {
        return Err(KerbError::Short(bytes.len()));
    }
    let kind = match message {
        INTERACTIVE_LOGON => Kind::Logon,
        // The fourth string of a change stands where an unlock has its logon id, which is zero.
        CHANGE_PASSWORD_MESSAGE if bytes.len() >= CHANGE_BYTES && bytes[56..64] != [0; 8] => {
            Kind::ChangePassword
        }
        WORKSTATION_UNLOCK_LOGON => Kind::Unlock,
        other => return Err(KerbError::MessageType(other)),
    };
    let new_password = (kind == Kind::ChangePassword).then(|| string(bytes, 3, CHANGE_BYTES)).transpose()?;
    let behind = if kind == Kind::ChangePassword { CHANGE_BYTES } else { INTERACTIVE_BYTES };
    Ok(Unpacked {
        kind,
        domain: (*string(bytes, 0, behind)?).clone(),
        user: (*string(bytes, 1, behind)?).clone(),
        password: string(bytes, 2, behind)?,
        new_password,
    })
}

fn string(bytes: &[u8], index: usize, behind: usize) -> Result<Zeroizing<String>, KerbError> {
    let error = KerbError::String(index);
    let at = FIRST_STRING + index * STRING_BYTES;
    let entry = bytes.get(at..at + STRING_BYTES).ok_or(KerbError::Short(bytes.len()))?;
    let length = usize::from(u16::from_le_bytes([entry[0], entry[1]]));
    if length == 0 {
        return Ok(Zeroizing::new(String::new()));
    }
    let mut offset = [0; 8];
    offset.copy_from_slice(&entry[8..]);
    let start = usize::try_from(u64::from_le_bytes(offset)).map_err(|_| KerbError::String(index))?;
    let Some(text) = start.checked_add(length).and_then(|end| bytes.get(start..end)) else {
        return Err(error);
    };
    if length % 2 != 0 || start < behind {
        return Err(error);
    }
    let units: Zeroizing<Vec<u16>> =
        Zeroizing::new(text.chunks_exact(2).map(|it| u16::from_le_bytes([it[0], it[1]])).collect());
    Ok(Zeroizing::new(String::from_utf16_lossy(&units)))
}

/// A KERB_INTERACTIVE_UNLOCK_LOGON of type KerbInteractiveLogon, as network-level authentication hands it over; buffers are offsets.
pub fn pack(domain: &str, user: &str, password: &str) -> Zeroizing<Vec<u8>> {
    let texts =
        [domain, user, password].map(|text| Zeroizing::new(text.encode_utf16().collect::<Vec<u16>>()));
    let total = UNLOCK_BYTES + texts.iter().map(|it| it.len() * 2).sum::<usize>();
    let mut bytes = Zeroizing::new(Vec::with_capacity(total));
    bytes.extend_from_slice(&INTERACTIVE_LOGON.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    let mut at = UNLOCK_BYTES as u64;
    for text in &texts {
        let length = u16::try_from(text.len() * 2).unwrap_or(u16::MAX - 1);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&at.to_le_bytes());
        at += u64::from(length);
    }
    bytes.extend_from_slice(&[0; 8]);
    for text in &texts {
        for unit in text.iter() {
            bytes.extend_from_slice(&unit.to_le_bytes());
        }
    }
    bytes
}

/// Turns the offsets of a packed logon into addresses; the structure lies at `base`. Too few bytes stay as they are.
pub fn make_absolute(bytes: &mut [u8], base: u64) {
    for index in 0..3 {
        let at = FIRST_STRING + index * STRING_BYTES + 8;
        if let Some(place) = bytes.get_mut(at..).and_then(|it| it.first_chunk_mut::<8>()) {
            *place = u64::from_le_bytes(*place).wrapping_add(base).to_le_bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_unpacks() -> Result<(), KerbError> {
        let bytes = pack("CORP", "änna", "p\u{1F511}");
        let back = unpack(&bytes)?;
        assert_eq!(
            (back.domain.as_str(), back.user.as_str(), back.password.as_str()),
            ("CORP", "änna", "p\u{1F511}")
        );
        assert_eq!(back.kind, Kind::Logon);
        Ok(())
    }

    #[test]
    fn an_unlock_without_texts_behind() -> Result<(), KerbError> {
        let mut bytes = pack("", "", "");
        bytes[0] = 7;
        assert_eq!(unpack(&bytes)?.kind, Kind::Unlock);
        Ok(())
    }

    #[test]
    fn a_password_change() -> Result<(), KerbError> {
        let mut bytes = vec![0; CHANGE_BYTES];
        bytes[0] = 7;
        for (index, text) in ["D", "u", "old", "newer"].iter().enumerate() {
            let at = FIRST_STRING + index * STRING_BYTES;
            let length = u8::try_from(text.len() * 2).unwrap_or(0);
            bytes[at] = length;
            bytes[at + 2] = length;
            bytes[at + 8] = u8::try_from(bytes.len()).unwrap_or(0);
            bytes.extend(text.bytes().flat_map(|byte| [byte, 0]));
        }
        let back = unpack(&bytes)?;
        assert_eq!(back.kind, Kind::ChangePassword);
        assert_eq!(back.new_password.as_ref().map(|it| it.as_str()), Some("newer"));
        Ok(())
    }

    #[test]
    fn hostile_buffers_are_refused() {
        let good = pack("CORP", "anna", "secret");
        for length in 0..good.len() {
            assert!(unpack(&good[..length]).is_err(), "{length}");
        }
        for (at, value) in [(0, 99), (8, 3), (8, 255), (16, 4), (23, 255)] {
            let mut bad = good.clone();
            bad[at] = value;
            assert!(unpack(&bad).is_err(), "{at} {value}");
        }
        let mut absolute = good.clone();
        make_absolute(&mut absolute, 1 << 40);
        assert!(unpack(&absolute).is_err());
        make_absolute(&mut absolute, (1_u64 << 40).wrapping_neg());
        assert_eq!(absolute, good);
        make_absolute(&mut [], 1);
    }
}
