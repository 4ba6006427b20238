//! `ETag` and `If-Match` (RFC 9110 §8.8.3, §13.1.1): the caller of a change says which state they saw.

use std::fmt;

use crate::violation::Violations;

/// The header of a condition.
pub const HEADER: &str = "If-Match";

/// Names one state of one object. It changes with the object's representation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ETag(String);

impl ETag {
    /// A tag. The caller guarantees visible ASCII characters without quotes.
    #[must_use]
    pub fn new(opaque: impl Into<String>) -> Self {
        Self(opaque.into())
    }
}

/// The header's spelling, in quotes.
impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// What a caller requires of the object that they change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Precondition {
    /// Nothing.
    #[default]
    None,
    /// `*`: it exists.
    Exists,
    /// It is in one of these states. The comparison is strong, so weak tags are left out.
    OneOf(Vec<ETag>),
}

impl Precondition {
    /// Reads the header.
    ///
    /// # Errors
    /// A header that is neither `*` nor a list of tags.
    pub fn read(header: Option<&str>) -> Result<Self, Violations> {
        let Some(text) = header.map(str::trim) else {
            return Ok(Self::None);
        };
        if text == "*" {
            return Ok(Self::Exists);
        }
        let sentence = format!("{HEADER} must be * or a list of ETags, such as \"AbC123\"");
        let tags = tags(text).ok_or_else(|| Violations::one(HEADER, sentence))?;
        Ok(Self::OneOf(tags))
    }

    /// Whether an object in this state may be changed.
    #[must_use]
    pub fn admits(&self, tag: &ETag) -> bool {
        match self {
            Self::None | Self::Exists => true,
            Self::OneOf(tags) => tags.contains(tag),
        }
    }

    /// Whether an object without a tag, such as a link, may be changed. No tag can match it.
    #[must_use]
    pub fn admits_without_tag(&self) -> bool {
        !matches!(self, Self::OneOf(_))
    }
}

/// The strong tags of a list; `None` if it is not a list of tags.
fn tags(text: &str) -> Option<Vec<ETag>> {
    let (mut tags, mut rest) = (Vec::new(), text);
    loop {
        let (is_weak, quoted) = match rest.strip_prefix("W/") {
            Some(quoted) => (true, quoted),
            None => (false, rest),
        };
        let (opaque, behind) = quoted.strip_prefix('"')?.split_once('"')?;
        if !opaque.chars().all(|c| c.is_ascii_graphic()) {
            return None;
        }
        if !is_weak {
            tags.push(ETag::new(opaque));
        }
        let behind = behind.trim_start();
        if behind.is_empty() {
            return Some(tags);
        }
        rest = behind.strip_prefix(',')?.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_tags_are_read_and_weak_tags_never_match() {
        let tag = ETag::new("abc");
        for (header, admits) in [
            (None, true),
            (Some("*"), true),
            (Some(" \"abc\" "), true),
            (Some("\"x\",\"abc\""), true),
            (Some("\"x\" , \"abc\", W/\"y\""), true),
            (Some("\"abd\""), false),
            (Some("W/\"abc\""), false),
            (Some("\"\""), false),
        ] {
            assert_eq!(Precondition::read(header).unwrap().admits(&tag), admits, "{header:?}");
        }
        assert_eq!(tag.to_string(), "\"abc\"");
    }

    #[test]
    fn anything_else_is_refused() {
        for header in
            ["", "abc", "\"abc", "\"a\" \"b\"", "\"a\",", ",", "*,\"a\"", "\"é\"", "w/\"a\"", "\"a b\""]
        {
            assert!(Precondition::read(Some(header)).is_err(), "{header}");
        }
    }

    #[test]
    fn what_has_no_tag_admits_no_tag() {
        assert!(Precondition::None.admits_without_tag() && Precondition::Exists.admits_without_tag());
        assert!(!Precondition::read(Some("\"a\"")).unwrap().admits_without_tag());
    }
}
