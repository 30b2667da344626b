//! The JSON API, as a program meets it.

use crate::browser::{ORGANISATION, World, now};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use server::administration::services;
use server::administrators::secret::Shown;
use server::administrators::{Right, Role};
use server::audit::Actor;
use server::http::guard::Needs;
use server::http::peer::Peer;
use server::names::Name;
use server::store::api_tokens::NewApiToken;
use server::store::{ApiTokenId, OrganisationId};
use std::collections::BTreeMap;
use tower::ServiceExt as _;

struct Program {
    router: Router,
    token: Option<String>,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Program {
    async fn of(world: &World, organisation: OrganisationId, name: &str, role: Role) -> Self {
        let secret = Shown::random().unwrap();
        let token = format!("trasa_{}", *secret.to_text());
        let name = Name::parse("name", name).unwrap();
        let new = NewApiToken { id: ApiTokenId::random().unwrap(), name, role, until: now() + 60, secret };
        world.store().add_api_token(organisation, new, Actor::Server, now()).await.unwrap();
        Self { router: world.router.clone(), token: Some(token) }
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>, key: Option<&str>) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("/api/admin/v1{path}"));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let mut request = request.body(body).unwrap();
        request.extensions_mut().insert(Peer("192.0.2.9".parse().unwrap()));
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None, None).await
    }
}

/// What each call is meant to need, written down a second time.
fn expected() -> BTreeMap<(&'static str, &'static str), Needs> {
    let (see, change) = (Needs::Right(Right::See), Needs::Right(Right::Change));
    let help = Needs::Right(Right::Help);
    BTreeMap::from([
        (("GET", "/services"), see),
        (("POST", "/services"), change),
        (("GET", "/services/{service}"), see),
        (("DELETE", "/services/{service}"), change),
        (("POST", "/services/{service}/rotate-key"), change),
        (("GET", "/machines"), see),
        (("GET", "/machines/{machine}"), see),
        (("POST", "/machines/{machine}/approve"), change),
        (("POST", "/machines/{machine}/revoke"), change),
        (("POST", "/machines/{machine}/readmit"), change),
        (("GET", "/users"), see),
        (("POST", "/users"), change),
        (("GET", "/users/{user}"), see),
        (("POST", "/users/{user}/enable"), help),
        (("POST", "/users/{user}/disable"), help),
        (("GET", "/users/{user}/devices"), see),
        (("POST", "/users/{user}/devices"), help),
        (("DELETE", "/devices/{device}"), help),
        (("GET", "/groups"), see),
        (("POST", "/groups"), change),
        (("GET", "/groups/{kind}/{group}"), see),
        (("PATCH", "/groups/{kind}/{group}"), change),
        (("DELETE", "/groups/{kind}/{group}"), change),
        (("POST", "/groups/{kind}/{group}/restore"), change),
        (("PUT", "/groups/{kind}/{group}/members/{member}"), change),
        (("DELETE", "/groups/{kind}/{group}/members/{member}"), change),
        (("GET", "/accesses"), see),
        (("POST", "/accesses"), change),
        (("DELETE", "/accesses/{access}"), change),
        (("GET", "/policies"), see),
        (("POST", "/policies"), change),
        (("GET", "/audit"), Needs::Right(Right::SeeAudit)),
        (("GET", "/logons"), see),
        (("GET", "/logons/{code}"), see),
    ])
}

