//! Every route × every role × nobody × somebody of another organisation.

use crate::browser::{Browser, World};
use axum::http::{Method, StatusCode};
use server::administrators::{Right, Role};
use server::http::guard::Needs;
use std::collections::BTreeMap;

/// What each page is meant to need, written down a second time: a page that is added, or that asks for
/// less, fails here until somebody says so twice.
fn expected() -> BTreeMap<(&'static str, &'static str), Needs> {
    use Needs::{Fresh, Nothing, Right as Has};
    BTreeMap::from([
        (("GET", "/"), Has(Right::See)),
        (("GET", "/sign-in"), Nothing),
        (("POST", "/sign-in"), Nothing),
        (("GET", "/sign-in/again"), Has(Right::See)),
        (("POST", "/sign-in/again"), Has(Right::See)),
        (("POST", "/sign-out"), Has(Right::See)),
        (("GET", "/welcome/{secret}"), Nothing),
        (("POST", "/welcome/{secret}"), Nothing),
        (("GET", "/account"), Has(Right::See)),
        (("POST", "/account/sessions/end"), Has(Right::See)),
        (("POST", "/account/sessions/end-others"), Has(Right::See)),
        (("GET", "/services"), Has(Right::See)),
        (("GET", "/services/new"), Has(Right::Change)),
        (("POST", "/services/new"), Has(Right::Change)),
        (("GET", "/services/{id}"), Has(Right::See)),
        (("GET", "/services/{id}/rotate-key"), Has(Right::Change)),
        (("POST", "/services/{id}/rotate-key"), Has(Right::Change)),
        (("GET", "/services/{id}/token"), Has(Right::Change)),
        (("POST", "/services/{id}/token"), Has(Right::Change)),
        (("GET", "/services/{id}/delete"), Fresh(Right::Change)),
        (("POST", "/services/{id}/delete"), Fresh(Right::Change)),
        (("GET", "/TrasaWin.msi"), Has(Right::See)),
        (("GET", "/machines"), Has(Right::See)),
        (("GET", "/machines/{id}"), Has(Right::See)),
        (("POST", "/machines/{id}"), Has(Right::Change)),
        (("GET", "/machines/{id}/release"), Fresh(Right::Own)),
        (("POST", "/machines/{id}/release"), Fresh(Right::Own)),
        (("GET", "/users"), Has(Right::See)),
        (("GET", "/users/new"), Has(Right::Change)),
        (("POST", "/users/new"), Has(Right::Change)),
        (("GET", "/users/{id}"), Has(Right::See)),
        (("POST", "/users/{id}/help"), Has(Right::Help)),
        (("POST", "/users/{id}/accesses"), Has(Right::Change)),
        (("GET", "/groups"), Has(Right::See)),
        (("POST", "/groups"), Has(Right::Change)),
        (("GET", "/groups/{kind}/{id}"), Has(Right::See)),
        (("POST", "/groups/{kind}/{id}"), Has(Right::Change)),
        (("GET", "/groups/{kind}/{id}/delete"), Has(Right::Change)),
        (("POST", "/groups/{kind}/{id}/delete"), Has(Right::Change)),
        (("GET", "/policies"), Has(Right::See)),
        (("POST", "/policies"), Has(Right::Change)),
        (("GET", "/policies/{id}"), Has(Right::See)),
        (("GET", "/audit"), Has(Right::SeeAudit)),
        (("GET", "/logons"), Has(Right::See)),
        (("GET", "/logons/{code}"), Has(Right::See)),
        (("GET", "/administrators"), Has(Right::Own)),
        (("GET", "/administrators/invite"), Fresh(Right::Own)),
        (("POST", "/administrators/invite"), Fresh(Right::Own)),
        (("POST", "/administrators/withdraw"), Has(Right::Own)),
        (("GET", "/administrators/{id}"), Fresh(Right::Own)),
        (("POST", "/administrators/{id}"), Fresh(Right::Own)),
    ])
}

