//! Whether a form was sent from a page of this server. A browser says so itself: `Sec-Fetch-Site`, or
//! on older ones `Origin`. One of the two must be there; neither can be set by a foreign page.

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether the request comes from one of our own pages.
pub(super) fn is_same(headers: &HeaderMap) -> bool {
    if headers.contains_key("sec-fetch-site") {
        return text(headers, "sec-fetch-site") == Some("same-origin");
    }
    let Some(origin) = text(headers, ORIGIN.as_str()) else { return false };
    let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    authority.is_some() && authority == text(headers, HOST.as_str())
}

/// Whether a page was asked for by a link on somebody else's page: the browser then keeps the cookie
/// to itself (`SameSite=Strict`).
pub(super) fn is_cross(headers: &HeaderMap) -> bool {
    matches!(text(headers, "sec-fetch-site"), Some("cross-site" | "same-site"))
        && text(headers, "sec-fetch-mode") == Some("navigate")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::is_same;
    use axum::http::{HeaderMap, HeaderName};

    #[test]
    fn a_foreign_page_cannot_send_forms() {
        let check = |given: &[(&'static str, &str)], expect: bool| {
            let mut headers = HeaderMap::new();
            for (name, value) in given {
                headers.insert(HeaderName::from_static(name), value.parse().unwrap());
            }
            assert_eq!(is_same(&headers), expect, "{given:?}");
        };
        check(&[], false);
        check(&[("sec-fetch-site", "same-origin")], true);
        for site in ["cross-site", "same-site", "none", "SAME-ORIGIN"] {
            check(&[("sec-fetch-site", site)], false);
        }
        check(&[("origin", "https://trasa.example"), ("host", "trasa.example")], true);
        check(&[("origin", "https://trasa.example:8443"), ("host", "trasa.example:8443")], true);
        check(&[("origin", "https://evil.example"), ("host", "trasa.example")], false);
        check(&[("origin", "null"), ("host", "trasa.example")], false);
        check(&[("origin", "https://trasa.example")], false);
        let both = [
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://trasa.example"),
            ("host", "trasa.example"),
        ];
        check(&both, false);
    }
}
