//! The scenes, grouped by what they are about.

use super::Scene;

/// All scenes in the order they are played.
pub const ALL: &[Scene] = &[];
