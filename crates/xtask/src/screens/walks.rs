//! The walks: who stands at the tile, what the server will say, what is typed, and which screens are kept.

use serde_json::{Value, json};

use super::server::Front;

/// Who passes without a decision.
pub const OFFLINE_USER: &str = "olga";

/// One run of the logon host.
pub struct Walk {
    /// What `--only` takes.
    pub name: String,
    /// Scenario of the logon host.
    pub scenario: &'static str,
    /// Keys of the world that are others than in [`world`].
    pub world: Value,
    /// What the server answers.
    pub server: Value,
    /// Whether it does.
    pub front: Front,
    /// The machine asks in the original's protocol.
    pub original: bool,
    /// The configuration is deleted before. The machine stays damaged: only the last walks are.
    pub damaged: bool,
    /// The script.
    pub script: String,
}

impl Walk {
    fn new(name: &str, script: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            scenario: "logon",
            world: json!({}),
            server: json!({"logon": {"kind": "allow"}}),
            front: Front::Answers,
            original: false,
            damaged: false,
            script: script.concat(),
        }
    }

    fn answered(self, logon: &Value) -> Self {
        self.server(json!({"logon": logon}))
    }

    fn server(self, server: Value) -> Self {
        Self { server, ..self }
    }

    fn front(self, front: Front) -> Self {
        Self { front, ..self }
    }

    fn scenario(self, scenario: &'static str, world: Value) -> Self {
        Self { scenario, world, ..self }
    }

    /// The screens that it shows and that are kept.
    pub fn pictures(&self) -> Vec<String> {
        let named = self.script.lines().filter_map(|line| line.strip_prefix("picture "));
        named.filter_map(|rest| rest.split(' ').next()).map(str::to_owned).collect()
    }
}

/// The machine and its accounts.
pub fn world() -> Value {
    let account = |name: &str, outcome: Value| json!({"domain": ".", "name": name, "password": format!("{name}-Horse-1"), "outcome": outcome});
    json!({
        "host": "PC-07",
        "state": "state",
        "accounts": [
            account("anna", Value::Null),
            json!({"domain": ".", "name": OFFLINE_USER, "password": "olga-Horse-1", "administrator": true}),
            account("Ольга Ωμέγα", Value::Null),
            account("maximiliane.von-und-zu-hohenstein", Value::Null),
            account("eva", json!(1330)),
            account("lukas", json!(1909)),
            account("dirk", json!(1331)),
            account("xaver", json!(1793)),
            account("hanna", json!(1328)),
            account("wim", json!(1329)),
            account("nils", json!(1311)),
        ],
    })
}

/// User name and the right password, then step 2.
const ANNA: &str = "start\ntype \"User name\" anna\ntype Password $password\nsubmit\nexpect step 2\n";
/// A code, whatever it is.
const CODE: &str = "type \"One-time code\" 123456\n";
/// Submits it.
const SUBMIT: &str = "submit\n";

/// All of them, in the order in which they are walked: what changes the machine comes last.
pub fn all() -> Vec<Walk> {
    let mut all = steps();
    all.extend(windows_words());
    all.extend(denials());
    all.extend(without_decision());
    all.extend(kinds());
    all.extend(push());
    all.extend(original());
    all.extend(at_last());
    all
}

fn steps() -> Vec<Walk> {
    vec![
        Walk::new(
            "steps",
            &[
                "start\npicture step-1\ndeselect\npicture deselected\nselect\n",
                "type \"User name\" anna\ntype Password $password\npicture step-1-filled\nsubmit\nexpect step 2\n",
                "picture step-2\npicture step-2-methods open \"2FA method\"\n",
                CODE,
                "picture step-2-filled\nsubmit\nexpect logged-on\n",
            ],
        ),
        Walk::new(
            "trasa-username",
            &[
                ANNA,
                "picture step-2-asks-username\n",
                SUBMIT,
                "picture username-missing\ntype \"TRASA username\" anna@acme.example\nsubmit\npicture code-missing\n",
                CODE,
                "picture step-2-username-filled\n",
            ],
        )
        .server(json!({"logon": {"kind": "allow"}, "ask_trasa_id": true})),
        Walk::new(
            "names",
            &[
                "start\ntype \"User name\" \"Ольга Ωμέγα\"\ntype Password $password\nsubmit\nexpect step 2\n",
                "picture name-in-other-letters\npress \"Start over\"\n",
                "type \"User name\" PC-07\\maximiliane.von-und-zu-hohenstein\ntype Password $password\n",
                "picture name-too-long-for-its-field\nsubmit\nexpect step 2\npicture long-name\n",
            ],
        ),
        Walk::new(
            "asking",
            &[
                "start\ntype \"User name\" anna\ntype Password $password\n",
                "picture checking-password at \"Checking the password\"\nsubmit\nexpect step 2\n",
                "type \"TRASA username\" anna\n",
                CODE,
                "picture asking at \"Asking the TRASA server\"\ncancel after 2s\nsubmit\npicture cancelled\n",
            ],
        )
        .front(Front::Silence),
    ]
}

