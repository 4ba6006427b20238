//! Keys of the index of what is due.

use model::time::Timestamp;

use super::Key;

/// The index of what is due. It contains keys only.
pub const DUE: &str = "due";
/// Partition key of [`DUE`].
pub(crate) const DUE_PK: &str = "duePk";
/// Sort key of [`DUE`]: milliseconds since 1970.
pub(crate) const DUE_SK: &str = "dueSk";
/// Shards of [`DUE`]. One partition takes only 1,000 write units a second.
pub const DUE_SHARDS: u8 = 8;

/// Which worker works on items that are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// The sweeper's, each minute.
    Sweep,
    /// The reconciler's, each hour.
    Reconcile,
}

/// The partition key of a shard of [`DUE`].
#[must_use]
pub fn due_partition(round: Round, shard: u8) -> String {
    let round = match round {
        Round::Sweep => "SWEEP",
        Round::Reconcile => "RECONCILE",
    };
    format!("DUE#{round}#{shard}")
}

/// The shard of an item.
#[must_use]
pub fn due_shard(key: &Key) -> u8 {
    let sum = key
        .pk
        .bytes()
        .chain(key.sk.bytes())
        .fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    u8::try_from(sum % u32::from(DUE_SHARDS)).unwrap_or(0)
}

/// A time as a sort key of [`DUE`].
#[must_use]
pub fn due_time(at: Timestamp) -> String {
    format!("{:015}", at.unix_millis().max(0))
}
