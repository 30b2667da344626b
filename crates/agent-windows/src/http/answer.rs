//! The head of an answer, as WinHTTP hands it over: lines of text.

use agent::ports::AnswerHeaders;

/// Picks the headers that matter; one that came twice counts as absent.
pub(super) fn headers(raw: &str) -> AnswerHeaders {
    let lines: Vec<(&str, &str)> =
        raw.split("\r\n").skip(1).filter_map(|line| line.split_once(':')).collect();
    let only = |name: &str| {
        let mut values =
            lines.iter().filter(|(n, _)| n.trim().eq_ignore_ascii_case(name)).map(|(_, v)| v.trim());
        let first = values.next()?;
        values.next().is_none().then(|| first.to_owned())
    };
    AnswerHeaders {
        content_digest: only("content-digest"),
        signature_input: only("signature-input"),
        signature: only("signature"),
    }
}

#[cfg(test)]
mod tests {
    use super::headers;

    #[test]
    fn headers_that_come_once() {
        let raw = "HTTP/1.1 200 OK\r\nContent-Digest: sha-256=:AA==:\r\nSignature-Input: a\r\nsignature : b\r\n\
                   SIGNATURE-INPUT: c\r\nX: signature: no\r\n\r\n";
        let found = headers(raw);
        assert_eq!(found.content_digest.as_deref(), Some("sha-256=:AA==:"));
        assert_eq!(found.signature_input, None, "came twice");
        assert_eq!(found.signature.as_deref(), Some("b"));
    }
}
