//! A browser over the router in this process: cookie, hidden fields, redirects that are not followed.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use server::administrators::Role;
use server::administrators::link::NewLink;
use server::app::App;
use server::audit::{Actor, Row};
use server::http::peer::Peer;
use server::init::{Plan, init};
use server::sealing::{KeyText, Sealer};
use server::store::{OrganisationId, Store, Use};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use tower::ServiceExt as _;

pub const ORGANISATION: OrganisationId = OrganisationId::DEFAULT;
pub const PASSWORD: &str = "four words that differ";

pub fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

pub struct World {
    _folder: TempDir,
    pub app: Arc<App>,
    pub router: Router,
    pub owner_link: String,
}

impl World {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let plan = Plan {
            hosts: vec!["localhost".to_owned()],
            public_url: "https://trasa.example".to_owned(),
            addresses: vec![],
            recovery_out: folder.path().join("recovery.key"),
        };
        let data = folder.path().join("data");
        let made = init(&data, &plan, Actor::Server, now()).await.unwrap();
        let sealer = Sealer::new(&KeyText::load(&data).unwrap()).unwrap();
        let store = Store::open(&data, sealer, Use::Server).unwrap();
        let app = Arc::new(App::new(store, ORGANISATION).unwrap());
        let router = server::http::router(Arc::clone(&app));
        let owner_link = made.owner_link.as_str().strip_prefix("https://trasa.example").unwrap().to_owned();
        Self { _folder: folder, app, router, owner_link }
    }

    pub fn store(&self) -> &Store {
        &self.app.store
    }

    pub fn browser(&self) -> Browser {
        Browser { router: self.router.clone(), cookie: None, address: "192.0.2.1".to_owned() }
    }

    /// Somebody who came by a link, signed in.
    pub async fn administrator(&self, name: &str, role: Role) -> Browser {
        self.administrator_of(ORGANISATION, name, role).await
    }

    pub async fn administrator_of(&self, organisation: OrganisationId, name: &str, role: Role) -> Browser {
        let link = NewLink::invite(role, None, now() + 60).unwrap();
        let path = link.url("").as_str().to_owned();
        self.store().invite_administrator(organisation, link, Actor::Server, now()).await.unwrap();
        let mut browser = self.browser();
        browser.welcome(&path, name).await;
        browser
    }

    /// A second organisation beside the default one.
    pub async fn second_organisation(&self) -> OrganisationId {
        self.store()
            .write(|write| {
                write.execute(
                    "INSERT INTO organisations (organisation_id, name, created) VALUES (2, 'second', 0)",
                    [],
                )?;
                Ok(OrganisationId(2))
            })
            .await
            .unwrap()
    }

    pub async fn audit(&self) -> Vec<Row> {
        self.store().scan(|read| read.audit_rows(ORGANISATION, 0, i64::MAX, usize::MAX)).await.unwrap()
    }
}

pub struct Browser {
    router: Router,
    pub cookie: Option<String>,
    pub address: String,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn location(&self) -> &str {
        self.headers.get("location").map_or("", |value| value.to_str().unwrap())
    }
}

/// The first value of a hidden field.
pub fn hidden(page: &str, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let start = page.find(&mark).unwrap_or_else(|| panic!("no field {name}: {page}")) + mark.len();
    page[start..].split('"').next().unwrap().to_owned()
}

/// The code of a secret as the page shows it, a step ahead or so.
pub fn code(base32: &str, steps: i64) -> String {
    let secret = totp_rs::Secret::try_from_base32(base32).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    totp.generate(u64::try_from(now() + steps * 30).unwrap()).to_string()
}

/// The secret that a welcome page shows.
pub fn shown_secret(page: &str) -> String {
    let start = page.find("<code class=\"wrap\">").unwrap() + 19;
    page[start..].split('<').next().unwrap().replace(' ', "")
}

impl Browser {
    pub async fn send(&mut self, request: Request<Body>) -> Answer {
        let mut request = request;
        request.extensions_mut().insert(Peer(self.address.parse().unwrap()));
        if let Some(cookie) = &self.cookie {
            request.headers_mut().insert("cookie", cookie.parse().unwrap());
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        if let Some(cookie) = parts.headers.get("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let pair = cookie.split(';').next().unwrap();
            self.cookie = (!cookie.contains("Max-Age=0")).then(|| pair.to_owned());
        }
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// A form as a browser sends it from the page of `page`, its token included.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = match &self.cookie {
            Some(_) => hidden(&self.get("/account").await.text, "csrf"),
            None => String::new(),
        };
        let mut fields = fields.to_vec();
        fields.push(("csrf", &token));
        self.post_as_is(path, &fields, &[("sec-fetch-site", "same-origin")]).await
    }

    pub async fn post_as_is(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = Request::builder().method(Method::POST).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Opens a link and finishes its form; the secret of the new phone.
    pub async fn welcome(&mut self, path: &str, name: &str) -> String {
        let page = self.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        let secret = shown_secret(&page.text);
        // A step back, so that the code of now is still to be used.
        let code = code(&secret, -1);
        let fields = [("name", name), ("password", PASSWORD), ("repeated", PASSWORD), ("code", &code)];
        let answer = self.post_as_is(path, &fields, &[("sec-fetch-site", "same-origin")]).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/"), "{}", answer.text);
        secret
    }

    pub async fn sign_in(&mut self, name: &str, password: &str, code: &str) -> Answer {
        self.post_as_is(
            "/sign-in",
            &[("name", name), ("password", password), ("code", code), ("then", "/account")],
            &[("sec-fetch-site", "same-origin")],
        )
        .await
    }
}
