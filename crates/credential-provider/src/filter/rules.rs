//! Which providers stay. Pure.

/// Whether each of `listed` stays beside `ours`: ours does, and what the administrator allowed.
///
/// Where ours is not in the list (its registration is gone, or a policy excludes it), all stay: hiding them would leave
/// nobody a way in, and whoever can take ours out of the list can take the filter away as well.
pub(super) fn stays(listed: &[u128], ours: u128, allowed: &[u128]) -> Vec<bool> {
    let ours_is_there = listed.contains(&ours);
    listed.iter().map(|class| !ours_is_there || *class == ours || allowed.contains(class)).collect()
}

/// Reads a class id as the registry writes it, braces or not.
pub(crate) fn parse_clsid(text: &str) -> Option<u128> {
    let text = text.trim();
    let bare = text.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(text);
    let lengths = bare.split('-').map(str::len);
    let digits: String = bare.split('-').collect();
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if lengths.eq([8, 4, 4, 4, 12]) && is_hex { u128::from_str_radix(&digits, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::{parse_clsid, stays};
    use proptest::prelude::*;

    const OURS: u128 = 1;

    #[test]
    fn unlisted_provider_is_hidden_in_every_scenario() {
        assert_eq!(stays(&[7, OURS, 8, 9], OURS, &[8]), [false, true, true, false]);
        assert_eq!(stays(&[OURS], OURS, &[]), [true]);
        assert_eq!(stays(&[], OURS, &[]), [false; 0]);
    }

    #[test]
    fn without_ours_nobody_is_locked_out() {
        assert_eq!(stays(&[7, 8], OURS, &[8]), [true, true]);
    }

    #[test]
    fn class_ids_are_read_as_the_registry_writes_them() {
        let password = 0x60b7_8e88_ead8_445c_9cfd_0b87_f74e_a6cd;
        for text in ["{60B78E88-EAD8-445C-9CFD-0B87F74EA6CD}", " 60b78e88-ead8-445c-9cfd-0b87f74ea6cd "] {
            assert_eq!(parse_clsid(text), Some(password), "{text}");
        }
        for text in [
            "",
            "{}",
            "60b78e88",
            "{60B78E88-EAD8-445C-9CFD-0B87F74EA6C}",
            "+0b78e88-ead8-445c-9cfd-0b87f74ea6cd",
        ] {
            assert_eq!(parse_clsid(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in ".{0,60}") {
            let _ = parse_clsid(&text);
        }
    }
}
