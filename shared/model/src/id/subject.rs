//! What a token's subject may be.

/// The rule for a user's id, as a part of error messages.
pub const USER_ID_RULE: &str = "must have 1 to 128 letters, digits or -._~!$&'()*+;=:@|/\\";

/// The characters of a path (RFC 3986 §3.3, "pchar") without the comma, which separates ids in a header, and further characters of
/// identity providers' subjects: Auth0 has `auth0|5f7c…` and `…@clients`, AD FS Base64 with `/` and `=`, Windows `DOMAIN\user`. `#` is
/// missing because it separates the parts of a table key, and `%` because it escapes.
pub(super) fn is_subject(text: &str, longest: usize) -> bool {
    let is_relative = [".", ".."].contains(&text);
    let is_fit = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+;=:@|/\\".contains(&b);
    !is_relative && (1..=longest).contains(&text.len()) && text.bytes().all(is_fit)
}

#[cfg(test)]
mod tests {
    use super::super::{NotAnId, OrgId, UserId};

    #[test]
    fn subjects_are_what_identity_providers_make_and_nothing_that_separates_keys() {
        for text in ["...", "a.", "|", "@@"] {
            assert!(UserId::parse(text).is_ok(), "{text}");
        }
        assert!(UserId::parse(&"x".repeat(128)).is_ok());
        assert!(UserId::parse(&"x".repeat(129)).is_err());
        for text in [
            "auth0|5f7c8ec7c33c6c004bbafe82",
            "m2m@clients",
            "samlp|corp|ann+x@acme.example",
            "a:b",
            "ldoYM/PkAtl+W8AJ743J2PaovD5oe6mrHs=",
            "ACME\\ada",
            "o'brien@acme.example",
            "/",
            "../x",
        ] {
            assert!(UserId::parse(text).is_ok(), "{text}");
            assert_eq!(OrgId::parse(text), Err(NotAnId), "{text}");
        }
        for text in
            ["", ".", "..", "a#b", "a b", "a%7Cb", "a?b", "a,b", "a\"b", "a<b", "a[b]", "a\u{7f}", "é"]
        {
            assert_eq!(UserId::parse(text), Err(NotAnId), "{text}");
        }
    }
}
