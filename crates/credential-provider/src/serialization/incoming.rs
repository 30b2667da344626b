//! What a remote desktop client sent, as LogonUI hands it over. Every offset and length in it is hostile.

use super::layout::{
    FIRST_STRING, INTERACTIVE_LOGON, MESSAGE_LOGON, MESSAGE_UNLOCK, POINTER, UNICODE_STRING, UNLOCK_LOGON,
};
use zeroize::Zeroizing;

/// Largest buffer that is looked at: far more than three texts of any sensible length.
pub(crate) const MAX_BYTES: usize = 16 * 1024;
/// Longest user name, in UTF-16 units (CREDUI_MAX_USERNAME_LENGTH).
const MAX_USER_UNITS: usize = 513;
/// Longest domain name, in UTF-16 units (CREDUI_MAX_DOMAIN_TARGET_LENGTH).
const MAX_DOMAIN_UNITS: usize = 337;

/// Name and password that came with a connection.
pub(crate) struct Incoming {
    /// Empty where the user name is a user principal name.
    pub(crate) domain: String,
    /// Never empty.
    pub(crate) user: String,
    /// As it came: it may still be protected by CredProtectW.
    pub(crate) password: Zeroizing<Vec<u16>>,
}

/// Why a buffer is not taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// Nothing in it, or no user name.
    Empty,
    /// Another kind of credential: a smart card, a certificate, something of another provider's.
    OtherKind,
    /// It is said to be one, but its offsets, lengths or characters make no sense.
    Malformed,
}

/// Reads a KERB_INTERACTIVE_LOGON, or the KERB_INTERACTIVE_UNLOCK_LOGON that begins with one.
///
/// `address` is where `bytes` lie in memory: some senders leave pointers in place instead of offsets. Such a pointer
/// is good if it points into these very bytes; nothing else is ever followed.
pub(crate) fn parse(bytes: &[u8], address: usize) -> Result<Incoming, NotTaken> {
    if bytes.is_empty() {
        return Err(NotTaken::Empty);
    }
    if bytes.len() > MAX_BYTES {
        return Err(NotTaken::OtherKind);
    }
    let header = match number::<4>(bytes, 0).map(u32::from_le_bytes) {
        Some(MESSAGE_LOGON) => INTERACTIVE_LOGON,
        Some(MESSAGE_UNLOCK) => UNLOCK_LOGON,
        _ => return Err(NotTaken::OtherKind),
    };
    let text = |index| units(bytes, address, header, FIRST_STRING + index * UNICODE_STRING);
    let domain = name(&text(0)?, MAX_DOMAIN_UNITS)?;
    let user = name(&text(1)?, MAX_USER_UNITS)?;
    let password = text(2)?;
    if user.is_empty() {
        return Err(NotTaken::Empty);
    }
    Ok(Incoming { domain, user, password })
}

/// The characters of the UNICODE_STRING at `head`, without terminating zeros.
fn units(bytes: &[u8], address: usize, header: usize, head: usize) -> Result<Zeroizing<Vec<u16>>, NotTaken> {
    let length = number(bytes, head).map(u16::from_le_bytes).ok_or(NotTaken::Malformed)?;
    let buffer = number(bytes, head + POINTER).map(usize::from_le_bytes).ok_or(NotTaken::Malformed)?;
    if length == 0 {
        return Ok(Zeroizing::default());
    }
    let start = if buffer <= bytes.len() { Some(buffer) } else { buffer.checked_sub(address) };
    let start = start.filter(|start| *start >= header).ok_or(NotTaken::Malformed)?;
    let end = start.checked_add(usize::from(length)).ok_or(NotTaken::Malformed)?;
    let (pairs, rest) = bytes.get(start..end).ok_or(NotTaken::Malformed)?.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(NotTaken::Malformed);
    }
    let characters = pairs.iter().rposition(|pair| *pair != [0, 0]).map_or(0, |last| last + 1);
    let mut units = Zeroizing::new(Vec::with_capacity(characters));
    units.extend(pairs.iter().take(characters).map(|pair| u16::from_le_bytes(*pair)));
    if units.contains(&0) { Err(NotTaken::Malformed) } else { Ok(units) }
}