/// What Windows itself has to say.
fn windows_words() -> Vec<Walk> {
    let refused = |account: &str, picture: &str| {
        let typed =
            format!("start\ntype \"User name\" {account}\ntype Password $password\nsubmit\nexpect step 1\n");
        Walk::new(picture, &[&typed, "picture ", picture, "\nexpect never serialized\n"])
    };
    vec![
        Walk::new(
            "password-wrong",
            &[
                "start\ntype \"User name\" anna\ntype Password not-hers\nsubmit\nexpect step 1\n",
                "picture password-wrong\npicture password-wrong-message message\n",
                "type \"User name\" \"\"\ntype Password x\nsubmit\npicture user-name-missing\n",
                "type \"User name\" nobody@@nowhere\ntype Password x\nsubmit\npicture user-name-odd\n",
            ],
        ),
        refused("lukas", "account-locked"),
        refused("dirk", "account-disabled"),
        refused("xaver", "account-expired"),
        refused("hanna", "account-hours"),
        refused("wim", "account-workstation"),
        Walk::new(
            "password-unknown",
            &[
                "start\ntype \"User name\" nils\ntype Password $password\nsubmit\nexpect step 2\n",
                "picture password-not-checked\n",
            ],
        ),
        Walk::new(
            "windows-refuses",
            &[
                ANNA,
                CODE,
                "next-result STATUS_NO_LOGON_SERVERS\nsubmit\npicture windows-own-message message\n",
                "picture after-windows-own-message\n",
            ],
        ),
        Walk::new(
            "password-expired",
            &[
                "start\ntype \"User name\" eva\ntype Password $password\nsubmit\nexpect step 2\n",
                CODE,
                SUBMIT,
                "picture new-password\ntype \"New password\" one-Horse-2\ntype \"Repeat new password\" other-Horse-2\n",
                "submit\npicture new-passwords-differ\n",
                "type \"New password\" $password\ntype \"Repeat new password\" $password\nsubmit\n",
                "picture new-password-is-old\n",
                "type \"New password\" two-Horse-2\ntype \"Repeat new password\" two-Horse-2\n",
                "next-result STATUS_PASSWORD_RESTRICTION\nsubmit\npicture new-password-refused\n",
            ],
        ),
    ]
}

/// What the server's decision says.
fn denials() -> Vec<Walk> {
    let reasons = [
        ("code-wrong", json!({"kind": "deny", "reason": "code_wrong"})),
        ("code-used", json!({"kind": "deny", "reason": "code_used"})),
        ("code-clock", json!({"kind": "deny", "reason": "code_clock", "parameters": {"offset_secs": 150}})),
        ("locked", json!({"kind": "deny", "reason": "locked", "parameters": {"wait_secs": 40}})),
        ("locked-long", json!({"kind": "deny", "reason": "locked", "parameters": {"wait_secs": 10_240}})),
        ("not-permitted", json!({"kind": "deny", "reason": "not_permitted"})),
        (
            "outside-hours",
            json!({"kind": "deny", "reason": "outside_hours",
                   "parameters": {"local_time": "Sat 22:41", "zone": "Europe/Berlin"}}),
        ),
        ("network-not-allowed", json!({"kind": "deny", "reason": "network_not_allowed"})),
        (
            "session-not-allowed",
            json!({"kind": "deny", "reason": "session_not_allowed", "parameters": {"session": "console"}}),
        ),
        ("access-ended", json!({"kind": "deny", "reason": "policy_expired"})),
        (
            "method-not-allowed",
            json!({"kind": "deny", "reason": "method_not_allowed", "parameters": {"methods": ["push"]}}),
        ),
        ("no-device", json!({"kind": "deny", "reason": "no_device"})),
        ("computer-waits", json!({"kind": "deny", "reason": "machine_waiting"})),
        ("computer-removed", json!({"kind": "error", "code": "machine_revoked"})),
        ("computer-unknown", json!({"kind": "error", "code": "unknown_machine"})),
        ("service-deleted", json!({"kind": "deny", "reason": "service_deleted"})),
        (
            "too-many-requests",
            json!({"kind": "error", "code": "rate_limited", "parameters": {"wait_secs": 60}}),
        ),
        ("answer-does-not-fit", json!({"kind": "foreign"})),
    ];
    let walk = |(name, logon): &(&str, Value)| {
        let script = [ANNA, CODE, SUBMIT, "picture ", name, "\nexpect never serialized\n"];
        Walk::new(name, &script).answered(logon)
    };
    let mut walks: Vec<Walk> = reasons.iter().map(walk).collect();
    // What stands in the tile's place before it comes back, once.
    walks[0].script.push_str("picture code-wrong-message message\n");
    walks
}

