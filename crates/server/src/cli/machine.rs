//! `trasa-server machine …`

use super::table::{instant_or, table};
use super::{Console, Failure};
use crate::clock::now;
use crate::store::OrganisationId;
use crate::store::machine_states::{Machine, MachineChange};

/// Admitted Windows installations.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the machines.
    List,
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
        Command::Approve { machine } => (machine, MachineChange::Approve),
        Command::Revoke { machine } => (machine, MachineChange::Revoke),
        Command::Readmit { machine } => (machine, MachineChange::Readmit),
        Command::Release { machine } => (machine, MachineChange::Release),
    };
    let machine = store.change_machine(OrganisationId::DEFAULT, (machine, change), at.actor(), now()).await?;
    at.show(&machine, &table(&HEADINGS, vec![line(&machine)], ""))
}

const HEADINGS: [&str; 6] = ["NAME", "SERVICE", "STATE", "LAST SEEN", "AGENT", "ID"];

fn line(machine: &Machine) -> Vec<String> {
    let agent = machine.versions.get("agent").and_then(serde_json::Value::as_str).unwrap_or_default();
    vec![
        machine.name.clone(),
        machine.service.clone(),
        machine.state.clone(),
        instant_or(machine.last_seen, "never"),
        agent.to_owned(),
        machine.id.to_string(),
    ]
}
