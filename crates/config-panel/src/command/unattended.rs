//! `unattended`: what the installer's action runs.

use crate::arguments::Unattended;
use crate::console::{Console, Failure};
use crate::flow::arm::{Outcome, Wish};
use crate::flow::unattended::{Admission, Order, run as set_up};
use crate::flow::verify_and_save::{Input, SAVED};
use crate::panel::Panel;
use agent::config;
use serde_json::json;

pub(super) fn run(arguments: Unattended, panel: &Panel, console: &mut Console<'_>) -> Result<(), Failure> {
    let order = order(arguments)?;
    let done = set_up(panel, &order)?;
    let state = config::load(&panel.services).state.name();
    let mut lines = vec![match &done.saved {
        Some(_) => SAVED.to_owned(),
        None => format!("The configuration stays as it was ({state})."),
    }];
    if let Some(file) = &done.token_file_left {
        lines.push(format!("[!] The token file {} could not be removed. Remove it by hand.", file.display()));
    }
    if done.saved.as_ref().is_some_and(|saved| !saved.approved) {
        lines.push("This computer waits for an administrator's approval in TRASA.".to_owned());
    }
    let arming = match &done.arming {
        None => None,
        Some(Outcome::Armed(_)) => {
            lines.push("The Windows logon of this computer is guarded.".to_owned());
            Some("armed")
        }
        Some(Outcome::Waits(waits)) => {
            lines.push(format!("Arming waits. {}", waits.waits_for.1));
            Some("waits")
        }
    };
    let shown = json!({
        "state": state,
        "admitted": done.saved.is_some(),
        "approved": done.saved.as_ref().map(|saved| saved.approved),
        "arming": arming,
        "token_file_left": done.token_file_left.is_some(),
    });
    console.show(&shown, &lines)
}

fn order(arguments: Unattended) -> Result<Order, Failure> {
    let given = |text: String| Some(text).filter(|text| !text.trim().is_empty());
    let offline_users = given(arguments.offline_users);
    let (arm, without_offline_user) = (arguments.arm.0, arguments.without_offline_user.0);
    if arm && offline_users.is_none() && !without_offline_user {
        return Err(Failure::usage(
            "--arm needs --offline-users, accounts that can sign in while the server cannot be reached, or --without-offline-user=1.",
        ));
    }
    let admission = match (given(arguments.service_id), given(arguments.server), given(arguments.token_file))
    {
        (Some(service_id), Some(server), Some(token_file)) => Some(Admission {
            input: Input {
                service_id: Some(service_id),
                server: Some(server),
                offline_users,
                skip_tls_verification: Some(arguments.skip_tls.0),
                ..Input::default()
            },
            token_file: token_file.into(),
        }),
        (None, None, None) => None,
        _ => return Err(Failure::usage("--service-id, --server and --token-file belong together.")),
    };
    let wish = Wish { without_trial: true, without_offline_user, probation: arguments.probation.0 };
    Ok(Order { admission, arming: arm.then_some(wish) })
}
