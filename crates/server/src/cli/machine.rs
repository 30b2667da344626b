//! `trasa-server machine …`

use super::table::{instant, instant_or, table};
use super::{Console, Failure};
use crate::clock::now;
use crate::store::OrganisationId;
use crate::store::machine_states::{Machine, MachineChange};
use protocol::v2::{Account, Registration, SafeModeBoot};
use serde::Deserialize;

/// Admitted Windows installations.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the machines.
    List,
    /// Show a machine, with what its agent told last.
    #[command(after_help = "Example: trasa-server machine show PC-07 --json")]
    Show {
        /// Name or id.
        machine: String,
    },
    /// Let a waiting machine in.
    Approve {
        /// Name or id.
        machine: String,
    },
    /// Remove a machine: everybody is refused there, its key is never admitted again.
    Revoke {
        /// Name or id.
        machine: String,
    },
    /// Undo a mistaken removal; take a machine back that a restored store did not know.
    Readmit {
        /// Name or id.
        machine: String,
    },
    /// Let the agent disarm at its next report.
    Release {
        /// Name or id.
        machine: String,
    },
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] with what to do.
pub async fn run(command: Command, at: &Console) -> Result<(), Failure> {
    let store = at.open()?;
    let (machine, change) = match command {
        Command::List => {
            let machines = store.machines(OrganisationId::DEFAULT).await?;
            let rows = machines.iter().map(line).collect();
            let empty =
                "There is no machine yet: TrasaConfig set --service-id I --server A, on a Windows machine.";
            return at.show(&machines, &table(&HEADINGS, rows, empty));
        }
        Command::Show { machine } => {
            let machine = store.machine(OrganisationId::DEFAULT, machine).await?;
            return at.show(&machine, &described(&machine, now()).join("\n"));
        }
        Command::Approve { machine } => (machine, MachineChange::Approve),
        Command::Revoke { machine } => (machine, MachineChange::Revoke),
        Command::Readmit { machine } => (machine, MachineChange::Readmit),
        Command::Release { machine } => (machine, MachineChange::Release),
    };
    let machine = store.change_machine(OrganisationId::DEFAULT, (machine, change), at.actor(), now()).await?;
    at.show(&machine, &table(&HEADINGS, vec![line(&machine)], ""))
}

const HEADINGS: [&str; 7] = ["NAME", "SERVICE", "STATE", "GUARD", "LAST SEEN", "AGENT", "ID"];

fn line(machine: &Machine) -> Vec<String> {
    let agent = machine.versions.get("agent").and_then(serde_json::Value::as_str).unwrap_or_default();
    vec![
        machine.name.clone(),
        machine.service.clone(),
        machine.state.clone(),
        guard(machine, now()).to_owned(),
        instant_or(machine.last_seen, "never"),
        agent.to_owned(),
        machine.id.to_string(),
    ]
}

/// What is shown of a machine's last report. What an older agent did not tell is left at its default.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Told {
    armed: bool,
    state: String,
    registration: Registration,
    probation_until: Option<i64>,
    administrators: Vec<Account>,
    safe_mode_boots: Vec<SafeModeBoot>,
    notices: Vec<String>,
    time: i64,
}

fn told(machine: &Machine) -> Option<Told> {
    machine.report.as_ref().and_then(|report| Told::deserialize(report).ok())
}

/// Whether the agent guards, in one word.
fn guard(machine: &Machine, now: i64) -> &'static str {
    match told(machine) {
        None => "unknown",
        Some(told) if told.state == "damaged" => "damaged",
        Some(told) if told.armed && told.probation_until.is_some_and(|until| now < until) => "probation",
        Some(told) if told.armed => "armed",
        Some(_) => "off",
    }
}

