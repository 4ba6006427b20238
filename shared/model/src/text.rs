//! Rules for typed texts: what is visible, what is a line, and what is a text of several lines. They use Unicode's general categories
//! (Unicode Standard Annex #44, table 12).

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

/// Longest name of anything, in Unicode code points (seed `PUT /credentials/:id/`: at most 255 characters).
pub const NAME_MAX: usize = 255;

/// Longest description, in Unicode code points (seed `PUT /credentials/:id/`: at most 1024 characters).
pub const DESCRIPTION_MAX: usize = 1024;

/// Longest message of a provider, in bytes. A session's item has one for each rule, and holds 400 KB.
pub const SAID_BYTES_MAX: usize = 256;

/// A provider's message, cut to [`SAID_BYTES_MAX`].
#[must_use]
pub fn said(text: &str) -> String {
    text.get(..text.floor_char_boundary(SAID_BYTES_MAX)).unwrap_or_default().to_owned()
}

/// Whether a character is visible. Separators, controls, format characters and single marks are not, and neither are some blank letters
/// and symbols. Private and unassigned code points are mostly drawn blank, so they count as invisible.
#[must_use]
pub fn is_visible(c: char) -> bool {
    // Fillers of Hangul, the blank pattern of Braille, the place of an object, blanks of hieroglyphs, the null note.
    const BLANK: [char; 9] = [
        '\u{115F}',
        '\u{1160}',
        '\u{2800}',
        '\u{3164}',
        '\u{FFA0}',
        '\u{FFFC}',
        '\u{13441}',
        '\u{13442}',
        '\u{1D159}',
    ];
    let has_no_shape = matches!(
        c.general_category(),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::SpaceSeparator
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::NonspacingMark
            | GeneralCategory::EnclosingMark
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
    );
    !(has_no_shape || BLANK.contains(&c))
}

/// Whether a character changes the look of the one before it, such as a combining accent.
#[must_use]
pub fn is_accent(c: char) -> bool {
    let is_mark =
        matches!(c.general_category(), GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark);
    // Marks with `Default_Ignorable_Code_Point`: joiners, inherent vowels and selectors of variants.
    let is_ignorable = matches!(
        c,
        '\u{34F}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}'
    );
    is_mark && !is_ignorable
}

/// Whether nothing in a text is visible.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    !text.chars().any(is_visible)
}

/// Whether a character is a line separator. Other line ends are control characters.
fn breaks_line(c: char) -> bool {
    matches!(c.general_category(), GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator)
}

/// Whether a character affects the display: a control character, which a terminal obeys, or one that changes the text's direction
/// (Unicode Standard Annex #9, "Explicit Directional Formatting Characters").
fn is_control(c: char) -> bool {
    c.general_category() == GeneralCategory::Control
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Whether a text has a control character or a line end.
#[must_use]
pub fn is_more_than_a_line(text: &str) -> bool {
    text.chars().any(|c| is_control(c) || breaks_line(c))
}

/// Whether a text has a control character other than line ends and tabs.
#[must_use]
pub fn has_control(text: &str) -> bool {
    text.chars().any(|c| is_control(c) && !matches!(c, '\t' | '\n' | '\r'))
}

/// Whether a text is a name: one line of at most `limit` code points with something visible.
#[must_use]
pub fn is_line(text: &str, limit: usize) -> bool {
    !is_blank(text) && !is_longer(text, limit) && !is_more_than_a_line(text)
}

/// Whether a text has more than `limit` Unicode code points.
#[must_use]
pub fn is_longer(text: &str, limit: usize) -> bool {
    text.chars().nth(limit).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_is_what_nobody_sees() {
        for blank in [
            "",
            " \t\n\u{3000}",
            "\u{200B}",
            "\u{3164}",
            "\u{2060}",
            "\u{AD}",
            "\u{FEFF}",
            "\u{200D}\u{200C}",
            "\u{115F}\u{1160}\u{FFA0}",
            "\u{2800}",
            "\u{FE0F}",
            "\u{E0041}",
            "\u{E0100}",
            "\u{301}",
            "\u{34F}",
            "\u{180E}",
            "\u{61C}",
            "\u{2028}\u{2029}",
            "\0\u{1b}",
            "\u{2065}",
            "\u{FFF0}",
            "\u{E0080}",
            "\u{E01F0}",
            "\u{FDD0}",
            "\u{FFFF}",
            "\u{10FFFF}",
            "\u{17B4}\u{17B5}",
            "\u{1D173}",
            "\u{1D159}",
            "\u{13441}\u{13442}",
            "\u{FFFC}",
            "\u{E000}",
            "\u{F8FF}",
            "\u{10FFFD}",
            "\u{378}",
            "\u{1FAFF}",
        ] {
            assert!(is_blank(blank), "{blank:?}");
        }
        for seen in [
            "a",
            " . ",
            "é",
            "e\u{301}",
            "語",
            "한",
            "\u{1F980}",
            "\u{1F468}\u{200D}\u{1F469}",
            "\u{200B}x",
            "_",
            "-",
            "٣",
            "\u{AC}",
            "\u{2801}",
            "\u{903}",
            "\u{FFFD}",
            "a\u{E000}",
        ] {
            assert!(!is_blank(seen), "{seen:?}");
        }
    }

    #[test]
    fn a_line_has_no_end_and_no_effect() {
        for bad in [
            "a\nb",
            "a\rb",
            "a\tb",
            "a\0",
            "\u{1b}[31ma",
            "a\u{7f}",
            "a\u{85}b",
            "a\u{9b}31m",
            "a\u{2028}b",
            "a\u{2029}b",
            "a\u{202E}b",
            "a\u{2066}b",
            "a\u{2069}",
            "a\u{b}b",
            "a\u{c}b",
        ] {
            assert!(is_more_than_a_line(bad) && !is_line(bad, 9), "{bad:?}");
        }
        for good in [
            "a",
            "a b",
            "a\u{a0}b",
            "\u{5d0}\u{200f}",
            "\u{1F468}\u{200D}\u{1F469}",
            "\u{645}\u{200c}a",
            "a\u{ad}b",
            "\u{1F3F4}\u{E0067}\u{E007F}",
        ] {
            assert!(!is_more_than_a_line(good) && is_line(good, 9), "{good:?}");
        }
        assert!(is_line("éé", 2) && !is_line("ééé", 2) && !is_line("\u{200B}", 2));
    }

    #[test]
    fn a_text_of_several_lines_has_no_effect_either() {
        for bad in ["a\0", "\u{1b}]0;x\u{7}", "a\u{8}", "a\u{9b}2J", "a\u{85}b", "a\u{202D}b", "a\u{b}"] {
            assert!(has_control(bad), "{bad:?}");
        }
        for good in ["", " ", "a\nb", "a\r\n\tb", "a\u{2028}b", "\u{200B}", "語"] {
            assert!(!has_control(good), "{good:?}");
        }
    }

    #[test]
    fn every_character_of_the_categories_is_judged_by_them() {
        for c in '\0'..=char::MAX {
            if c.is_control() || c.is_whitespace() {
                assert!(!is_visible(c), "{c:?}");
            }
            assert_eq!(is_control(c) && c.is_control(), c.is_control(), "{c:?}");
            if c.is_alphanumeric() && !is_visible(c) {
                let known = ['\u{115F}', '\u{1160}', '\u{3164}', '\u{FFA0}', '\u{13441}', '\u{13442}'];
                let is_mark = c.general_category() == GeneralCategory::NonspacingMark;
                assert!(
                    known.contains(&c) || is_mark || c.general_category() == GeneralCategory::Unassigned,
                    "{c:?}"
                );
            }
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
