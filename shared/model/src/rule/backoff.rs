//! When a failed attempt is repeated: without end, after growing pauses.

use crate::id::RuleId;

/// The first pause, in seconds.
const FIRST: i64 = 10;
/// The longest pause, in seconds. After an outage of the provider, a rule stays for this long at most, and for the minute between two
/// sweeps.
const LONGEST: i64 = 600;

/// Failed attempts after which a removal is shown as stuck, even if the provider never refused. They take at least four minutes.
pub const STUCK_AFTER: u32 = 6;

/// The pause after a refusal, in seconds: a day. Asking more often does not change a refusal.
pub const PROBE_SECONDS: i64 = 24 * 3600;

/// The pause after this many failed attempts, in seconds. It doubles up to ten minutes, less up to a quarter. Rule and attempt decide how
/// much less, so that rules which failed together are tried at different times.
#[must_use]
pub fn pause_seconds(rule: RuleId, attempts: u32) -> i64 {
    let full = FIRST.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(LONGEST);
    // The random bits of an id are in its lower half.
    let low = u64::try_from(rule.uuid().as_u128() & u128::from(u64::MAX)).unwrap_or(0);
    let mut random = fastrand::Rng::with_seed(low ^ u64::from(attempts).rotate_right(8));
    full - full * i64::from(random.u8(..)) / 1024
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn the_pause_depends_on_the_rule_and_the_attempt_alone() {
        let rule = RuleId::generate(Timestamp::from_unix_millis(1_771_410_600_000).unwrap());
        let pauses = || (10..40).map(|attempts| pause_seconds(rule, attempts)).collect::<Vec<_>>();
        assert_eq!(pauses(), pauses());
        let different: std::collections::BTreeSet<_> = pauses().into_iter().collect();
        assert!(different.len() > 15, "{different:?}");
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
