//! What a pixel is likely to be, from its neighbours: the build script keeps only how far that is off. Pure.

/// Width and height of the image in pixels. LogonUI has no way to ask for a size and scales what it gets: Windows 7 to
/// 126, Windows 10 to about 192 at 100 %.
pub(crate) const WIDTH: usize = 256;

/// How far each value of a channel is off its prediction.
#[allow(dead_code, reason = "used by the build script and the tests")]
pub(crate) fn differences(channel: &[u8]) -> Vec<u8> {
    (0..channel.len()).map(|at| channel[at].wrapping_sub(prediction(channel, at))).collect()
}

/// The channel again.
#[allow(dead_code, reason = "not used by the build script")]
pub(crate) fn values(differences: &[u8]) -> Vec<u8> {
    let mut channel = Vec::with_capacity(differences.len());
    for (at, difference) in differences.iter().enumerate() {
        let value = prediction(&channel, at).wrapping_add(*difference);
        channel.push(value);
    }
    channel
}

/// Left plus above minus what lies between, but no more and no less than those two: edges and slopes are both met.
/// Only what comes before `at` is looked at.
fn prediction(channel: &[u8], at: usize) -> u8 {
    let before = |back: usize| at.checked_sub(back).and_then(|at| channel.get(at)).copied().unwrap_or(0);
    let left = if at.is_multiple_of(WIDTH) { 0 } else { before(1) };
    let (above, between) = (before(WIDTH), before(WIDTH + 1));
    let (low, high) = (left.min(above), left.max(above));
    if between >= high {
        low
    } else if between <= low {
        high
    } else {
        // It lies between two values of a byte, so it is one.
        left.wrapping_add(above).wrapping_sub(between)
    }
}
