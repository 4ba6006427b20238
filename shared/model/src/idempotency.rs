//! `Idempotency-Key`: a creating request is carried out once, even if it is sent several times.

use crate::violation::Violations;

/// Hours for which an idempotency record is kept.
pub const KEPT_HOURS: i64 = 24;

/// The header.
pub const HEADER: &str = "Idempotency-Key";

/// Longest key, in bytes.
const KEY_MAX: usize = 255;

/// Identifies a repeated request. Both values are digests, so that neither the key nor the body is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Digest of the key, free of characters that separate the parts of a table key.
    pub key: String,
    /// Digest of method, path and body. The same key with another fingerprint is a mistake of the caller.
    pub fingerprint: String,
}

/// Checks a key: 1–255 visible ASCII characters.
///
/// # Errors
/// What is wrong with it.
pub fn check_key(key: &str) -> Result<(), Violations> {
    let fits = (1..=KEY_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    let sentence = format!("{HEADER} must have 1 to {KEY_MAX} visible ASCII characters");
    if fits { Ok(()) } else { Err(Violations::one(HEADER, sentence)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_short_and_visible() {
        for good in ["x", "3f1c9a52-5f0a-4a3e-9d55-1c1f8a2b7e10", "a#b/c:d", &"k".repeat(255)] {
            assert_eq!(check_key(good), Ok(()), "{good}");
        }
        for bad in ["", "a b", "é", "a\tb", &"k".repeat(256)] {
            assert!(check_key(bad).is_err(), "{bad}");
        }
    }
}
