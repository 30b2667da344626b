//! Bare durable writes: a page a record, a record a client, one fdatasync for all of them.

use anyhow::Result;
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

const PAGE: usize = 4096;
/// The file is written over in a circle, so that its length is no part of what is made durable.
const FILE_PAGES: usize = 4096;

/// What a durable write takes.
pub struct Commits {
    /// Records a second.
    pub per_second: f64,
    /// Half of the writes took no longer.
    pub p50: Duration,
}

/// Measures on the disk of a folder.
pub fn measure(folder: &Path, records: usize, short: bool) -> Result<Commits> {
    let path = folder.join("durable");
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
    let page = [0x5a_u8; PAGE];
    for number in 0..FILE_PAGES {
        file.write_all_at(&page, offset(number))?;
    }
    file.sync_all()?;
    let limit = Duration::from_millis(if short { 100 } else { 2_000 });
    let started = Instant::now();
    let mut times = Vec::new();
    let mut next = 0;
    while started.elapsed() < limit {
        let begun = Instant::now();
        for _ in 0..records {
            file.write_all_at(&page, offset(next % FILE_PAGES))?;
            next += 1;
        }
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    let per_second = f64::from(u32::try_from(next)?) / started.elapsed().as_secs_f64();
    times.sort_unstable();
    let p50 = times.get(times.len() / 2).copied().unwrap_or_default();
    Ok(Commits { per_second, p50 })
}

const fn offset(page: usize) -> u64 {
    (page * PAGE) as u64
}
