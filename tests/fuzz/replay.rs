//! What libFuzzer came up with so far, without it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[allow(unreachable_pub, reason = "public for the fuzzer's package")]
mod targets;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The inputs of a target, a line of base64 each.
fn replay(corpus: &str, target: fn(&[u8])) {
    let inputs: Vec<_> = corpus.lines().map(|line| STANDARD.decode(line).unwrap()).collect();
    assert!(inputs.len() > 10, "{} inputs", inputs.len());
    for input in inputs {
        target(&input);
    }
}

macro_rules! replays {
    ($($target:ident)*) => { $(
        #[test]
        fn $target() {
            replay(include_str!(concat!("corpus/", stringify!($target), ".txt")), targets::$target);
        }
    )* };
}

replays!(event cursor base58 token config);

/// The targets see what they look for: an input that nobody should get through with.
#[test]
#[should_panic(expected = "Ok")]
fn a_token_that_is_accepted_is_a_finding() {
    targets::token(targets::token_of_the_house().as_bytes());
}