#[tokio::test]
async fn every_route_denies_by_default() {
    let world = World::new().await;
    let declared = server::http::dashboard::declared(&world.app);
    let found: BTreeMap<_, _> =
        declared.iter().map(|d| ((d.method.as_str(), d.path.as_str()), d.needs)).collect();
    assert_eq!(found.len(), declared.len(), "a route is declared twice");
    assert_eq!(found, expected());

    let second = world.second_organisation().await;
    let mut people: Vec<(Option<Role>, Browser)> = vec![(None, world.browser())];
    for role in Role::ALL {
        people.push((Some(role), world.administrator(role.as_str(), role).await));
    }
    let name = "foreign owner";
    let mut foreign = world.administrator_of(second, name, Role::Owner).await;
    let ids = Ids::of(&world).await;

    // What deletes comes last.
    let mut routes: Vec<_> = expected().into_iter().collect();
    routes.sort_by_key(|((_, path), _)| path.ends_with("/delete"));
    for ((method, path), needs) in routes {
        if path == "/sign-out" {
            continue;
        }
        let path = ids.fill(path);
        for (role, browser) in &mut people {
            let answer = ask(browser, method, &path).await;
            let denied = match role {
                None => {
                    answer.status == StatusCode::SEE_OTHER && answer.location().starts_with("/sign-in?then=")
                }
                Some(_) => {
                    answer.status == StatusCode::FORBIDDEN && answer.text.contains("does not allow this")
                }
            };
            assert_eq!(denied, !needs.allows(*role), "{method} {path} as {role:?}: {}", answer.status);
        }
        // Somebody else's owner finds nothing of ours, however much they may at home.
        if ids.is_ours(&path) {
            let answer = ask(&mut foreign, method, &path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
        }
    }
    for path in ["/services", "/machines", "/logons", "/users", "/groups", "/policies", "/audit", "/"] {
        let page = foreign.get(path).await.text;
        assert!(
            !["Workstations", "PC-07", "anna", "admins", "office"].iter().any(|name| page.contains(name)),
            "{path}"
        );
    }
    let page = foreign.get("/administrators").await.text;
    assert!(page.contains(name) && !page.contains("help_desk"), "{page}");
}

/// What stands for the parameters of paths.
struct Ids {
    administrator: String,
    service: String,
    machine: String,
    code: String,
    user: String,
    group: String,
    policy: String,
}

impl Ids {
    async fn of(world: &World) -> Self {
        let administrators = world.store().administrators(crate::browser::ORGANISATION).unwrap();
        let auditor = administrators.into_iter().find(|a| a.role == Role::Auditor).unwrap();
        let service = world.service("Workstations").await;
        let machine = world.machine(&service, "PC-07", "waiting").await;
        let code = world.logon(&machine, "no_access").await;
        let user = world.user("anna").await;
        let group = world.group("admins").await;
        let policy = world.policy("office").await;
        Self { administrator: auditor.id.to_string(), service, machine, code, user, group, policy }
    }

    fn fill(&self, path: &str) -> String {
        let id = if path.starts_with("/services") {
            &self.service
        } else if path.starts_with("/machines") {
            &self.machine
        } else if path.starts_with("/users") {
            &self.user
        } else if path.starts_with("/policies") {
            &self.policy
        } else if path.starts_with("/groups") {
            &self.group
        } else {
            &self.administrator
        };
        let path = path.replace("{kind}", "user");
        path.replace("{secret}", "none").replace("{code}", &self.code).replace("{id}", id)
    }

    fn is_ours(&self, path: &str) -> bool {
        [&self.administrator, &self.service, &self.machine, &self.code, &self.user, &self.group, &self.policy]
            .iter()
            .any(|id| path.contains(*id))
    }
}

async fn ask(browser: &mut Browser, method: &str, path: &str) -> crate::browser::Answer {
    if method == Method::GET.as_str() { browser.get(path).await } else { browser.post(path, &[]).await }
}

#[tokio::test]
async fn every_page_carries_its_headers() {
    let world = World::new().await;
    let mut owner = world.administrator("lea", Role::Owner).await;
    for path in [
        "/",
        "/sign-in",
        "/account",
        "/administrators",
        "/welcome/none",
        "/administrators/none",
        "/services",
        "/services/new",
        "/machines",
        "/logons",
        "/groups",
        "/policies",
    ] {
        let answer = owner.get(path).await;
        let policy = answer.headers.get("content-security-policy").unwrap().to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.headers.get(name).unwrap(), value, "{path}");
        }
        for inline in ["<style", "style=", "onclick=", "javascript:", "<script>"] {
            assert!(!answer.text.contains(inline), "{path} has {inline}");
        }
    }
    let css = owner.get("/sign-in").await;
    let css = owner
        .get("/account")
        .await
        .text
        .split("href=\"/assets/")
        .nth(2)
        .map_or(css.text, |rest| format!("/assets/{}", rest.split('"').next().unwrap()));
    let asset = owner.get(&css).await;
    assert_eq!(asset.status, StatusCode::OK, "{css}");
    assert!(asset.headers.get("cache-control").unwrap().to_str().unwrap().contains("immutable"));
}
