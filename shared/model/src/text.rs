//! Rules for texts that people type.

/// Longest name of anything, in Unicode code points (seed `PUT /credentials/:id/`: at most 255 characters).
pub const NAME_MAX: usize = 255;

/// Longest description, in Unicode code points (seed `PUT /credentials/:id/`: at most 1024 characters).
pub const DESCRIPTION_MAX: usize = 1024;

/// Longest sentence about what a provider said, in bytes: a session's item holds one for each of its rules, and an item of the
/// table holds 400 KB.
pub const SAID_BYTES_MAX: usize = 256;

/// What a provider said, as it is kept: no longer than [`SAID_BYTES_MAX`].
#[must_use]
pub fn said(text: &str) -> String {
    text.get(..text.floor_char_boundary(SAID_BYTES_MAX)).unwrap_or_default().to_owned()
}

/// True for a text that is only white space, or none.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// True when a text has more than `limit` Unicode code points.
#[must_use]
pub fn is_longer(text: &str, limit: usize) -> bool {
    text.chars().nth(limit).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_is_white_space_or_nothing() {
        for (text, blank) in [("", true), (" \t\n\u{3000}", true), ("a", false), (" . ", false)] {
            assert_eq!(is_blank(text), blank, "{text:?}");
        }
    }

    #[test]
    fn what_a_provider_said_is_cut_between_characters() {
        for (text, kept) in [
            (String::from("no"), 2),
            ("a".repeat(SAID_BYTES_MAX), SAID_BYTES_MAX),
            ("a".repeat(10_000), SAID_BYTES_MAX),
            (format!("a{}", "é".repeat(200)), SAID_BYTES_MAX - 1),
            (format!("a{}", "🦀".repeat(200)), SAID_BYTES_MAX - 3),
        ] {
            assert_eq!(said(&text).len(), kept, "{text}");
            assert!(text.starts_with(&said(&text)));
        }
    }

    #[test]
    fn length_counts_code_points() {
        for (text, limit, longer) in
            [("", 0, false), ("a", 0, true), ("éé", 2, false), ("ééé", 2, true), ("e\u{301}", 1, true)]
        {
            assert_eq!(is_longer(text, limit), longer, "{text:?} {limit}");
        }
    }
}
