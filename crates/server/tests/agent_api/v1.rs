//! An original agent, and the golden answers of the original.

use crate::client::{Reply, now, send};
use crate::world::{ORGANISATION, Service, World, console};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use protocol::v1::path;
use serde_json::json;
use server::store::v1_doors::{Credentials, Opening, V1Key};

pub const DAY: i64 = 86_400;

pub const ALLOWED: &str = r#"{"status":"success","intent":"agent-login","data":[null]}"#;
pub const PASSED: &str =
    r#"{"status":"success","reason":"passthru authentication","intent":"agent-login","data":[null]}"#;
pub const UNREADABLE: &str =
    r#"{"status":"failed","reason":"invalid request","intent":"AgentLogin","data":[null]}"#;
pub const NO_SERVICE: &str = r#"{"status":"failed","reason":"invalid service integration details","intent":"AgentLogin","data":[null]}"#;
pub const NO_USER: &str =
    r#"{"status":"failed","reason":"user not found","intent":"AgentLogin","data":[null]}"#;
pub const DISABLED: &str =
    r#"{"status":"failed","reason":"User Disabled","intent":"AgentLogin","data":[null]}"#;

pub const VALID: &str = r#"{"status":"success","reason":"valid integration data","intent":"service config check successful","data":[null]}"#;
pub const INVALID_ID: &str =
    r#"{"status":"failed","reason":"invalid service ID","intent":"service config check failed","data":null}"#;
pub const INVALID_SECRET: &str = r#"{"status":"failed","reason":"invalid service secret or ID","intent":"service config check failed","data":[null]}"#;
pub const CHECK_UNREADABLE: &str =
    r#"{"status":"failed","reason":"service config check failed","data":null}"#;

/// The answer with a code in the place of the reason.
pub fn refused(code: &str) -> String {
    format!(r#"{{"status":"failed","reason":"{code}","intent":"agent-login","data":[null]}}"#)
}

/// An original agent, as one stands on a machine.
#[derive(Debug, Clone)]
pub struct Original {
    pub service_id: String,
    pub key: String,
    pub workstation: String,
    pub from: String,
}

impl Original {
    /// The body as the Windows agent writes it.
    pub fn body(&self, user: &str, trasa_id: &str, code: &str) -> String {
        json!({
            "serviceID": self.service_id, "serviceKey": self.key, "trasaID": trasa_id,
            "tfaMethod": if code.is_empty() { "U2F" } else { "totp" }, "totpCode": code, "user": user,
            "userIP": "", "workstation": self.workstation,
        })
        .to_string()
    }

    /// Asks for a logon at the Windows path; the answer's body.
    pub async fn login(&self, world: &World, user: &str, trasa_id: &str, code: &str) -> String {
        self.post(world, path::LOGON_WINDOWS, self.body(user, trasa_id, code)).await
    }

    pub async fn check_config(&self, world: &World) -> String {
        let body = json!({
            "serviceID": self.service_id, "serviceKey": self.key, "trasaHost": "localhost",
            "offlineUsers": "bat", "skipTLSVerification": false,
        });
        self.post(world, path::CHECK_CONFIG, body.to_string()).await
    }

    pub async fn post(&self, world: &World, path: &str, body: impl Into<Body>) -> String {
        let reply = post(world, path, body, &self.from).await;
        String::from_utf8(reply.body).unwrap()
    }
}

/// Sends a body and holds the answer to what every answer has.
pub async fn post(world: &World, path: &str, body: impl Into<Body>, from: &str) -> Reply {
    let request = Request::builder()
        .method("POST")
        .uri(path)
        .header("content-type", "application/json")
        .body(body.into())
        .unwrap();
    let reply = send(&world.router, request, from).await;
    assert_eq!(reply.status, StatusCode::OK, "{path}");
    assert_eq!(reply.header("content-type").as_deref(), Some("application/json"));
    assert_eq!(reply.header("cache-control").as_deref(), Some("no-store, pragma"));
    reply
}

impl World {
    /// Opens version 1 of a service for a month.
    pub async fn allow_v1(&self, service: &Service, pass_through: bool) -> Original {
        let opening = Opening {
            service: service.name.clone(),
            absent: None,
            credentials: Credentials::Kept(V1Key::random().unwrap()),
            until: now() + 30 * DAY,
            pass_through,
        };
        let (service_id, key) = self.store().open_v1(ORGANISATION, opening, console(), now()).await.unwrap();
        Original {
            service_id,
            key: key.text().to_owned(),
            workstation: "PC-07".to_owned(),
            from: "192.0.2.7".to_owned(),
        }
    }

    /// Everything that an authentic question would leave behind.
    pub fn v1_traces(&self) -> [i64; 4] {
        [
            "SELECT count(*) FROM logons",
            "SELECT count(*) FROM address_guesses",
            "SELECT count(*) FROM v1_calls",
            "SELECT count(*) FROM audit WHERE kind <> 'v1.wrong_key'",
        ]
        .map(|query| self.count(query))
    }

    /// The newest logon, with its facts.
    pub async fn newest_logon(&self) -> server::store::logon_list::Logon {
        let code = self.store().newest_logons(ORGANISATION, 1).await.unwrap().remove(0).short_code;
        self.store().logons_called(ORGANISATION, code).await.unwrap().remove(0)
    }
}
