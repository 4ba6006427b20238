//! Emails: their form, and when two are the same.

use crate::text::{is_accent, is_visible};

/// Longest email, in bytes (RFC 5321 §4.5.3.1.3, without the angle brackets).
pub const EMAIL_MAX: usize = 254;

/// Longest part before the `@`, in bytes (RFC 5321 §4.5.3.1.1).
const LOCAL_MAX: usize = 64;

/// Whether a text can be an email: a local part, `@`, and a domain of at least two labels. The identity provider verifies it. Every
/// character is visible; `#` is one of them (RFC 5322 §3.2.3), and the user principal name of a guest of Microsoft Entra has it:
/// `ada_acme.example#EXT#@globex.onmicrosoft.com`.
#[must_use]
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let has_stray = text.chars().any(|c| !is_visible(c) && !is_accent(c));
    text.len() <= EMAIL_MAX
        && !has_stray
        && (1..=LOCAL_MAX).contains(&local.len())
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c.is_alphanumeric() || c == '-')
}

/// The form in which emails must be unique: emails that differ only in case are equal. [`is_same_mailbox`] decides about identity
/// instead.
#[must_use]
pub fn email_key(email: &str) -> String {
    email.to_lowercase()
}

/// Whether two emails are the same mailbox: they differ at most in the case of ASCII letters. Unicode's lower case joins characters that
/// mail keeps apart (the Kelvin sign and `k`), and the owner of one must not be taken for the owner of the other (Unicode Technical
/// Report
/// #36, "Unicode Security Considerations").
#[must_use]
pub const fn is_same_mailbox(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails_have_a_person_and_a_domain() {
        for good in [
            "a@b.example",
            "ada.lovelace+x@acme.co.uk",
            "jörg@müller.example",
            "a'b@c-d.e1",
            "a#b@c.example",
            "ada_acme.example#EXT#@globex.onmicrosoft.com",
            "#@b.example",
            "e\u{301}@b.example",
        ] {
            assert!(is_email(good), "{good}");
        }
        let long = format!("{}@b.example", "x".repeat(65));
        let longest = format!("a@{}example", "label-label.".repeat(22));
        for bad in [
            "",
            "a",
            "@b.example",
            "a@",
            "a@b",
            "a@@b.example",
            "a@b@c.example",
            "a b@c.example",
            "a@b..example",
            "a@-b.example",
            "a@b-.example",
            "a@b.example.",
            "a@b#c.example",
            "a@b.example#",
            "a@b.example\n",
            "a\u{200B}b@c.example",
            "\u{3164}@c.example",
            "a\u{ad}@c.example",
            "a\u{fe0f}@c.example",
            "a\0@c.example",
            "a\u{202e}@c.example",
            &long,
            &longest,
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn case_makes_no_other_person() {
        assert_eq!(email_key("Ada@ACME.example"), email_key("ada@acme.example"));
        assert_ne!(email_key("ada@acme.example"), email_key("bob@acme.example"));
    }

    #[test]
    fn what_unicode_lowers_to_one_text_can_be_two_mailboxes() {
        for (one, other) in
            [("\u{212A}ate@acme.example", "kate@acme.example"), ("İda@a.example", "i̇da@a.example")]
        {
            assert_eq!(email_key(one), email_key(other));
            assert!(!is_same_mailbox(one, other), "{one} {other}");
        }
        assert!(is_same_mailbox("Ada@ACME.example", "ada@acme.example"));
        assert!(is_same_mailbox("jörg@müller.example", "Jörg@müller.example"));
        assert!(!is_same_mailbox("jÖrg@müller.example", "jörg@müller.example"));
    }
}
