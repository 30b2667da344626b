//! The six letters and digits that name a logon at the tile.

/// Without 0, O, 1 and I, which people mix up when they read them out.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// From six random bytes. It is a name and no secret: two logons may have the same one.
#[must_use]
pub fn short_code(random: [u8; 6]) -> String {
    random.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32))).map(|c| char::from(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::{ALPHABET, short_code};

    #[test]
    fn six_characters_that_nobody_mixes_up() {
        assert_eq!(short_code([0, 1, 31, 32, 255, 7]), "23Z2Z9");
        assert!(ALPHABET.iter().all(|c| !b"01IO".contains(c)));
    }
}
