//! What the network does.

use serde::Deserialize;

/// State of the network as a program meets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// The real one.
    Up,
    /// No interface has a link.
    Down,
    /// There is a link, and no name resolves.
    NoDns,
    /// Packets vanish: connections time out.
    Silent,
}

impl Network {
    /// The word of scripts and world files.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "up" => Self::Up,
            "down" => Self::Down,
            "no-dns" => Self::NoDns,
            "silent" => Self::Silent,
            _ => return None,
        })
    }

    /// The state as a number, for an atomic.
    pub fn to_number(self) -> u32 {
        match self {
            Self::Up => 0,
            Self::Down => 1,
            Self::NoDns => 2,
            Self::Silent => 3,
        }
    }

    /// The opposite of [`Self::to_number`]; unknown numbers are [`Self::Up`].
    pub fn from_number(number: u32) -> Self {
        [Self::Up, Self::Down, Self::NoDns, Self::Silent]
            .into_iter()
            .find(|it| it.to_number() == number)
            .unwrap_or(Self::Up)
    }
}
