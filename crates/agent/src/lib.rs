//! See Cargo.toml for what this crate is; its modules follow.
