//! When a failed attempt is repeated: for ever, after growing pauses.

use crate::id::RuleId;

/// The first pause, in seconds.
const FIRST: i64 = 10;
/// The longest pause, in seconds. It bounds how long rules stay after an outage of the provider: this, and the minute
/// between two sweeps.
const LONGEST: i64 = 600;

/// Failed attempts after which a removal is shown as stuck, although the provider never refused: some four minutes at least.
pub const STUCK_AFTER: u32 = 6;

/// The pause after a refusal, in seconds: a day. What was refused is not granted by asking often.
pub const PROBE_SECONDS: i64 = 24 * 3600;

/// The pause after so many failed attempts, in seconds: it doubles up to ten minutes, less up to a quarter that depends on
/// the rule and the attempt, so that rules that failed together are not tried together.
#[must_use]
pub fn pause_seconds(rule: RuleId, attempts: u32) -> i64 {
    let full = FIRST.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(LONGEST);
    let spread = i64::from(mixed(rule.uuid().as_u128(), attempts));
    full - full * spread / 1024
}

/// A number in which every bit of the attempt and of the rule's lower half, where its random bits are, takes part (the
/// finalizer of MurmurHash3).
fn mixed(rule: u128, attempts: u32) -> u8 {
    let low = u64::try_from(rule & u128::from(u64::MAX)).unwrap_or(0);
    let mut bits = low ^ u64::from(attempts).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        bits = (bits ^ (bits >> 33)).wrapping_mul(factor);
    }
    (bits >> 56).try_into().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn rule_and_attempt_are_mixed_as_murmurhash_does() {
        // The first is the finalizer's own: it makes 0xb456bcfc34c2cb2c of 1.
        for (rule, attempts, expected) in [
            (1, 0, 0xb4),
            (2, 0, 0x3a),
            (u128::from(u64::MAX), 0, 0x64),
            (1 << 63, 0, 0x8f),
            (1, 1, 0x25),
            (0, 2, 0xd3),
            (0xdead_beef_1234_5678, 7, 0x9c),
        ] {
            assert_eq!(mixed(rule, attempts), expected, "{rule:#x} {attempts}");
        }
    }

    #[test]
    fn pauses_grow_to_ten_minutes_and_differ() {
        let now = Timestamp::from_unix_millis(1_771_410_600_000).unwrap();
        let rules: Vec<_> = (0..200).map(|_| RuleId::generate(now)).collect();
        for (attempts, full) in [(1, 10), (2, 20), (3, 40), (6, 320), (7, 600), (1000, 600)] {
            let pauses: Vec<_> = rules.iter().map(|rule| pause_seconds(*rule, attempts)).collect();
            let (shortest, longest) = (pauses.iter().min().unwrap(), pauses.iter().max().unwrap());
            assert!(*shortest >= full * 3 / 4 && *longest <= full, "{attempts}: {shortest} to {longest}");
            assert!(longest - shortest >= full / 10, "{attempts}: {shortest} to {longest}");
        }
        let until_stuck: i64 = (1..STUCK_AFTER).map(|attempts| pause_seconds(rules[0], attempts)).sum();
        assert!(until_stuck >= 225, "{until_stuck}");
    }
}
