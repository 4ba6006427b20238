//! Rate limits: a token bucket for each caller, and the token blocks that an environment of a function takes from it.
//!
//! The bucket is one number: the time at which it will be full again (the generic cell rate algorithm, ITU-T I.371). Taking tokens moves
//! that time, and no refill is necessary. Times are microseconds since 1970.

use crate::time::Timestamp;

/// Most requests a minute that can be set.
pub const PER_MINUTE_MAX: u32 = 60_000;
/// Requests a minute, unless set.
pub const PER_MINUTE_DEFAULT: u32 = 600;
/// The burst, unless set.
pub const BURST_DEFAULT: u32 = 100;
/// Largest burst that can be set.
pub const BURST_MAX: u32 = 10_000;

/// Most tokens that an environment takes at once.
const BLOCK_MAX: u32 = 25;
/// An environment takes at most this part of the burst at once, so that the others get tokens too.
const BLOCK_SHARE: u32 = 4;
/// Seconds after which an environment gives unused tokens up. The caller loses them.
const LEASE_SECONDS: i64 = 60;
/// Longest time for which an environment treats a bucket as empty without another call.
const LOOK_AGAIN_MICROS: i64 = 1_000_000;

/// A caller's budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    per_minute: u32,
    burst: u32,
}

impl Default for RateLimit {
    /// [`PER_MINUTE_DEFAULT`] and [`BURST_DEFAULT`].
    fn default() -> Self {
        Self { per_minute: PER_MINUTE_DEFAULT, burst: BURST_DEFAULT }
    }
}

/// A time in microseconds since 1970.
#[must_use]
pub fn micros(now: Timestamp) -> i64 {
    now.unix_millis() * 1000
}

impl RateLimit {
    /// A budget of 1 to [`PER_MINUTE_MAX`] requests a minute and 1 to [`BURST_MAX`] at once; `None` for other numbers.
    #[must_use]
    pub fn new(per_minute: u32, burst: u32) -> Option<Self> {
        let is_fit = (1..=PER_MINUTE_MAX).contains(&per_minute) && (1..=BURST_MAX).contains(&burst);
        is_fit.then_some(Self { per_minute, burst })
    }

    /// The time in which the bucket gets this many tokens back.
    #[must_use]
    pub fn micros_for(&self, tokens: u32) -> i64 {
        60_000_000 * i64::from(tokens) / i64::from(self.per_minute)
    }

    /// The latest full time of a bucket from which this many tokens can be taken now.
    #[must_use]
    pub fn latest_full_at(&self, tokens: u32, now: Timestamp) -> i64 {
        micros(now) + self.micros_for(self.burst.saturating_sub(tokens))
    }

    /// Tokens in a bucket with this full time. Rounding can hide one token, and never adds one.
    #[must_use]
    pub fn available(&self, full_at: i64, now: Timestamp) -> u32 {
        let room = self.latest_full_at(0, now).saturating_sub(full_at).clamp(0, self.micros_for(self.burst));
        u32::try_from(room * i64::from(self.per_minute) / 60_000_000).unwrap_or(0)
    }

    /// Most tokens that an environment takes at once.
    fn block_max(&self) -> u32 {
        (self.burst / BLOCK_SHARE).clamp(1, BLOCK_MAX)
    }
}

/// The decision about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The request is admitted.
    Pass,
    /// The request is refused.
    Wait {
        /// Seconds until the next one may be admitted, at least 1.
        seconds: u32,
    },
    /// The environment needs tokens from the table.
    Ask(TokenRequest),
}

/// A request for tokens from the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenRequest {
    /// How many tokens.
    pub tokens: u32,
    /// When the bucket will be full, by the environment's last knowledge.
    pub full_at: i64,
}

/// One caller's tokens in one environment.
#[derive(Debug, Clone, Default)]
pub struct TokenBlock {
    tokens: u32,
    /// Tokens of the last block.
    block: u32,
    /// When the tokens are given up, in microseconds.
    ends: i64,
    /// When the bucket will be full, as last seen.
    full_at: i64,
    /// Until when the bucket counts as empty.
    closed_until: i64,
}