/// B20, for programs.
#[tokio::test]
async fn every_call_denies_by_default() {
    let world = World::new().await;
    let declared = server::http::admin::declared(&world.app);
    let found: BTreeMap<_, _> =
        declared.iter().map(|d| ((d.method.as_str(), d.path.as_str()), d.needs)).collect();
    assert_eq!(found.len(), declared.len(), "a call is declared twice");
    assert_eq!(found, expected());

    let name = Name::parse("name", "Workstations").unwrap();
    let service =
        services::add(world.store(), ORGANISATION, name, Actor::Server, now()).await.unwrap().id.to_string();
    let (anna, email) = (Name::parse("u", "anna").unwrap(), Name::parse_email("anna@acme.example").unwrap());
    let anna = (server::store::UserId::random().unwrap(), anna, email);
    world.store().add_user(ORGANISATION, anna, Actor::Server, now()).await.unwrap();
    let group = world.group("admins").await;
    let second = world.second_organisation().await;
    let foreign = Program::of(&world, second, "foreign", Role::Owner).await;
    let nobody = Program { router: world.router.clone(), token: None };
    let invented = format!("trasa_{}", *Shown::random().unwrap().to_text());
    let stranger = Program { router: world.router.clone(), token: Some(invented) };
    let mut programs = Vec::new();
    for role in Role::ALL {
        programs.push((role, Program::of(&world, ORGANISATION, role.as_str(), role).await));
    }
    // What deletes comes last.
    let mut calls: Vec<_> = expected().into_iter().collect();
    calls.sort_by_key(|((method, _), _)| *method == "DELETE");
    for ((method, path), needs) in calls {
        let path = path
            .replace("{service}", &service)
            .replace("{user}", "anna")
            .replace("{kind}", "user")
            .replace("{group}", &group);
        let path = ["{machine}", "{code}", "{device}", "{access}", "{member}"]
            .into_iter()
            .fold(path, |path, parameter| path.replace(parameter, "none"));
        for program in [&nobody, &stranger] {
            let answer = program.send(method, &path, None, None).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
            assert_eq!(answer.headers.get("www-authenticate").unwrap(), "Bearer");
        }
        for (role, program) in &programs {
            let denied = program.send(method, &path, None, None).await.status == StatusCode::FORBIDDEN;
            assert_eq!(denied, !needs.allows(Some(*role)), "{method} {path} as {role:?}");
        }
        let answer = foreign.send(method, &path, None, None).await;
        let is_ours = (path.contains(&group) && method != "PATCH")
            || (path.contains("/anna") && !path.ends_with("/devices"));
        if path.contains(&service) {
            // A new key is made before the service is looked for, by a server key that is not theirs.
            assert!(answer.status.is_client_error() || answer.status.is_server_error(), "{method} {path}");
            assert!(!answer.body.to_string().contains("Workstations"));
        } else if is_ours {
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
        } else if method == "GET" && path != "/audit" && answer.status == StatusCode::OK {
            assert_eq!(answer.body["items"], json!([]), "{path}");
        }
        let text = answer.body.to_string();
        assert!(!text.contains("acme.example") && !text.contains("Workstations"), "{method} {path}: {text}");
    }
}

