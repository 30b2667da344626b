//! Group policy: `HKLM\SOFTWARE\Policies\TRASA`, which only administrators and Windows itself may write.

use agent::ports::{Policies, PolicyName};

use super::key::Key;

const ROOT: &str = r"SOFTWARE\Policies\TRASA";

/// The policies of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct WindowsPolicies;

impl Policies for WindowsPolicies {
    fn policy(&self, name: PolicyName) -> Option<String> {
        let key = Key::open(ROOT).ok()?;
        key.text(name.value_name()).or_else(|_| key.number(name.value_name()).map(|it| it.to_string())).ok()
    }
}