/// No decision to be had.
fn without_decision() -> Vec<Walk> {
    let typed = "type \"TRASA username\" anna\n";
    vec![
        Walk::new(
            "no-network",
            &[
                "network down\nstart\npicture no-network\ntype \"User name\" anna\ntype Password $password\nsubmit\n",
                "expect step 2\n",
                typed,
                CODE,
                "picture waiting-for-network at \"Waiting for the network\"\ncancel after 2s\nsubmit\nexpect step 2\n",
                CODE,
                "clock virtual\nsubmit\npicture not-reached-no-network\n",
            ],
        ),
        Walk::new(
            "not-reached",
            &[
                "network silent\nclock virtual\n",
                ANNA,
                typed,
                CODE,
                SUBMIT,
                "picture not-reached\npicture not-reached-message message\nexpect never serialized\n",
            ],
        ),
        Walk::new(
            "something-else-answers",
            &[ANNA, typed, CODE, SUBMIT, "picture something-else-answers\nexpect never serialized\n"],
        )
        .front(Front::Page),
        Walk::new("no-decision", &[ANNA, CODE, SUBMIT, "picture no-decision\nexpect never serialized\n"])
            .answered(&json!({"kind": "unavailable"})),
        Walk::new(
            "offline-user",
            &[
                "network silent\nclock virtual\nstart\ntype \"User name\" olga\ntype Password $password\nsubmit\n",
                "expect step 2\npicture offline-user\nsubmit\nexpect logged-on\n",
            ],
        ),
    ]
}

/// Unlocking, Remote Desktop, elevation.
fn kinds() -> Vec<Walk> {
    vec![
        Walk::new(
            "unlock",
            &["start\npicture unlock\ntype Password $password(PC-07\\anna)\nsubmit\nexpect step 2\npicture unlock-step-2\n"],
        )
        .scenario("unlock", json!({"session": {"id": 1, "kind": "console", "owner": "PC-07\\anna"}})),
        Walk::new(
            "rdp",
            &["nla PC-07\\anna $password(PC-07\\anna)\nstart\nexpect step 2\npicture rdp-step-2\n"],
        )
        .scenario("rdp", json!({"session": {"id": 2, "kind": "remote"}})),
        Walk::new(
            "elevation",
            &[
                "start\npicture elevation\ntype \"User name\" olga\ntype Password $password\nsubmit\n",
                "pump 1s\nexpect step 2\npicture elevation-step-2\n",
            ],
        )
        .scenario("uac", json!({"process": {"consent": true, "system": true, "elevated": true}})),
    ]
}