/// A name of at most `limit` units: whole characters, none of them a control character.
fn name(units: &[u16], limit: usize) -> Result<String, NotTaken> {
    let text = String::from_utf16(units).map_err(|_| NotTaken::Malformed)?;
    let good = units.len() <= limit && !text.contains(char::is_control);
    if good { Ok(text) } else { Err(NotTaken::Malformed) }
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::super::layout::{FIRST_STRING, INTERACTIVE_LOGON, POINTER, UNICODE_STRING};
    use super::super::outgoing::{Purpose, pack_logon};
    use super::{MAX_BYTES, NotTaken, parse};
    use proptest::prelude::*;

    const ADDRESS: usize = 0x0007_1234_5670;

    fn wide(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    fn packed(domain: &str, user: &str, password: &str) -> Vec<u8> {
        pack_logon(Purpose::Logon, &wide(domain), &wide(user), &wide(password)).expect("short").to_vec()
    }

    /// Writes into the head of text `index`, at byte `at` of it.
    fn poke(bytes: &mut [u8], index: usize, at: usize, value: &[u8]) {
        let start = FIRST_STRING + index * UNICODE_STRING + at;
        bytes[start..start + value.len()].copy_from_slice(value);
    }

    fn refusal(bytes: &[u8]) -> Option<NotTaken> {
        parse(bytes, ADDRESS).err()
    }

    #[test]
    fn what_was_packed_comes_out_again() {
        let incoming = parse(&packed("CORP", "bat", "p\u{e4}ss word"), ADDRESS).expect("good");
        assert_eq!((incoming.domain.as_str(), incoming.user.as_str()), ("CORP", "bat"));
        assert_eq!(incoming.password.as_slice(), wide("p\u{e4}ss word"));
        let upn = parse(&packed("", "bat@corp.example", ""), ADDRESS).expect("good");
        assert_eq!((upn.domain.as_str(), upn.password.len()), ("", 0));
    }

    #[test]
    fn pointers_into_the_buffer_itself_are_followed() {
        let mut bytes = packed("CORP", "bat", "pass");
        for index in 0..3 {
            let head = FIRST_STRING + index * UNICODE_STRING + POINTER;
            let offset = usize::from_le_bytes(*bytes[head..].first_chunk().expect("inside"));
            poke(&mut bytes, index, POINTER, &(ADDRESS + offset).to_le_bytes());
        }
        assert_eq!(parse(&bytes, ADDRESS).map(|i| i.user).ok().as_deref(), Some("bat"));
        assert_eq!(refusal(&bytes[..bytes.len() - 1]), Some(NotTaken::Malformed));
        assert_eq!(parse(&bytes, ADDRESS + 0x1_0000).err(), Some(NotTaken::Malformed));
    }

    #[test]
    fn other_kinds_are_left_alone() {
        assert_eq!(refusal(&[]), Some(NotTaken::Empty));
        assert_eq!(refusal(&packed("CORP", "", "pass")), Some(NotTaken::Empty));
        assert_eq!(refusal(&[2, 0, 0]), Some(NotTaken::OtherKind));
        let mut smart_card = packed("CORP", "bat", "pass");
        smart_card[0] = 6;
        assert_eq!(refusal(&smart_card), Some(NotTaken::OtherKind));
        assert_eq!(refusal(&vec![2; MAX_BYTES + 1]), Some(NotTaken::OtherKind));
    }

    #[test]
    fn senseless_heads_are_refused() {
        let good = packed("CORP", "bat", "pass");
        let cases: [(usize, usize, &[u8]); 7] = [
            (0, 0, &[7, 0]),                                      // half a character
            (1, 0, &[0xff, 0xff]),                                // longer than all there is
            (1, POINTER, &0usize.to_le_bytes()),                  // the head itself
            (1, POINTER, &(INTERACTIVE_LOGON - 1).to_le_bytes()), // still the head
            (2, POINTER, &good.len().to_le_bytes()),              // behind the end
            (2, POINTER, &usize::MAX.to_le_bytes()),              // wraps round
            (2, POINTER, &(ADDRESS - 2).to_le_bytes()),           // before the start
        ];
        for (index, at, value) in cases {
            let mut bytes = good.clone();
            poke(&mut bytes, index, at, value);
            assert_eq!(refusal(&bytes), Some(NotTaken::Malformed), "text {index}, byte {at}: {value:?}");
        }
    }

    #[test]
    fn names_with_control_characters_are_refused() {
        assert_eq!(refusal(&packed("CORP", "b\0at", "pass")), Some(NotTaken::Malformed));
        assert_eq!(refusal(&packed("CO\nRP", "bat", "pass")), Some(NotTaken::Malformed));
        assert_eq!(refusal(&packed("CORP", &"b".repeat(514), "pass")), Some(NotTaken::Malformed));
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), address: usize) {
            let _ = parse(&bytes, address);
        }

        #[test]
        fn any_damage_is_judged_without_a_panic(
            at in 0usize..90, value: u8, again in 0usize..90, other: u8, cut in 0usize..100, address: usize
        ) {
            let mut bytes = packed("CORP", "bat", "password");
            if let Some(byte) = bytes.get_mut(at) { *byte = value; }
            if let Some(byte) = bytes.get_mut(again) { *byte = other; }
            bytes.truncate(cut);
            if let Ok(incoming) = parse(&bytes, address) {
                prop_assert!(!incoming.user.is_empty());
            }
        }

        #[test]
        fn every_logon_survives_the_round_trip(domain in "[a-zA-Z0-9.]{0,30}", user in "\\PC{1,40}", password in "\\PC{0,60}") {
            prop_assume!(!user.contains(char::is_control) && !user.is_empty());
            let incoming = parse(&packed(&domain, &user, &password), ADDRESS).expect("well formed");
            prop_assert_eq!(incoming.domain, domain);
            prop_assert_eq!(incoming.user, user);
            prop_assert_eq!(incoming.password.as_slice(), wide(&password));
        }
    }
}
