//! The Windows event log. What can be written is a catalogue: a constructor each, ids in ranges.

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the three kinds of the Windows event log")]
pub enum Level {
    Information,
    Warning,
    Error,
}

/// An entry. Made by its constructors only; holds no secret and nothing that was typed except the
/// name of an account that Windows itself knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    id: u32,
    level: Level,
    text: String,
}

/// Where entries go; source `TRASA`. Never fails: an entry that cannot be written is lost.
pub trait EventLog: Send + Sync {
    /// Writes one entry.
    fn write(&self, event: &Event);
}

/// 100 to 199: the state of this machine.
impl Event {
    /// The agent guards the logon from now on.
    #[must_use]
    pub fn armed() -> Self {
        Self::new(
            100,
            Level::Information,
            "TRASA guards the Windows logon of this computer from now on.".into(),
        )
    }

    /// The agent guards no longer.
    #[must_use]
    pub fn disarmed(why: &str) -> Self {
        Self::new(
            101,
            Level::Warning,
            format!("TRASA no longer guards the Windows logon of this computer: {why}."),
        )
    }

    /// A verified configuration was saved.
    #[must_use]
    pub fn configuration_saved() -> Self {
        Self::new(102, Level::Information, "A verified TRASA configuration was saved.".into())
    }

    /// The configuration is damaged while armed.
    #[must_use]
    pub fn damaged(why: &str) -> Self {
        Self::new(
            110,
            Level::Error,
            format!("The TRASA configuration is damaged: {why}. Only offline users can sign in."),
        )
    }

    /// A trial logon passed: somebody would have been let in. No short code in version 1.
    #[must_use]
    pub fn trial_passed(account: &str, short_code: &str) -> Self {
        let named = if short_code.is_empty() { String::new() } else { format!(" ({short_code})") };
        Self::new(103, Level::Information, format!("A trial logon of {account} passed{named}."))
    }

    /// A trial logon did not pass. Nobody was refused.
    #[must_use]
    pub fn trial_failed(why: &str) -> Self {
        Self::new(104, Level::Information, format!("A trial logon did not pass: {why}"))
    }

    /// The agent is to arm as soon as it may.
    #[must_use]
    pub fn arming_waits(why: &str) -> Self {
        Self::new(
            105,
            Level::Information,
            format!(
                "TRASA will guard the Windows logon of this computer as soon as nothing is in the way: {why}"
            ),
        )
    }

    /// An unattended installation did not get what it wanted.
    #[must_use]
    pub fn set_up_failed(why: &str) -> Self {
        Self::new(120, Level::Error, format!("TRASA could not be set up on this computer: {why}"))
    }

    /// One copy of the offline users was bad and has been rewritten from the other.
    #[must_use]
    pub fn offline_copy_rewritten(which: &str, why: &str) -> Self {
        Self::new(
            111,
            Level::Warning,
            format!("The list of offline users in the {which} was rewritten from its copy: {why}."),
        )
    }
}

/// 200 to 299: logons.
impl Event {
    /// The server allowed a logon.
    #[must_use]
    pub fn logon_allowed(account: &str, reason: &str, short_code: &str) -> Self {
        Self::new(
            200,
            Level::Information,
            format!("Logon of {account} allowed by the server ({reason}, {short_code})."),
        )
    }

    /// A server of version 1 allowed a logon; nothing proves that it was the server.
    #[must_use]
    pub fn logon_allowed_unsigned(account: &str, reason: &str) -> Self {
        Self::new(
            200,
            Level::Information,
            format!("Logon of {account} allowed by the server ({reason}, protocol version 1)."),
        )
    }

    /// A server of version 1 let an account pass that no access of the service names.
    #[must_use]
    pub fn logon_passed_through(account: &str) -> Self {
        Self::new(
            203,
            Level::Warning,
            format!(
                "{account} passed without a second factor: the server passes through whom no access names."
            ),
        )
    }

    /// The server denied a logon.
    #[must_use]
    pub fn logon_denied(account: &str, reason: &str, short_code: &str) -> Self {
        Self::new(
            201,
            Level::Warning,
            format!("Logon of {account} denied by the server ({reason}, {short_code})."),
        )
    }

    /// The server refused to decide.
    #[must_use]
    pub fn logon_refused(account: &str, code: &str) -> Self {
        Self::new(202, Level::Warning, format!("Logon of {account} refused: {code}."))
    }

    /// A listed account passed without a decision.
    #[must_use]
    pub fn offline_allowed(account: &str, why: &str) -> Self {
        Self::new(
            210,
            Level::Warning,
            format!("{account} passed as an offline user without a second factor: {why}."),
        )
    }

    /// An account was refused because there was no decision.
    #[must_use]
    pub fn offline_refused(account: &str, why: &str) -> Self {
        Self::new(
            211,
            Level::Warning,
            format!("{account} was refused, no decision and not an offline user: {why}."),
        )
    }

    /// In watch mode an account passed without a decision.
    #[must_use]
    pub fn watch_passed(account: &str, why: &str) -> Self {
        Self::new(212, Level::Warning, format!("{account} passed in watch mode without a decision: {why}."))
    }
}

/// 300 to 399: the server.
impl Event {
    /// An address gave no usable answer.
    #[must_use]
    pub fn address_failed(address: &str, why: &str) -> Self {
        Self::new(300, Level::Warning, format!("The TRASA server at {address} gave no answer: {why}."))
    }

    /// A newer list of server keys was accepted.
    #[must_use]
    pub fn keys_accepted(epoch: u32, serial: u32) -> Self {
        Self::new(
            301,
            Level::Information,
            format!("A newer list of server keys was accepted (epoch {epoch}, serial {serial})."),
        )
    }

    /// This computer's clock is off.
    #[must_use]
    pub fn clock_off(offset_secs: i64) -> Self {
        Self::new(
            302,
            Level::Warning,
            format!("The clock of this computer is {offset_secs} s off the TRASA server's."),
        )
    }
}

/// 900 to 999: faults of the agent itself.
impl Event {
    /// A panic was caught at the COM boundary; `place` is a source file and line.
    #[must_use]
    pub fn panic_caught(place: &str) -> Self {
        Self::new(900, Level::Error, format!("An internal error of the TRASA agent was caught at {place}."))
    }

    /// Something that must work did not; the logon was refused.
    #[must_use]
    pub fn internal_error(what: &str) -> Self {
        Self::new(901, Level::Error, format!("An internal error of the TRASA agent: {what}."))
    }
}

impl Event {
    /// Names come from outside: what could forge a line or hide text is escaped (B59).
    fn new(id: u32, level: Level, text: String) -> Self {
        Self { id, level, text: crate::printable::printable(&text) }
    }

    /// The id in the event log.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// The level.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// One line, no control characters.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::Event;

    #[test]
    fn control_characters_cannot_forge_a_log_line() {
        let event =
            Event::offline_allowed("HOST\\bat\r\nLogon of HOST\\root allowed\u{202e}\u{1b}[2J\0", "x");
        assert!(!event.text().chars().any(|c| c.is_control() || c == '\u{202e}'));
        assert!(event.text().contains("bat\\u{d}\\u{a}Logon"));
    }
}