impl TokenBlock {
    /// Takes a token for a request.
    pub fn take(&mut self, limit: &RateLimit, now: Timestamp) -> Turn {
        let time = micros(now);
        if time < self.ends && self.tokens > 0 {
            self.tokens -= 1;
            return Turn::Pass;
        }
        if time < self.closed_until {
            return Turn::Wait { seconds: self.wait(limit, now) };
        }
        Turn::Ask(TokenRequest { tokens: self.next_block(limit, now), full_at: self.full_at })
    }

    /// Whole seconds until there may be a token, if there is certainly none now: others can only have taken more.
    #[must_use]
    pub fn known_wait(&self, limit: &RateLimit, now: Timestamp) -> Option<u32> {
        let time = micros(now);
        let has_some = time < self.ends && self.tokens > 0;
        let is_empty = time < self.closed_until || limit.available(self.full_at, now) == 0;
        (!has_some && is_empty).then(|| self.wait(limit, now))
    }

    /// Twice as many as last time if they were used up, otherwise as many as were used. An environment with a single request takes a
    /// single token.
    fn next_block(&mut self, limit: &RateLimit, now: Timestamp) -> u32 {
        let used = self.block - std::mem::take(&mut self.tokens).min(self.block);
        let is_used_up = used == self.block && micros(now) < self.ends;
        let wanted = if is_used_up { self.block * 2 } else { used };
        let likely = limit.available(self.full_at, now);
        wanted.clamp(1, limit.block_max()).min(likely.max(1))
    }

    /// The table gave tokens; one of them is for the request at hand.
    pub fn granted(&mut self, tokens: u32, full_at: i64, now: Timestamp) {
        self.tokens += tokens.saturating_sub(1);
        self.block = tokens;
        self.ends = micros(now) + LEASE_SECONDS * 1_000_000;
        (self.full_at, self.closed_until) = (full_at, 0);
    }

    /// The table had none. Seconds to wait.
    pub fn refused(&mut self, full_at: i64, limit: &RateLimit, now: Timestamp) -> u32 {
        self.full_at = full_at;
        // Asking the table for each refused request would cost a call each. A small bucket refills meanwhile.
        let pause = LOOK_AGAIN_MICROS.min(limit.micros_for(limit.burst) / 2);
        self.closed_until = micros(now) + pause.max(limit.micros_for(1));
        self.wait(limit, now)
    }

    /// Whole seconds until the bucket has a token and is asked again.
    fn wait(&self, limit: &RateLimit, now: Timestamp) -> u32 {
        let token = self.full_at - limit.latest_full_at(1, now);
        let wait = token.max(self.closed_until - micros(now)).max(1);
        u32::try_from((wait + 999_999) / 1_000_000).unwrap_or(u32::MAX)
    }

