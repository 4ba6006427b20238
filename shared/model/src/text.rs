//! Rules for texts that people type.

/// Longest name of anything, in Unicode code points (seed `PUT /credentials/:id/`: at most 255 characters).
pub const NAME_MAX: usize = 255;

/// Longest description, in Unicode code points (seed `PUT /credentials/:id/`: at most 1024 characters).
pub const DESCRIPTION_MAX: usize = 1024;

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
    fn length_counts_code_points() {
        for (text, limit, longer) in
            [("", 0, false), ("a", 0, true), ("éé", 2, false), ("ééé", 2, true), ("e\u{301}", 1, true)]
        {
            assert_eq!(is_longer(text, limit), longer, "{text:?} {limit}");
        }
    }
}