#[tokio::test]
async fn services_come_and_go_and_repeat_nothing() {
    let world = World::new().await;
    let program = Program::of(&world, ORGANISATION, "p", Role::Administrator).await;
    let body = json!({ "name": "Büro" });
    let made = program.send("POST", "/services", Some(body.clone()), Some("key-1")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let key = made.body["service_key"].as_str().unwrap().to_owned();
    // The same key: the same answer, and no second service.
    let again = program.send("POST", "/services", Some(body.clone()), Some("key-1")).await;
    assert_eq!((again.status, &again.body), (StatusCode::CREATED, &made.body));
    assert_eq!(again.headers.get("idempotency-replayed").unwrap(), "true");
    let other = program.send("POST", "/services", Some(json!({ "name": "x" })), Some("key-1")).await;
    assert_eq!(other.body["code"], "idempotency_key_reused");
    // Another token's key of the same text is another key.
    let second = Program::of(&world, ORGANISATION, "q", Role::Administrator).await;
    let taken = second.send("POST", "/services", Some(body), Some("key-1")).await;
    assert_eq!((taken.status, &taken.body["code"]), (StatusCode::CONFLICT, &json!("name_taken")));
    let id = made.body["service_id"].as_str().unwrap();
    let rotated = program.send("POST", &format!("/services/{id}/rotate-key"), None, None).await;
    assert_ne!(rotated.body["service_key"].as_str().unwrap(), key);
    assert_eq!(program.get(&format!("/services/{id}")).await.body["name"], "Büro");
    assert_eq!(program.send("DELETE", &format!("/services/{id}"), None, None).await.status, 204);
    assert_eq!(program.get(&format!("/services/{id}")).await.status, StatusCode::NOT_FOUND);
    // Who did it stands in the audit, and no key does.
    let audit = world.audit().await;
    assert!(audit.iter().any(|row| row.kind == "service.add" && row.actor.starts_with("token:")));
    assert!(!format!("{audit:?}").contains(&key));
}

#[tokio::test]
async fn people_and_rules() {
    let world = World::new().await;
    let program = Program::of(&world, ORGANISATION, "p", Role::Owner).await;
    let post = async |path: &str, body: Value| program.send("POST", path, Some(body), None).await;
    assert_eq!(post("/services", json!({ "name": "Workstations" })).await.status, 201);
    for name in ["anna", "ben", "cleo"] {
        let made = post("/users", json!({ "username": name, "email": format!("{name}@acme.example") })).await;
        assert_eq!(
            (made.status, &made.body["enabled"]),
            (StatusCode::CREATED, &json!(true)),
            "{}",
            made.body
        );
    }
    assert_eq!(post("/users", json!({ "username": "x", "email": "no" })).await.body["code"], "bad_name");
    let first = program.get("/users?limit=2").await.body;
    let next = first["next"].as_str().unwrap();
    assert_eq!(
        program.get(&format!("/users?limit=2&after={next}")).await.body["items"][0]["username"],
        "cleo"
    );
    // A device, shown once.
    let device = post("/users/anna/devices", json!({})).await;
    assert_eq!(device.status, StatusCode::CREATED, "{}", device.body);
    assert!(device.body["otpauth_uri"].as_str().unwrap().starts_with("otpauth://totp/TRASA:anna?secret="));
    let devices = program.get("/users/anna/devices").await.body;
    assert_eq!((devices[0]["kind"].as_str(), devices[0].get("secret")), (Some("totp"), None));
    let path = format!("/devices/{}", device.body["device_id"].as_str().unwrap());
    assert_eq!(program.send("DELETE", &path, None, None).await.status, 204);
    assert_eq!(program.send("DELETE", &path, None, None).await.status, 404);
    // A policy, and an access under it.
    let rules = json!({ "name": "office", "when": ["mon-fri 08:00-18:00"], "zone": "Europe/Berlin" });
    assert_eq!(post("/policies", rules).await.status, 201);
    let bad = post("/policies", json!({ "name": "bad", "when": ["someday"] })).await;
    assert_eq!((bad.status.as_u16(), &bad.body["code"]), (422, &json!("bad_policy")));
    assert_eq!(program.get("/policies").await.body["items"][0]["zone"], "Europe/Berlin");
    let access =
        json!({ "user": "anna", "service": "Workstations", "account": "ACME\\anna", "policy": "office" });
    let made = post("/accesses", access.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(post("/accesses", access).await.body["code"], "access_exists");
    let nowhere = json!({ "user": "anna", "service": "Workstations", "account": "anna\\" });
    assert_eq!(post("/accesses", nowhere).await.body["code"], "bad_account");
    assert_eq!(program.get("/accesses").await.body["items"][0]["policy"], "office");
    let path = format!("/accesses/{}", made.body["access_id"].as_str().unwrap());
    assert_eq!(program.send("DELETE", &path, None, None).await.status, 204);
    // Disabled and back, and all of it in the audit.
    assert_eq!(program.send("POST", "/users/anna/disable", None, None).await.body["enabled"], false);
    assert_eq!(program.send("POST", "/users/anna/enable", None, None).await.body["enabled"], true);
    let rows = program.get("/audit?limit=3").await.body;
    assert_eq!(rows["items"][0]["kind"], "user.enable");
    let next = rows["next"].as_str().unwrap();
    let older = program.get(&format!("/audit?limit=3&after={next}")).await.body;
    assert!(older["items"][0]["number"].as_i64() < rows["items"][2]["number"].as_i64());
}

#[tokio::test]
async fn lists_come_in_parts() {
    let world = World::new().await;
    let program = Program::of(&world, ORGANISATION, "p", Role::Administrator).await;
    for name in ["a", "b", "c"] {
        program.send("POST", "/services", Some(json!({ "name": name })), None).await;
    }
    let mut seen = Vec::new();
    let mut path = "/services?limit=2".to_owned();
    loop {
        let part = program.get(&path).await.body;
        let names = part["items"].as_array().unwrap().iter().map(|item| item["name"].to_string());
        seen.push(names.collect::<Vec<_>>().join(""));
        let Some(next) = part["next"].as_str() else { break };
        path = format!("/services?limit=2&after={next}");
    }
    assert_eq!(seen, ["\"a\"\"b\"", "\"c\""]);
    for query in ["limit=0", "limit=1001", "after=none", "limit=x", "what=1"] {
        let answer = program.get(&format!("/services?{query}")).await;
        assert!(answer.status.is_client_error(), "{query}");
        shaped(&answer);
    }
}

fn shaped(answer: &Answer) {
    let id = answer.headers.get("x-request-id").unwrap().to_str().unwrap();
    assert_eq!(answer.body["request_id"], id);
    assert!(!answer.body["code"].as_str().unwrap().is_empty() && answer.body["message"].is_string());
}

#[tokio::test]
async fn every_error_has_one_shape() {
    let world = World::new().await;
    let program = Program::of(&world, ORGANISATION, "p", Role::Administrator).await;
    let long = json!({ "name": "x".repeat(70_000) });
    for (method, path, body, status, code) in [
        ("GET", "/services/none", None, 404, "not_found"),
        ("GET", "/nothing", None, 404, "not_found"),
        ("PATCH", "/services", None, 405, "method_not_allowed"),
        ("POST", "/services", Some(json!({})), 422, "invalid_body"),
        ("POST", "/services", Some(json!({ "name": "a", "x": 1 })), 422, "invalid_body"),
        ("POST", "/services", Some(json!({ "name": " " })), 422, "bad_name"),
        ("POST", "/services", Some(long), 413, "body"),
        ("POST", "/machines/none/approve", None, 404, "not_found"),
    ] {
        let answer = program.send(method, path, body, None).await;
        assert_eq!((answer.status.as_u16(), &answer.body["code"]), (status, &json!(code)), "{method} {path}");
        shaped(&answer);
    }
    let nobody = Program { router: world.router.clone(), token: None };
    shaped(&nobody.get("/services").await);
}

#[tokio::test]
async fn a_token_ends() {
    let world = World::new().await;
    let program = Program::of(&world, ORGANISATION, "p", Role::Auditor).await;
    assert_eq!(program.get("/machines").await.status, StatusCode::OK);
    let token = &world.store().api_tokens(ORGANISATION).unwrap()[0];
    assert!(token.last_used.is_some() && token.last_address.as_deref() == Some("192.0.2.9"));
    let secret = Shown::parse(program.token.as_ref().unwrap().strip_prefix("trasa_").unwrap()).unwrap();
    assert!(world.store().api_token(&secret.hash(), now() + 61).unwrap().is_none(), "its time is over");
    world.store().revoke_api_token(ORGANISATION, "p".to_owned(), Actor::Server, now()).await.unwrap();
    assert_eq!(program.get("/machines").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_description_is_public_and_complete() {
    let world = World::new().await;
    let nobody = Program { router: world.router.clone(), token: None };
    let openapi = nobody.get("/openapi.json").await;
    assert_eq!(openapi.status, StatusCode::OK);
    assert_eq!(openapi.body["servers"][0]["url"], "/api/admin/v1");
    for ((method, path), _) in expected() {
        let operation = &openapi.body["paths"][path][method.to_lowercase()];
        assert!(operation["security"][0]["token"].is_array(), "{method} {path}: {operation}");
        assert!(operation["description"].as_str().unwrap().contains("Roles: `owner`"), "{method} {path}");
        assert!(operation["summary"].is_string(), "{method} {path}");
    }
    let schemas = &openapi.body["components"]["schemas"];
    assert_eq!(schemas["Service"]["properties"]["service_id"]["type"], "string");
    // Every reference leads somewhere.
    let text = openapi.body.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas[name].is_object(), "{name}");
    }
}

#[tokio::test]
async fn groups_are_kept_by_programs() {
    let world = World::new().await;
    let program = Program::of(&world, ORGANISATION, "p", Role::Administrator).await;
    world.user("anna").await;
    world.service("Workstations").await;
    for (kind, name, member) in [("user", "admins", "anna"), ("service", "servers", "Workstations")] {
        let body = json!({ "kind": kind, "name": name });
        let made = program.send("POST", "/groups", Some(body.clone()), None).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        assert_eq!(program.send("POST", "/groups", Some(body), None).await.body["code"], "name_taken");
        let member = format!("/groups/{kind}/{name}/members/{member}");
        assert_eq!(program.send("PUT", &member, None, None).await.body["members"], 1);
        assert_eq!(program.send("PUT", &member, None, None).await.body["code"], "member_already");
    }
    let foreign_kind = program.send("PUT", "/groups/service/servers/members/anna", None, None).await;
    assert_eq!(foreign_kind.status, StatusCode::NOT_FOUND);
    let grant = |user: Value, service: Value| {
        let mut body = json!({ "account": ".\\admin", "until": now() + 3600 });
        for part in [user, service] {
            body.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
        }
        Some(body)
    };
    let both = json!({ "user": "anna", "user_group": "admins" });
    let service = json!({ "service_group": "servers" });
    let answer = program.send("POST", "/accesses", grant(both, service.clone()), None).await;
    assert_eq!(answer.body["code"], "bad_user");
    let group = json!({ "user_group": "admins" });
    let answer = program.send("POST", "/accesses", grant(group.clone(), json!({})), None).await;
    assert_eq!(answer.body["code"], "bad_service");
    let made = program.send("POST", "/accesses", grant(group, service), None).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let listed = program.get("/accesses").await.body["items"][0].clone();
    assert_eq!((&listed["user"], &listed["user_is_group"]), (&json!("admins"), &json!(true)));
    let renamed = program.send("PATCH", "/groups/user/admins", Some(json!({ "name": "Bosses" })), None).await;
    assert_eq!(renamed.status, StatusCode::NO_CONTENT);
    let whole = program.get("/groups/user/bosses").await.body;
    assert_eq!((&whole["group"]["accesses"], &whole["members"][0]["name"]), (&json!(1), &json!("anna")));
    let deleted = program.send("DELETE", "/groups/user/bosses", None, None).await;
    let id = deleted.body["group_id"].as_str().unwrap().to_owned();
    assert_eq!(program.get("/accesses").await.body["items"], json!([]));
    let other_kind = program.send("POST", &format!("/groups/service/{id}/restore"), None, None).await;
    assert_eq!(other_kind.status, StatusCode::NOT_FOUND);
    let restored = program.send("POST", &format!("/groups/user/{id}/restore"), None, None).await;
    assert_eq!(restored.status, StatusCode::NO_CONTENT);
    assert_eq!(program.get("/groups").await.body["items"].as_array().unwrap().len(), 2);
    let out = program.send("DELETE", "/groups/user/bosses/members/anna", None, None).await;
    assert_eq!(out.body["members"], 0);
    let out = program.send("DELETE", "/groups/user/bosses/members/anna", None, None).await;
    assert_eq!(out.body["code"], "no_member");
}