fn described(machine: &Machine, now: i64) -> Vec<String> {
    let mut lines = vec![
        format!("Machine:    {} ({})", machine.name, machine.id),
        format!("Service:    {}", machine.service),
        format!("State:      {} since {}", machine.state, instant(machine.state_since)),
    ];
    if machine.host != machine.name {
        lines.push(format!("Host:       {}", machine.host));
    }
    lines.extend(machine.domain.iter().map(|domain| format!("Domain:     {domain}")));
    lines.push(format!(
        "Last seen:  {} from {}",
        instant_or(machine.last_seen, "never"),
        machine.last_address.as_deref().unwrap_or("nowhere")
    ));
    let version =
        |name: &str| machine.versions.get(name).and_then(serde_json::Value::as_str).unwrap_or("unknown");
    lines.push(format!("Versions:   agent {}, Windows {}", version("agent"), version("windows")));
    let Some(told) = told(machine) else {
        lines.push("Its agent has not reported yet.".to_owned());
        return lines;
    };
    lines.push(format!("Report:     {}", instant(told.time)));
    lines.push(format!("Guard:      {}", guard(machine, now)));
    if let Some(until) = told.probation_until.filter(|until| now < *until) {
        lines.push(format!("Probation:  until {}, or the first logon that is allowed", instant(until)));
    }
    let there = |there: bool| if there { "registered" } else { "missing" };
    let Registration { provider, filter } = told.registration;
    lines.push(format!("Provider:   {}, filter {}", there(provider), there(filter)));
    for account in &told.administrators {
        lines.push(format!("Administrator of it: {}\\{}", account.domain, account.name));
    }
    for boot in &told.safe_mode_boots {
        let network = if boot.network { " with networking" } else { "" };
        lines.push(format!("Safe mode:  {}{network}", instant(boot.time)));
    }
    lines.extend(told.notices.iter().map(|notice| format!("Notice:     {notice}")));
    lines
}

#[cfg(test)]
mod tests {
    use super::{described, guard};
    use crate::store::machine_states::Machine;
    use protocol::id::{MachineId, ServiceId};
    use serde_json::{Value, json};

    const NOW: i64 = 1_790_000_000;

    fn machine(report: Option<Value>) -> Machine {
        Machine {
            id: MachineId::new([1; 16]),
            name: "PC-07".to_owned(),
            host: "PC-70".to_owned(),
            domain: Some("acme.example".to_owned()),
            service: "Workstations".to_owned(),
            service_id: ServiceId::new([2; 16]),
            state: "approved".to_owned(),
            state_since: NOW,
            admitted_by: "key:1".to_owned(),
            admitted: NOW,
            last_seen: Some(NOW),
            last_address: Some("10.0.0.7".to_owned()),
            versions: json!({"agent": "0.1.0", "windows": "10.0.22631"}),
            report,
        }
    }

    #[test]
    fn whether_it_guards_in_one_word() {
        for (report, expect) in [
            (None, "unknown"),
            (Some(json!("odd")), "unknown"),
            (Some(json!({"armed": false, "state": "verified"})), "off"),
            (Some(json!({"armed": true, "state": "armed"})), "armed"),
            (Some(json!({"armed": true, "state": "armed", "probation_until": NOW + 1})), "probation"),
            (Some(json!({"armed": true, "state": "armed", "probation_until": NOW})), "armed"),
            (Some(json!({"armed": true, "state": "damaged"})), "damaged"),
        ] {
            assert_eq!(guard(&machine(report.clone()), NOW), expect, "{report:?}");
        }
    }

    #[test]
    fn everything_that_its_agent_told_is_shown() {
        let report = json!({
            "armed": true,
            "state": "armed",
            "registration": {"provider": true, "filter": false},
            "probation_until": NOW + 60,
            "administrators": [{"sid": null, "domain": "PC-70", "dns_domain": null, "name": "boss", "kind": "local"}],
            "safe_mode_boots": [{"time": NOW - 60, "network": true}],
            "notices": ["host_renamed"],
            "time": NOW,
        });
        let text = described(&machine(Some(report)), NOW).join("\n");
        for line in [
            "Machine:    PC-07",
            "Host:       PC-70",
            "Guard:      probation",
            "Provider:   registered, filter missing",
            "Administrator of it: PC-70\\boss",
            "with networking",
            "Notice:     host_renamed",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert!(described(&machine(None), NOW).join("\n").ends_with("has not reported yet."));
    }
}
