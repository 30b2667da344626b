//! A browser over the router in this process: cookie, hidden fields, redirects that are not followed.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use server::administration::policies;
use server::administration::services::add;
use server::administrators::Role;
use server::administrators::link::NewLink;
use server::app::App;
use server::audit::{Actor, Row};
use server::http::peer::Peer;
use server::init::{Plan, init};
use server::names::Name;
use server::sealing::{KeyText, Sealer};
use server::store::GroupId;
use server::store::groups::Kind;
use server::store::ids::{MachineId, ServiceId};
use server::store::policies::PolicyText;
use server::store::{OrganisationId, Store, Use, UserId};
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

    /// Serves an installer from here on.
    pub fn offer(&mut self, installer: &std::path::Path) {
        let app = App::new(self.store().clone(), ORGANISATION).unwrap();
        self.app = Arc::new(app.with_installer(Some(installer.to_owned())));
        self.router = server::http::router(Arc::clone(&self.app));
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

    /// A service; its ServiceID.
    pub async fn service(&self, name: &str) -> String {
        let name = Name::parse("name", name).unwrap();
        add(self.store(), ORGANISATION, name, Actor::Server, now()).await.unwrap().id.to_string()
    }

    /// A user; its id.
    pub async fn user(&self, name: &str) -> String {
        let id = UserId::random().unwrap();
        let email = Name::parse_email(&format!("{name}@acme.example")).unwrap();
        let user = (id, Name::parse("username", name).unwrap(), email);
        self.store().add_user(ORGANISATION, user, Actor::Server, now()).await.unwrap();
        id.to_string()
    }

    /// A policy that allows everything; its id.
    pub async fn policy(&self, name: &str) -> String {
        let named = (Name::parse("name", name).unwrap(), PolicyText::default());
        let id = policies::add(self.store(), ORGANISATION, named, Actor::Server, now()).await.unwrap();
        id.to_string()
    }

    /// A group of users; its id.
    pub async fn group(&self, name: &str) -> String {
        let id = GroupId::random().unwrap();
        let group = (id, Kind::User, Name::parse("name", name).unwrap());
        self.store().add_group(ORGANISATION, group, Actor::Server, now()).await.unwrap();
        id.to_string()
    }

    /// A machine as if it had been admitted; its id.
    pub async fn machine(&self, service: &str, name: &str, state: &str) -> String {
        let id: [u8; 16] = server::random::identifier().unwrap();
        let service = ServiceId::parse(service).unwrap();
        let (name, state) = (name.to_owned(), state.to_owned());
        let mut key = vec![4; 65];
        key[1..17].copy_from_slice(&id);
        self.store()
            .write(move |write| {
                write.execute(
                    "INSERT INTO machines (organisation_id, id, service_id, public_key, name, host, state, state_since,
                        admitted_by, admitted, last_seen, last_address, versions)
                     VALUES (1, ?1, ?2, ?3, ?4, ?4, ?5, ?6, 'key:1', ?6, ?6, '192.0.2.50', '{\"agent\":\"0.1.0\"}')",
                    (id, service.0.0, key, name, state, now()),
                )?;
                Ok(())
            })
            .await
            .unwrap();
        MachineId::new(id).to_string()
    }

    /// A refused logon at a machine; its short code.
    pub async fn logon(&self, machine: &str, reason: &str) -> String {
        let machine = MachineId::parse(machine).unwrap();
        let id: [u8; 16] = server::random::identifier().unwrap();
        let code = server::logon::short_code(server::random::bytes().unwrap());
        let (reason, shown) = (reason.to_owned(), code.clone());
        self.store()
            .write(move |write| {
                write.execute(
                    "INSERT INTO logons (organisation_id, machine_id, id, body_hash, service_id, account, method, result,
                        reason, parameters, facts, answer, short_code, begun, decided)
                     SELECT 1, id, ?2, zeroblob(32), service_id, 'ACME\\anna', 'totp', 'deny', ?3, '{}',
                        '{\"source\":\"192.0.2.50\",\"user_enabled\":true}', '{}', ?4, ?5, ?5
                     FROM machines WHERE id = ?1",
                    (machine.0.0, id, reason, shown, now()),
                )?;
                Ok(())
            })
            .await
            .unwrap();
        code
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
