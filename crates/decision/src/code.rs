//! One-time codes: RFC 6238 over RFC 4226, six digits, 30 seconds, and which of them is accepted.
//!
//! A code is exactly six ASCII digits; anything around it makes it malformed, so that no second
//! spelling of a used code exists.
//!
//! # Which steps are used
//! A step is 30 seconds, counted from 1970. Of each device the store keeps the last accepted step; a
//! step at or below it is used. Were the server's clock ahead once and then set back, that number
//! would lie in the future and refuse every code until the clock gets there. So a last step more
//! than [`CLOCK_STEPS`] beyond the newest one acceptable now counts as no used step, and the next
//! accepted one replaces it. A smaller lead still counts: a clock that is corrected by up to five
//! minutes makes nobody's old code good again; the person waits those minutes at most.

use core::fmt;
use core::fmt::Write as _;
use subtle::{Choice, ConstantTimeEq};
use totp_rs::{Builder, Totp};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Length of a step in seconds.
pub const STEP_SECS: u64 = 30;
/// Steps before and after the current one whose codes are accepted.
pub const ACCEPTED_STEPS: u64 = 1;
/// Steps before and after the current one in which a code is recognised as that of a phone whose
/// clock is off. Such a code is never accepted.
pub const CLOCK_STEPS: u64 = 10;

/// A text that may be a code: six ASCII digits.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Code([u8; 6]);

impl Code {
    /// Reads exactly six ASCII digits; `None` for anything else, blanks included.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits: [u8; 6] = text.as_bytes().try_into().ok()?;
        digits.iter().all(u8::is_ascii_digit).then_some(Self(digits))
    }

    fn is(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code([REDACTED])")
    }
}

/// What came in the place of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// Nothing.
    Missing,
    /// Something that is not six digits.
    Malformed,
    /// Six digits.
    Code(Code),
}

impl Given {
    /// Reads what was typed; an empty text is nothing.
    #[must_use]
    pub fn read(text: Option<&str>) -> Self {
        match text {
            None | Some("") => Self::Missing,
            Some(text) => Code::parse(text).map_or(Self::Malformed, Self::Code),
        }
    }
}

/// The hash of the HMAC. New devices get SHA-1, which every authenticator app knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Algorithm {
    /// HMAC-SHA-1
    #[default]
    Sha1,
    /// HMAC-SHA-256
    Sha256,
    /// HMAC-SHA-512
    Sha512,
}

/// The secret is shorter than the 128 bits that RFC 4226 demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret of a one-time code device has less than 128 bits")]
pub struct SecretTooShort;

/// What a device makes its codes from; wiped when dropped.
#[derive(Clone)]
pub struct TotpSecret(Totp);

impl TotpSecret {
    /// From the raw bytes (not base32).
    ///
    /// # Errors
    /// Fewer than 16 bytes.
    pub fn new(secret: &[u8], algorithm: Algorithm) -> Result<Self, SecretTooShort> {
        let algorithm = match algorithm {
            Algorithm::Sha1 => totp_rs::Algorithm::SHA1,
            Algorithm::Sha256 => totp_rs::Algorithm::SHA256,
            Algorithm::Sha512 => totp_rs::Algorithm::SHA512,
        };
        Builder::new()
            .with_algorithm(algorithm)
            .with_digits(6)
            .with_step_duration(STEP_SECS)
            .with_secret(secret)
            .build()
            .map(Self)
            .map_err(|_| SecretTooShort)
    }

    /// The code of a step.
    #[must_use]
    pub fn code_at(&self, step: u64) -> Code {
        let mut digits = Digits { code: Code([b'0'; 6]), len: 0 };
        // A step beyond the end of time has the code of the last one: there is none to be right.
        let token = self.0.generate(step.saturating_mul(STEP_SECS));
        // Six digits always fit.
        let _ = write!(digits, "{token}");
        digits.code
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret([REDACTED])")
    }
}

/// What became of a code, from the worst to the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It belongs to no step near now.
    Wrong,
    /// It belongs to a step near now, too far for being accepted: the phone's clock is off by so
    /// many seconds, positive when it is ahead.
    ClockOff {
        /// A multiple of 30.
        offset_secs: i64,
    },
    /// It belongs to a step that was used, or lies before one that was.
    Used,
    /// It is right and was not used.
    Accepted {
        /// The step that is used from now on.
        step: u64,
    },
}

/// The step of a time in Unix seconds; times before 1970 have step 0.
#[must_use]
pub fn step_at(now: i64) -> u64 {
    u64::try_from(now).unwrap_or(0) / STEP_SECS
}

/// The last accepted step as far as it counts now; see the module's text.
#[must_use]
pub fn used_up_to(last_step: Option<u64>, now: i64) -> Option<u64> {
    last_step.filter(|last| *last <= step_at(now).saturating_add(ACCEPTED_STEPS + CLOCK_STEPS))
}

/// Judges a code. Whatever is refused took the same work: every step of the window is computed and
/// compared, so that the time tells nothing about the code.
#[must_use]
pub fn judge(secret: &TotpSecret, code: &Code, last_step: Option<u64>, now: i64) -> Verdict {
    let current = step_at(now);
    let used = used_up_to(last_step, now);
    let meaning_of = |step: u64| {
        if used.is_some_and(|last| step <= last) {
            return Verdict::Used;
        }
        let ahead = step.cast_signed() - current.cast_signed();
        if ahead.unsigned_abs() <= ACCEPTED_STEPS {
            Verdict::Accepted { step }
        } else {
            Verdict::ClockOff { offset_secs: ahead * STEP_SECS.cast_signed() }
        }
    };
    let best_within = |steps: u64| {
        let mut best = Verdict::Wrong;
        for step in current.saturating_sub(steps)..=current.saturating_add(steps) {
            let fits = bool::from(secret.code_at(step).is(code));
            let meaning = meaning_of(step);
            if fits {
                best = best.max(meaning);
            }
        }
        best
    };
    // A right code, by far the most frequent, is answered without looking further.
    match best_within(ACCEPTED_STEPS) {
        accepted @ Verdict::Accepted { .. } => accepted,
        _ => best_within(CLOCK_STEPS),
    }
}

/// Takes as long as judging a code and learns nothing: for answers that must take one time whether
/// or not there was anything to compare with.
pub(crate) fn spend_time(given: &Given, now: i64) {
    // Any secret will do; its codes are thrown away.
    let Ok(decoy) = TotpSecret::new(&[0x5a; 20], Algorithm::Sha1) else { return };
    let code = match given {
        Given::Code(code) => code.clone(),
        Given::Missing | Given::Malformed => Code([b'0'; 6]),
    };
    core::hint::black_box(judge(&decoy, &code, None, now));
}

struct Digits {
    code: Code,
    len: usize,
}

impl fmt::Write for Digits {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len.checked_add(text.len()).ok_or(fmt::Error)?;
        self.code.0.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
