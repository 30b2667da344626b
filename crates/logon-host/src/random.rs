//! Random orders of calls, the same for the same seed.

use zeroize::Zeroizing;

use crate::script::{Cancel, RawCall, RawMethod as M, Scenario};

/// One step of a random walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A call as it stands.
    Raw(RawCall),
    /// The whole of a submit.
    Submit,
    /// What CredentialsChanged causes.
    ReEnumerate,
    /// The next submit is cancelled.
    Cancel(Cancel),
    /// Everything is released and a new provider created.
    Recreate,
    /// Everything is released, the DLL unloaded and loaded again.
    Reload,
    /// The provider's threads get a moment.
    Pump,
}

impl Step {
    /// The step as it is printed.
    pub fn text(&self) -> String {
        match self {
            Self::Raw(call) => format!("raw {}{}", if call.null { "null " } else { "" }, call.method.text()),
            Self::Submit => "submit".into(),
            Self::ReEnumerate => "re-enumerate".into(),
            Self::Cancel(_) => "cancel".into(),
            Self::Recreate => "(release everything, create again)".into(),
            Self::Reload => "(release everything, unload, load again)".into(),
            Self::Pump => "pump 5ms".into(),
        }
    }
}

/// SplitMix64: small, good enough, and the same everywhere.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Begins with a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not zero.
    pub fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.next() % u64::from(bound)).unwrap_or(0)
    }

    fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(u32::try_from(list.len()).unwrap_or(1)) as usize]
    }

    /// The next step; with `nulls` some calls get null pointers.
    pub fn step(&mut self, nulls: bool) -> Step {
        match self.below(100) {
            0..=9 => Step::Submit,
            10..=15 => Step::ReEnumerate,
            16..=18 => Step::Cancel(Cancel::AtOnce),
            19..=20 => Step::Recreate,
            21 => Step::Reload,
            22..=25 => Step::Pump,
            _ => Step::Raw(RawCall { null: self.below(12) == 0 && nulls, method: self.method() }),
        }
    }

    /// Mostly a field that there may be, sometimes none.
    fn field(&mut self) -> u32 {
        if self.below(8) == 0 {
            self.one_of(&[99, 255, 256, u32::MAX, u32::MAX - 1, 1 << 31])
        } else {
            self.below(20)
        }
    }

    fn text(&mut self) -> Zeroizing<String> {
        let long = "x".repeat(3000);
        let texts =
            ["", "anna", "WS01\\anna", "000000", "wrong", "ä\u{202e}\u{1F511}", "a\\b\\c@d", long.as_str()];
        Zeroizing::new(self.one_of(&texts).to_owned())
    }

    fn scenario(&mut self) -> Scenario {
        use Scenario as S;
        let known = [S::Logon, S::Logon, S::Unlock, S::Rdp, S::Uac, S::ChangePassword, S::Plap];
        if self.below(6) == 0 {
            S::Number(self.one_of(&[0, -1, 6, 99, i32::MAX]))
        } else {
            self.one_of(&known)
        }
    }

    fn bytes(&mut self) -> Option<Vec<u8>> {
        match self.below(4) {
            0 => None,
            1 => Some(Vec::new()),
            2 => Some((0..self.below(200)).map(|_| self.next().to_le_bytes()[0]).collect()),
            _ => {
                let mut bytes = crate::kerb::pack("WS01", "anna", "wrong").to_vec();
                let at = self.below(u32::try_from(bytes.len()).unwrap_or(1)) as usize;
                bytes[at] = self.next().to_le_bytes()[0];
                Some(bytes)
            }
        }
    }

    fn method(&mut self) -> M {
        match self.below(30) {
            0 => M::SetUsageScenario(self.scenario(), self.below(3)),
            1 => M::SetSerialization(self.bytes()),
            2 => M::Advise,
            3 => M::UnAdvise,
            4 => M::GetFieldDescriptorCount,
            5 => M::GetFieldDescriptorAt(self.field()),
            6 => M::GetCredentialCount,
            7 => M::GetCredentialAt(self.one_of(&[0, 0, 0, 1, 99, u32::MAX])),
            8 => M::CredentialAdvise,
            9 => M::CredentialUnAdvise,
            10 | 11 => M::SetSelected,
            12 => M::SetDeselected,
            13 => M::GetFieldState(self.field()),
            14 => M::GetStringValue(self.field()),
            15 => M::GetBitmapValue(self.field()),
            16 => M::GetCheckboxValue(self.field()),
            17 => M::GetSubmitButtonValue(self.field()),
            18 => M::GetComboBoxValueCount(self.field()),
            19 => M::GetComboBoxValueAt(self.field(), self.field()),
            20 | 21 => M::SetStringValue(self.field(), self.text()),
            22 => M::SetCheckboxValue(self.field(), self.below(2) == 0),
            23 => M::SetComboBoxSelectedValue(self.field(), self.field()),
            24 => M::CommandLinkClicked(self.field()),
            25 => M::ReportResult(self.one_of(crate::codes::STATUSES).1, 0),
            26 => M::Connect,
            27 => M::Disconnect,
            28 => M::DllCanUnloadNow,
            _ => M::GetSerialization,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_walk() {
        let walk = |seed| {
            let mut random = Random::new(seed);
            (0..50).map(|_| random.step(true).text()).collect::<Vec<_>>()
        };
        assert_eq!(walk(7), walk(7));
        assert_ne!(walk(7), walk(8));
    }

    #[test]
    fn every_kind_of_step_comes() {
        let mut random = Random::new(1);
        let texts: std::collections::HashSet<String> = (0..20_000)
            .filter_map(|_| random.step(true).text().split(' ').next().map(str::to_owned))
            .collect();
        assert!(texts.contains("raw") && texts.contains("submit") && texts.contains("re-enumerate"));
        let mut random = Random::new(2);
        assert!((0..20_000).any(|_| random.step(true) == Step::Reload));
    }
}
