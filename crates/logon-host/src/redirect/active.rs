//! The world that is being played in this process.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::world::{Clock, Network, World};

/// The world in play and what changes while it is.
pub struct Active {
    world: RwLock<World>,
    /// Offsets of the clocks.
    pub clock: Clock,
    network: AtomicU32,
    /// Where access control lists are kept.
    pub state_folder: PathBuf,
    /// The event log file.
    pub events_file: PathBuf,
    /// Whether this is a program under `exec`, whose token is an administrator's unless the world says otherwise.
    pub is_exec: bool,
}

static ACTIVE: OnceLock<Active> = OnceLock::new();

/// Begins to play a world; the first one of a process stays.
pub fn activate(world: World, is_exec: bool) -> &'static Active {
    let (boot_id, safe_mode) = (world.boot_id, world.safe_mode);
    let active = ACTIVE.get_or_init(|| {
        let temp = std::env::temp_dir();
        let clock = Clock::default();
        clock.set_wall(world.time_offset_s.saturating_mul(10_000_000));
        clock.add_uptime(super::clocks::uptime_offset(world.uptime_s));
        Active {
            clock,
            network: AtomicU32::new(world.network.to_number()),
            state_folder: world.state_folder(&temp),
            events_file: world.events_file(&temp),
            world: RwLock::new(world),
            is_exec,
        }
    });
    if super::registry::notice_restart(boot_id) {
        super::event_query::note_start(boot_id, safe_mode);
    }
    active
}

/// The world in play.
///
/// Stand-ins are only reachable after [`activate`]; without a world they answer from the default one.
pub fn active() -> &'static Active {
    ACTIVE.get().unwrap_or_else(|| activate(World::default(), true))
}

impl Active {
    /// The world as it is now.
    pub fn world(&self) -> RwLockReadGuard<'_, World> {
        self.world.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The world, to be changed.
    pub fn world_mut(&self) -> RwLockWriteGuard<'_, World> {
        self.world.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the network does now.
    pub fn network(&self) -> Network {
        Network::from_number(self.network.load(Ordering::SeqCst))
    }

    /// Changes what the network does.
    pub fn set_network(&self, network: Network) {
        self.network.store(network.to_number(), Ordering::SeqCst);
    }

    /// The process token is SYSTEM's.
    pub fn is_system(&self) -> bool {
        self.world().process.system.unwrap_or(!self.is_exec)
    }

    /// The process token is elevated.
    pub fn is_elevated(&self) -> bool {
        self.world().process.elevated.unwrap_or(true)
    }
}
