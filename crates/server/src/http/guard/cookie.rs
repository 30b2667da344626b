//! The session's cookie. `__Host-` binds it to this very host over TLS; only a server whose public
//! address is `http://localhost`, for trying things out, has to do without.

use crate::administrators::secret::Shown;
use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

const SECURE: &str = "__Host-trasa";
const LOCAL: &str = "trasa-local";

fn name(public_url: &str) -> &'static str {
    if public_url.starts_with("http://localhost") { LOCAL } else { SECURE }
}

fn attributes(public_url: &str) -> &'static str {
    if name(public_url) == LOCAL {
        "; Path=/; HttpOnly; SameSite=Strict"
    } else {
        "; Path=/; Secure; HttpOnly; SameSite=Strict"
    }
}

/// Sets the cookie; it ends with the browser, or with the session at the server.
#[must_use]
pub fn session_cookie(public_url: &str, secret: &Shown) -> Option<HeaderValue> {
    let text = format!("{}={}{}", name(public_url), *secret.to_text(), attributes(public_url));
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Takes the cookie away.
#[must_use]
pub fn clear_cookie(public_url: &str) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("{}={}; Max-Age=0", name(public_url), attributes(public_url))).ok()
}

/// What the browser shows. Of two cookies of the name neither counts: one of them is somebody else's.
pub(super) fn shown(public_url: &str, headers: &HeaderMap) -> Option<Shown> {
    let name = name(public_url);
    let mut found = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    let value = found.next()?;
    if found.next().is_some() { None } else { Shown::parse(value) }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{session_cookie, shown};
    use crate::administrators::secret::Shown;
    use axum::http::HeaderMap;

    #[test]
    fn only_the_one_cookie_of_the_right_name_counts() {
        let secret = Shown::random().unwrap();
        let text = secret.to_text();
        let check = |url: &str, cookies: &[String], expect: bool| {
            let mut headers = HeaderMap::new();
            for cookie in cookies {
                headers.append("cookie", cookie.parse().unwrap());
            }
            let found = shown(url, &headers).map(|found| found.hash());
            assert_eq!(found, expect.then(|| secret.hash()), "{cookies:?}");
        };
        let (secure, local) = (format!("__Host-trasa={}", *text), format!("trasa-local={}", *text));
        check("https://trasa.example", std::slice::from_ref(&secure), true);
        check("https://trasa.example", &[format!("a=b; {secure}")], true);
        check("https://trasa.example", std::slice::from_ref(&local), false);
        check("https://trasa.example", &[secure.clone(), secure.clone()], false);
        check("http://localhost:8080", &[local], true);
        check("http://localhost:8080", &[secure], false);
    }

    #[test]
    fn its_attributes() {
        let secret = Shown::random().unwrap();
        let cookie = session_cookie("https://trasa.example", &secret).unwrap();
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.starts_with("__Host-trasa="));
        assert!(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Strict"));
    }
}