/// With a server that can ring phones.
fn push() -> Vec<Walk> {
    let deny = |reason: &str| json!({"kind": "deny", "reason": reason});
    let ring =
        |then: Value| json!({"kind": "challenge", "number": "42", "seconds": 60, "looks": 2, "then": then});
    let with = |walk: Walk, logon: Value| walk.server(json!({"logon": logon, "push": true}));
    let refused = |name: &str, logon: Value| {
        let script = [ANNA, SUBMIT, "picture ", name, "\nexpect never serialized\n"];
        with(Walk::new(name, &script), logon)
    };
    vec![
        with(
            Walk::new(
                "push",
                &[
                    ANNA,
                    "picture push\npicture push-methods open \"2FA method\"\n",
                    // The number is there at once; seconds go by while the picture is taken.
                    "in-pictures \"# seconds left\" \"59 seconds left\"\n",
                    "picture push-number at \"on your phone\"\nsubmit\nexpect logged-on\n",
                ],
            ),
            ring(json!({"kind": "allow"})),
        ),
        with(
            Walk::new(
                "push-cancelled",
                &[ANNA, "cancel after 2s\nsubmit\npicture push-cancelled\nexpect never serialized\n"],
            ),
            json!({"kind": "challenge", "number": "42", "seconds": 60, "looks": 99, "then": {"kind": "allow"}}),
        ),
        refused("push-denied", ring(deny("push_denied"))),
        refused("push-expired", ring(deny("push_expired"))),
        refused("push-number-wrong", ring(deny("push_number_wrong"))),
        refused("push-busy", deny("push_busy")),
        refused("push-stopped", deny("push_stopped")),
        refused(
            "push-not-available",
            json!({"kind": "deny", "reason": "push_not_available", "parameters": {"methods": ["totp"]}}),
        ),
    ]
}

/// A machine that asks an original server: the phone is asked without a number, and a refusal is one word.
fn original() -> Vec<Walk> {
    // The method is the first field that a code needs; the name is always asked.
    let to_code = "type \"TRASA username\" anna\nchoose \"2FA method\" \"One-time code\"\n";
    let refused = |word: &str, picture: &str| {
        let script = [ANNA, to_code, CODE, SUBMIT, "picture ", picture, "\nexpect never serialized\n"];
        let walk = Walk::new(picture, &script).answered(&json!({"kind": "original", "refused": word}));
        Walk { original: true, ..walk }
    };
    let waiting = Walk::new(
        "original-push",
        &[
            ANNA,
            "picture original-step-2\ntype \"TRASA username\" anna\n",
            "in-pictures \"# seconds left\" \"59 seconds left\"\n",
            "picture original-push at \"Your phone is asked\"\ncancel after 2s\nsubmit\n",
        ],
    );
    let waiting = Walk { original: true, ..waiting.front(Front::Silence) };
    let phone = Walk::new(
        "original-push-refused",
        &[
            ANNA,
            "type \"TRASA username\" anna\n",
            SUBMIT,
            "picture original-push-refused\nexpect never serialized\n",
        ],
    );
    let phone = phone.answered(&json!({"kind": "original", "refused": "U2F_FAILED"}));
    let page = Walk::new(
        "original-not-understood",
        &[ANNA, to_code, CODE, SUBMIT, "picture original-not-understood\nexpect never serialized\n"],
    );
    vec![
        waiting,
        Walk { original: true, ..phone },
        refused("INVALID_TOTP", "original-code-refused"),
        refused("DEVICE_NOT_FOUND", "original-no-device"),
        refused("ADHOC_POLICY_FAILED", "original-approval-missing"),
        refused("invalid service integration details", "original-configuration-refused"),
        Walk { original: true, ..page.front(Front::Page) },
    ]
}

/// What changes the machine.
fn at_last() -> Vec<Walk> {
    let watching = Walk::new("watching", &[ANNA, "picture watching\n"])
        .server(json!({"logon": {"kind": "allow"}, "watch": true}));
    let mut damaged = Walk::new(
        "damaged",
        &[
            "start\npicture damaged\ntype \"User name\" anna\ntype Password $password\nsubmit\n",
            "picture damaged-refused\nexpect never serialized\n",
        ],
    );
    damaged.damaged = true;
    vec![watching, damaged]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_screens_have_the_same_name() {
        let names: Vec<String> = all().iter().flat_map(Walk::pictures).collect();
        assert!(names.len() > 50);
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        let walks: BTreeSet<String> = all().into_iter().map(|it| it.name).collect();
        assert_eq!(walks.len(), all().len());
    }

    #[test]
    fn what_damages_the_machine_comes_last() {
        let damaged: Vec<bool> = all().iter().map(|it| it.damaged).collect();
        assert!(damaged.is_sorted());
    }
}
