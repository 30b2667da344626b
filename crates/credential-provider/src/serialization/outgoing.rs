//! What is handed to Windows after an allow.

use super::layout::{
    CHANGE_PASSWORD, FIRST_STRING, MESSAGE_CHANGE_PASSWORD, MESSAGE_LOGON, MESSAGE_UNLOCK, POINTER,
    UNICODE_STRING, UNLOCK_LOGON,
};
use zeroize::Zeroizing;

/// A text is longer than a UNICODE_STRING can say (65,534 bytes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLong;

/// What the package is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A new session, or credentials for an elevation.
    Logon,
    /// Back into a session that is there.
    Unlock,
}

/// Packs a KERB_INTERACTIVE_UNLOCK_LOGON. The logon id stays zero: Winlogon fills it in.
pub(crate) fn pack_logon(
    purpose: Purpose,
    domain: &[u16],
    user: &[u16],
    password: &[u16],
) -> Result<Zeroizing<Vec<u8>>, TooLong> {
    let message = match purpose {
        Purpose::Logon => MESSAGE_LOGON,
        Purpose::Unlock => MESSAGE_UNLOCK,
    };
    pack(message, UNLOCK_LOGON, &[domain, user, password])
}

/// Packs a KERB_CHANGEPASSWORD_REQUEST, not impersonating. For a local account `domain` is the computer's name.
pub(crate) fn pack_change_password(
    domain: &[u16],
    user: &[u16],
    old_password: &[u16],
    new_password: &[u16],
) -> Result<Zeroizing<Vec<u8>>, TooLong> {
    pack(MESSAGE_CHANGE_PASSWORD, CHANGE_PASSWORD, &[domain, user, old_password, new_password])
}

/// A message number, the texts' heads, zeros up to `header` bytes, then the texts themselves in order.
fn pack(message: u32, header: usize, texts: &[&[u16]]) -> Result<Zeroizing<Vec<u8>>, TooLong> {
    let total = header + texts.iter().map(|text| text.len() * 2).sum::<usize>();
    // Its final size at once: growth would leave copies of the password in freed memory.
    let mut bytes = Zeroizing::new(vec![0; total]);
    put(&mut bytes, 0, &message.to_le_bytes());
    let mut end = header;
    for (index, text) in texts.iter().enumerate() {
        let length = u16::try_from(text.len() * 2).map_err(|_| TooLong)?.to_le_bytes();
        let head = FIRST_STRING + index * UNICODE_STRING;
        put(&mut bytes, head, &length);
        put(&mut bytes, head + 2, &length);
        put(&mut bytes, head + POINTER, &end.to_le_bytes());
        for unit in *text {
            put(&mut bytes, end, &unit.to_le_bytes());
            end += 2;
        }
    }
    Ok(bytes)
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    for (target, source) in bytes.iter_mut().skip(at).zip(value) {
        *target = *source;
    }
}

#[cfg(test)]
mod tests {
    use super::{Purpose, TooLong, pack_change_password, pack_logon};

    fn wide(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn a_logon_byte_for_byte() {
        let packed =
            pack_logon(Purpose::Logon, &wide("HOST"), &wide("bat"), &wide("p\u{e4}ss")).expect("short");
        #[rustfmt::skip]
        let expected = [
            2, 0, 0, 0,  0, 0, 0, 0,
            8, 0, 8, 0,  0, 0, 0, 0,  64, 0, 0, 0, 0, 0, 0, 0,
            6, 0, 6, 0,  0, 0, 0, 0,  72, 0, 0, 0, 0, 0, 0, 0,
            8, 0, 8, 0,  0, 0, 0, 0,  78, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0,  0, 0, 0, 0,
            b'H', 0, b'O', 0, b'S', 0, b'T', 0,
            b'b', 0, b'a', 0, b't', 0,
            b'p', 0, 0xe4, 0, b's', 0, b's', 0,
        ];
        assert_eq!(packed.as_slice(), expected);
    }

    #[test]
    fn an_unlock_differs_in_its_number_only() {
        let [logon, unlock] = [Purpose::Logon, Purpose::Unlock]
            .map(|purpose| pack_logon(purpose, &wide("D"), &wide("u"), &[]).expect("short"));
        assert_eq!((logon[0], unlock[0]), (2, 7));
        assert_eq!(logon[1..], unlock[1..]);
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn a_change_of_password_byte_for_byte() {
        let packed =
            pack_change_password(&wide("H"), &wide("u"), &wide("old"), &wide("new!")).expect("short");
        #[rustfmt::skip]
        let expected = [
            7, 0, 0, 0,  0, 0, 0, 0,
            2, 0, 2, 0,  0, 0, 0, 0,  80, 0, 0, 0, 0, 0, 0, 0,
            2, 0, 2, 0,  0, 0, 0, 0,  82, 0, 0, 0, 0, 0, 0, 0,
            6, 0, 6, 0,  0, 0, 0, 0,  84, 0, 0, 0, 0, 0, 0, 0,
            8, 0, 8, 0,  0, 0, 0, 0,  90, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0,  0, 0, 0, 0,
            b'H', 0, b'u', 0, b'o', 0, b'l', 0, b'd', 0, b'n', 0, b'e', 0, b'w', 0, b'!', 0,
        ];
        assert_eq!(packed.as_slice(), expected);
    }

    #[test]
    fn what_is_too_long_is_refused() {
        assert_eq!(pack_logon(Purpose::Logon, &[], &[], &[0x41; 32_768]).map(|b| b.len()), Err(TooLong));
        assert!(pack_logon(Purpose::Logon, &[], &[], &[0x41; 32_767]).is_ok());
    }
}
