//! Sets of methods.

use alloc::vec::Vec;
use core::fmt;
use protocol::v2::Method;

/// Some of the methods by which a person proves themself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Methods {
    /// A phone is rung.
    pub push: bool,
    /// A one-time code.
    pub totp: bool,
}

impl Methods {
    /// None.
    pub const NONE: Self = Self { push: false, totp: false };
    /// Every method there is.
    pub const ALL: Self = Self { push: true, totp: true };

    /// Only the codes.
    pub const TOTP: Self = Self { push: false, totp: true };

    /// Whether a method belongs to the set; [`Method::Auto`] does if anything does.
    #[must_use]
    pub const fn contains(self, method: Method) -> bool {
        match method {
            Method::Push => self.push,
            Method::Totp => self.totp,
            Method::Auto => !self.is_empty(),
        }
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        !self.push && !self.totp
    }

    /// What is in either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self { push: self.push || other.push, totp: self.totp || other.totp }
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self { push: self.push && other.push, totp: self.totp && other.totp }
    }

    /// The methods one by one.
    #[must_use]
    pub fn list(self) -> Vec<Method> {
        let mut list = Vec::new();
        if self.push {
            list.push(Method::Push);
        }
        if self.totp {
            list.push(Method::Totp);
        }
        list
    }
}

impl FromIterator<Method> for Methods {
    /// [`Method::Auto`] stands for all.
    fn from_iter<I: IntoIterator<Item = Method>>(methods: I) -> Self {
        methods.into_iter().fold(Self::NONE, |set, method| {
            set.or(match method {
                Method::Push => Self { push: true, totp: false },
                Method::Totp => Self::TOTP,
                Method::Auto => Self::ALL,
            })
        })
    }
}

/// As a list with commas, for example `push, totp`.
impl fmt::Display for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.push, self.totp) {
            (true, true) => "push, totp",
            (true, false) => "push",
            (false, true) => "totp",
            (false, false) => "none",
        })
    }
}

/// The word of a method on the wire and the command line.
pub(crate) const fn word(method: Method) -> &'static str {
    match method {
        Method::Push => "push",
        Method::Totp => "totp",
        Method::Auto => "auto",
    }
}
