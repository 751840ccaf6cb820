//! What everybody but our store does after a lost race: rest a little, then load and decide again.
//!
//! Resting at random, longer each time, is the best setting there is for them: on hot accounts they reach up to twice
//! of what they reach when they try again at once, because fewer tries are in vain.

use std::time::Duration;

use uuid::Uuid;

/// The longest rest grows by this with every try, [`MOST_STEPS`] times.
const STEP: Duration = Duration::from_millis(10);
const MOST_STEPS: u64 = 16;

/// Rests after `tries` tries in vain.
pub(super) async fn rest(tries: u64) {
    let [.., random] = Uuid::new_v4().into_bytes();
    let longest_micros = tries.min(MOST_STEPS) * u64::try_from(STEP.as_micros()).unwrap_or(0);
    tokio::time::sleep(Duration::from_micros(longest_micros * u64::from(random) / u64::from(u8::MAX))).await;
}
