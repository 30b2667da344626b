//! Lines from standard input, one at a time, for a conversation.

use std::io::Read;
use zeroize::Zeroizing;

/// Longest line that is taken, in bytes; a Windows password has 256 characters at most.
pub const MAX_LINE_BYTES: usize = 1024;

/// Reads one line, without its end, byte by byte: what comes after it is not read ahead into a buffer
/// that nobody wipes. `None` at the end of the input, for a line that is too long, and for one that is
/// not UTF-8.
pub fn line(input: &mut dyn Read) -> Option<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_LINE_BYTES));
    let mut byte = Zeroizing::new([0u8]);
    loop {
        match input.read(&mut *byte) {
            Ok(0) if bytes.is_empty() => return None,
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) if bytes.len() == MAX_LINE_BYTES => return None,
            Ok(_) => bytes.push(byte[0]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    let text = core::str::from_utf8(&bytes).ok()?;
    Some(Zeroizing::new(without_its_end(text).to_owned()))
}

/// Without a carriage return, and without what Windows' own programs like to put before a text.
#[must_use]
pub fn without_its_end(line: &str) -> &str {
    let line = line.strip_prefix('\u{feff}').unwrap_or(line);
    line.trim_end_matches(['\r', '\n'])
}

#[cfg(test)]
mod tests {
    use super::{MAX_LINE_BYTES, line};

    #[test]
    fn line_by_line() {
        let mut input = "\u{feff}bat\r\n s\u{e9}cret \n\n287082".as_bytes();
        let mut next = || line(&mut input).map(|line| line.to_string());
        assert_eq!(next().as_deref(), Some("bat"));
        assert_eq!(next().as_deref(), Some(" s\u{e9}cret "), "a password may begin and end with a space");
        assert_eq!(next().as_deref(), Some(""));
        assert_eq!(next().as_deref(), Some("287082"));
        assert_eq!(next(), None);
    }

    #[test]
    fn too_long_or_no_text_is_no_line() {
        let whole = vec![b'a'; MAX_LINE_BYTES];
        assert!(line(&mut whole.as_slice()).is_some());
        let long = vec![b'a'; MAX_LINE_BYTES + 1];
        assert!(line(&mut long.as_slice()).is_none());
        assert!(line(&mut &b"\xff\xfe\n"[..]).is_none());
    }
}
