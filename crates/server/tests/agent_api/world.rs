//! A server over a fresh folder, with what administrators would have made in it.

use axum::Router;
use decision::account::Pattern;
use protocol::encoding::Bytes;
use protocol::id::ServiceId;
use protocol::service_key::AdmissionSecret;
use server::app::App;
use server::audit::{Actor, Row};
use server::init::{Plan, init};
use server::names::Name;
use server::sealing::{KeyText, Sealer};
use server::store::accesses::{Grant, Where, Whom};
use server::store::policies::PolicyText;
use server::store::services::{NewService, NewToken};
use server::store::{AccessId, DeviceId, OrganisationId, PolicyId, Store, Use, UserId};
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

use crate::client::{Machine, Newcomer, now, random};

pub const ORGANISATION: OrganisationId = OrganisationId::DEFAULT;

pub struct World {
    pub folder: TempDir,
    pub app: Arc<App>,
    pub router: Router,
}

/// A service with the key that is shown once.
#[derive(Debug, Clone)]
pub struct Service {
    pub id: ServiceId,
    pub name: String,
    pub key: String,
}

/// A one-time code device in a person's hand.
#[derive(Debug, Clone)]
pub struct Totp(totp_rs::Totp, [u8; 20]);

impl Totp {
    pub fn new(secret: [u8; 20]) -> Self {
        Self(totp_rs::Builder::new().with_secret(secret).build().unwrap(), secret)
    }

    /// The secret as base64url, to look for it.
    pub fn secret(&self) -> String {
        protocol::encoding::encode(&self.1)
    }

    /// The code of now, or so many seconds from now.
    pub fn code(&self, offset: i64) -> String {
        self.0.generate(u64::try_from(now() + offset).unwrap()).to_string()
    }

    /// Six digits that are no code within ten steps of now.
    pub fn wrong(&self) -> String {
        let near: Vec<String> = (-12..=12).map(|step| self.code(step * 30)).collect();
        (0..).map(|n| format!("{n:06}")).find(|code| !near.contains(code)).unwrap()
    }
}

pub fn console() -> Actor {
    Actor::Console("test".to_owned())
}

impl World {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let plan = Plan {
            hosts: vec!["localhost".to_owned()],
            public_url: "https://localhost".to_owned(),
            addresses: vec!["localhost".to_owned()],
            recovery_out: folder.path().join("recovery.key"),
        };
        init(&folder.path().join("data"), &plan, console(), now()).await.unwrap();
        let app = open(folder.path().join("data"));
        let router = server::http::router(Arc::clone(&app));
        Self { folder, app, router }
    }

    /// The same folder after a restart.
    pub fn restart(&mut self) {
        self.app = open(self.folder.path().join("data"));
        self.router = server::http::router(Arc::clone(&self.app));
    }

    pub fn store(&self) -> &Store {
        &self.app.store
    }

    pub async fn service(&self, name: &str) -> Service {
        let id = ServiceId::new(random());
        let secret = random();
        let new = NewService { id, name: Name::parse("name", name).unwrap(), key: secret.into() };
        self.store().add_service(ORGANISATION, new, console(), now()).await.unwrap();
        let key =
            AdmissionSecret::service_key(secret, self.app.keys().anchor.fingerprint()).to_text().to_string();
        Service { id, name: name.to_owned(), key }
    }

    pub async fn token(&self, service: &Service, uses: u32, until: i64) -> String {
        let token = NewToken {
            service: service.name.clone(),
            id: Bytes(random()),
            secret: random().into(),
            uses,
            until,
        };
        let text =
            AdmissionSecret::token(token.id, *token.secret, self.app.keys().anchor.fingerprint()).to_text();
        self.store().add_token(ORGANISATION, token, console(), now()).await.unwrap();
        text.to_string()
    }

    pub async fn machine(&self, service: &Service, name: &str) -> Machine {
        Newcomer::new(service.id, &service.key, name).admitted(&self.router).await
    }

    pub async fn user(&self, name: &str) -> UserId {
        let id = UserId::random().unwrap();
        let username = Name::parse("username", name).unwrap();
        let email = Name::parse_email(&format!("{name}@acme.example")).unwrap();
        self.store().add_user(ORGANISATION, (id, username, email), console(), now()).await.unwrap();
        id
    }

    pub async fn totp(&self, user: &str) -> Totp {
        let secret: [u8; 20] = random();
        let id = DeviceId::random().unwrap();
        let name = Name::parse("name", "phone").unwrap();
        let device = (user.to_owned(), id, name, secret.to_vec().into());
        self.store().add_totp(ORGANISATION, device, console(), now()).await.unwrap();
        Totp::new(secret)
    }

    pub async fn access(
        &self,
        user: &str,
        service: &Service,
        account: &str,
        policy: Option<&str>,
    ) -> AccessId {
        let id = AccessId::random().unwrap();
        let grant = Grant {
            id,
            user: Whom::User(user.to_owned()),
            service: Where::Service(service.name.clone()),
            account: Pattern::parse(account).unwrap(),
            shown: account.to_owned(),
            policy: policy.map(str::to_owned),
            until: None,
        };
        self.store().grant_access(ORGANISATION, grant, console(), now()).await.unwrap();
        id
    }

    pub async fn policy(&self, name: &str, text: PolicyText) {
        let named = (PolicyId::random().unwrap(), Name::parse("name", name).unwrap(), text);
        self.store().add_policy(ORGANISATION, named, console(), now()).await.unwrap();
    }

    /// A user with a device who may be `ACME\name` on the service.
    pub async fn person(&self, name: &str, service: &Service) -> Totp {
        self.user(name).await;
        self.access(name, service, &format!("ACME\\{name}"), None).await;
        self.totp(name).await
    }

    /// Changes rows, as time or an administrator would.
    pub async fn sql(&self, statement: &'static str) -> usize {
        self.store().write(move |write| Ok(write.execute(statement, [])?)).await.unwrap()
    }

    pub fn count(&self, query: &str) -> i64 {
        self.store().read(|read| Ok(read.query_row(query, [], |row| row.get(0))?)).unwrap()
    }

    /// The audit's rows of a kind, oldest first.
    pub fn audit(&self, kind: &str) -> Vec<Row> {
        let mut rows =
            self.store().read(|read| read.newest_audit_rows(ORGANISATION, Some(kind), 1000)).unwrap();
        rows.reverse();
        rows
    }

    /// The codes of all alarms, oldest first.
    pub fn alarms(&self) -> Vec<String> {
        self.audit("alarm")
            .iter()
            .map(|row| serde_json::from_str::<serde_json::Value>(&row.details).unwrap())
            .map(|details| details["alarm"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn open(data: PathBuf) -> Arc<App> {
    let sealer = Sealer::new(&KeyText::load(&data).unwrap()).unwrap();
    let store = Store::open(&data, sealer, Use::Server).unwrap();
    Arc::new(App::new(store, ORGANISATION).unwrap())
}