    /// Whether it can be forgotten without a loss.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        let time = micros(now);
        (time >= self.ends || self.tokens == 0) && time >= self.closed_until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_unix_millis(1_771_410_600_000 + millis).unwrap()
    }

    #[test]
    fn a_bucket_has_its_burst_and_gets_back_its_rate() {
        let limit = RateLimit::new(60, 10).unwrap();
        let full_at = micros(at(0)) + limit.micros_for(10);
        assert_eq!(limit.available(0, at(0)), 10);
        for (millis, tokens) in [(0, 0), (999, 0), (1000, 1), (5500, 5), (10_000, 10), (99_000, 10)] {
            assert_eq!(limit.available(full_at, at(millis)), tokens, "{millis}");
        }
    }

    #[test]
    fn what_is_available_can_be_taken() {
        for (per_minute, burst) in [(7, 5), (599, 100), (600, 100), (60_000, 10_000), (59_999, 7), (1, 1)] {
            let limit = RateLimit::new(per_minute, burst).unwrap();
            for part in -1..=1000 {
                let full_at = micros(at(0)) + limit.micros_for(burst) * part / 997;
                let tokens = limit.available(full_at, at(0));
                assert!(tokens == 0 || full_at <= limit.latest_full_at(tokens, at(0)), "{limit:?} {part}");
                // The estimate may miss one token, never more.
                let more = tokens + 2;
                assert!(more > burst || full_at > limit.latest_full_at(more, at(0)), "{limit:?} {part}");
            }
        }
    }

    #[test]
    fn a_caller_has_600_a_minute_and_100_at_once_unless_set() {
        assert_eq!(RateLimit::new(600, 100), Some(RateLimit::default()));
        assert_eq!(RateLimit::default().available(0, at(0)), 100);
        assert_eq!(RateLimit::default().micros_for(600), 60_000_000);
        assert!(RateLimit::new(PER_MINUTE_MAX, BURST_MAX).is_some() && RateLimit::new(1, 1).is_some());
    }

    #[test]
    fn numbers_out_of_range_are_no_limit() {
        for (per_minute, burst) in [(0, 1), (1, 0), (PER_MINUTE_MAX + 1, 1), (1, BURST_MAX + 1)] {
            assert_eq!(RateLimit::new(per_minute, burst), None);
        }
    }

    #[test]
    fn blocks_grow_while_they_are_used_up_and_shrink_when_not() {
        let limit = RateLimit::new(6000, 100).unwrap();
        let (mut block_of_tokens, mut now, mut blocks) = (TokenBlock::default(), 0, Vec::new());
        // One token of each block is for the asking request.
        for _ in 0..1 + 2 + 4 + 8 + 16 + 25 + 25 + 1 {
            if let Turn::Ask(request) = block_of_tokens.take(&limit, at(now)) {
                blocks.push(request.tokens);
                block_of_tokens.granted(request.tokens, 0, at(now));
            }
            now += 100;
        }
        assert_eq!(blocks, [1, 2, 4, 8, 16, 25, 25, 25]);
        assert_eq!(block_of_tokens.take(&limit, at(now)), Turn::Pass);
        assert_eq!(
            block_of_tokens.take(&limit, at(now + 61_000)),
            Turn::Ask(TokenRequest { tokens: 2, full_at: 0 })
        );
    }

    #[test]
    fn a_block_is_a_quarter_of_the_burst_at_most() {
        for (burst, most) in [(1, 1), (7, 1), (8, 2), (40, 10), (100, 25), (10_000, 25)] {
            let limit = RateLimit::new(PER_MINUTE_MAX, burst).unwrap();
            let mut block_of_tokens = TokenBlock::default();
            block_of_tokens.granted(most, 0, at(0));
            for _ in 1..most {
                assert_eq!(block_of_tokens.take(&limit, at(0)), Turn::Pass, "{burst}");
            }
            assert_eq!(
                block_of_tokens.take(&limit, at(0)),
                Turn::Ask(TokenRequest { tokens: most, full_at: 0 }),
                "{burst}"
            );
        }
    }

    #[test]
    fn tokens_are_given_up_after_a_minute() {
        let limit = RateLimit::new(6000, 100).unwrap();
        let ask = |tokens| Turn::Ask(TokenRequest { tokens, full_at: 7 });
        for (used, millis, turn) in [
            (3, 59_999, Turn::Pass),
            (3, 60_000, ask(3)),
            (4, 59_999, ask(8)),
            (4, 60_000, ask(4)),
            (1, 60_000, ask(1)),
        ] {
            let mut block_of_tokens = TokenBlock::default();
            block_of_tokens.granted(4, 7, at(0));
            // One of them was for the present request.
            for _ in 1..used {
                assert_eq!(block_of_tokens.take(&limit, at(0)), Turn::Pass);
            }
            assert_eq!(block_of_tokens.take(&limit, at(millis)), turn, "{used} {millis}");
        }
    }

    #[test]
    fn a_lease_is_over_when_nothing_would_be_lost() {
        let limit = RateLimit::new(60, 10).unwrap();
        assert!(TokenBlock::default().is_over(at(0)));
        let mut block_of_tokens = TokenBlock::default();
        block_of_tokens.granted(2, 0, at(0));
        assert!(
            !block_of_tokens.is_over(at(0))
                && !block_of_tokens.is_over(at(59_999))
                && block_of_tokens.is_over(at(60_000))
        );
        let _ = block_of_tokens.take(&limit, at(0));
        assert!(block_of_tokens.is_over(at(0)));
        let _ = block_of_tokens.refused(0, &limit, at(0));
        assert!(!block_of_tokens.is_over(at(999)) && block_of_tokens.is_over(at(1000)));
    }

    #[test]
    fn the_wait_lasts_until_there_is_a_token_and_somebody_looks() {
        let (quick, usual) = (RateLimit::new(6000, 100).unwrap(), RateLimit::new(60, 10).unwrap());
        let slow = RateLimit::new(2, 2).unwrap();
        let after = |seconds: i64| micros(at(0)) + seconds * 1_000_000;
        for (limit, full_at, seconds, looked_at) in
            [(&quick, after(1), 1, 500), (&usual, after(14), 5, 1000), (&slow, after(40), 30, 30_000)]
        {
            let mut block_of_tokens = TokenBlock::default();
            assert_eq!(block_of_tokens.refused(full_at, limit, at(0)), seconds, "{limit:?}");
            assert!(matches!(block_of_tokens.take(limit, at(looked_at - 1)), Turn::Wait { .. }), "{limit:?}");
            assert!(matches!(block_of_tokens.take(limit, at(looked_at)), Turn::Ask(_)), "{limit:?}");
        }
    }

    #[test]
    fn what_is_known_to_be_empty_costs_no_look() {
        let limit = RateLimit::new(60, 10).unwrap();
        let empty = |millis| micros(at(millis)) + limit.micros_for(10);
        assert_eq!(TokenBlock::default().known_wait(&limit, at(0)), None, "nothing is known");
        let mut block_of_tokens = TokenBlock::default();
        block_of_tokens.granted(2, empty(0), at(0));
        assert_eq!(block_of_tokens.known_wait(&limit, at(0)), None, "it has a token");
        assert_eq!(block_of_tokens.take(&limit, at(0)), Turn::Pass);
        assert_eq!(block_of_tokens.known_wait(&limit, at(0)), Some(1), "the last one is gone");
        assert_eq!(block_of_tokens.known_wait(&limit, at(999)), Some(1));
        assert_eq!(block_of_tokens.known_wait(&limit, at(1000)), None, "there may be one again");
        let _ = block_of_tokens.refused(empty(1000), &limit, at(1000));
        assert_eq!(block_of_tokens.known_wait(&limit, at(1999)), Some(1));
        assert_eq!(block_of_tokens.known_wait(&limit, at(2000)), None);
        block_of_tokens.granted(2, empty(0), at(60_000));
        assert_eq!(
            block_of_tokens.known_wait(&limit, at(120_000)),
            None,
            "tokens that were given up, and a full bucket"
        );
    }

    #[test]
    fn an_empty_bucket_is_not_looked_at_again_for_a_second() {
        let limit = RateLimit::new(60, 10).unwrap();
        let mut block_of_tokens = TokenBlock::default();
        let empty = micros(at(0)) + limit.micros_for(10);
        assert_eq!(block_of_tokens.refused(empty, &limit, at(0)), 1);
        assert_eq!(block_of_tokens.take(&limit, at(999)), Turn::Wait { seconds: 1 });
        assert!(matches!(block_of_tokens.take(&limit, at(1000)), Turn::Ask(_)));
        let slow = RateLimit::new(1, 1).unwrap();
        assert_eq!(block_of_tokens.refused(micros(at(0)) + slow.micros_for(1), &slow, at(0)), 60);
        assert_eq!(block_of_tokens.take(&slow, at(30_000)), Turn::Wait { seconds: 30 });
    }
}
