//! The size of a list's page.

use crate::violation::Violations;

/// Most objects of a page.
const LIMIT_MAX: usize = 500;

/// Reads `limit`, a whole number from 1 to 500. `None` if it is missing, or wrong, which is noted.
pub fn limit(sent: Option<&str>, wrong: &mut Violations) -> Option<usize> {
    let is_plain = |text: &&str| text.starts_with(|first: char| matches!(first, '1'..='9'));
    let limit = Some(sent?).filter(is_plain).and_then(|text| text.parse().ok());
    let limit = limit.filter(|limit| (1..=LIMIT_MAX).contains(limit));
    if limit.is_none() {
        wrong.add("limit", format!("limit must be a whole number from 1 to {LIMIT_MAX}"));
    }
    limit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_whole_number_from_1_to_500() {
        for (sent, expected) in
            [(None, None), (Some("1"), Some(1)), (Some("37"), Some(37)), (Some("500"), Some(500))]
        {
            let mut wrong = Violations::default();
            assert_eq!(limit(sent, &mut wrong), expected, "{sent:?}");
            assert!(wrong.is_empty(), "{sent:?}");
        }
        for bad in ["0", "501", "-1", "1.5", "", "x", "01", "+5", " 5", "5 ", "99999999999999999999"] {
            let mut wrong = Violations::default();
            assert_eq!(limit(Some(bad), &mut wrong), None, "{bad}");
            assert_eq!(
                wrong,
                Violations::one("limit", "limit must be a whole number from 1 to 500"),
                "{bad}"
            );
        }
    }
}
