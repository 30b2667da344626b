//! `trasa-server admin`, as people type it.

use crate::program::Place;

#[test]
fn owners_come_by_links_and_programs_by_tokens() {
    let place = Place::new();
    let made = place.json(&["init", "--host", "trasa.example"]);
    let link = made["owner_link"].as_str().unwrap();
    assert!(link.starts_with("https://trasa.example/welcome/"), "{link}");
    assert_eq!(link.rsplit('/').next().unwrap().len(), 43);
    assert!(place.json(&["admin", "list"]).as_array().unwrap().is_empty());
    // Another one at the console: audited, and an alarm.
    let other = place.json(&["admin", "new-owner-link"]);
    assert_ne!(other["owner_link"].as_str().unwrap(), link);
    let invited = place.json(&["admin", "invite", "lea@acme.example", "--role", "help-desk"]);
    let waiting = place.json(&["admin", "invitations"]);
    let roles: Vec<_> = waiting.as_array().unwrap().iter().map(|i| i["role"].as_str().unwrap()).collect();
    assert_eq!((roles.len(), roles.contains(&"help_desk")), (3, true), "{waiting}");
    place.json(&["admin", "withdraw", invited["link_id"].as_str().unwrap()]);
    assert_eq!(place.json(&["admin", "invitations"]).as_array().unwrap().len(), 2);
    let token =
        place.json(&["admin", "token", "add", "inventory", "--role", "auditor", "--until", "2099-01-31"]);
    let shown = token["token"].as_str().unwrap();
    assert!(shown.starts_with("trasa_") && shown.len() == 49, "{shown}");
    let tokens = place.json(&["admin", "token", "list"]);
    assert_eq!((&tokens[0]["role"], &tokens[0]["last_used"]), (&"auditor".into(), &serde_json::Value::Null));
    place.json(&["admin", "token", "revoke", "inventory"]);
    assert!(place.json(&["admin", "token", "list"]).as_array().unwrap().is_empty());
    let audit = place.json(&["audit", "list"]).to_string();
    assert!(audit.contains("owner_link_made") && audit.contains("api_token.revoke"), "{audit}");
    for secret in [link.rsplit('/').next().unwrap(), shown.strip_prefix("trasa_").unwrap()] {
        assert!(!audit.contains(secret));
    }
}
