//! Accounts of a cloud.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

use crate::id::NotAnId;

const DIGITS: usize = 12;

/// The first number with 13 digits.
const END: u64 = 1_000_000_000_000;

/// An AWS account: twelve digits. They are not a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(u64);

impl AccountId {
    /// The account whose digits end with this number; digits before the last twelve are dropped.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(number % END)
    }

    /// Reads twelve digits.
    ///
    /// # Errors
    /// [`NotAnId`] for everything else.
    pub fn parse(text: &str) -> Result<Self, NotAnId> {
        let is_account = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_account { text.parse().map(Self).map_err(|_| NotAnId) } else { Err(NotAnId) }
    }

    /// Reads the account of an ARN: its fifth part.
    ///
    /// # Errors
    /// [`NotAnId`] if there is none.
    pub fn of_arn(arn: &str) -> Result<Self, NotAnId> {
        let mut parts = arn.split(':');
        if parts.next() != Some("arn") {
            return Err(NotAnId);
        }
        Self::parse(parts.nth(3).unwrap_or_default())
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0DIGITS$}", self.0)
    }
}

/// Serialized as a text, because a number would lose leading zeros.
impl Serialize for AccountId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|_| serde::de::Error::custom("not an account"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_twelve_digits_and_keeps_its_leading_zeros() {
        let account = AccountId::parse("000000000001").unwrap();
        assert_eq!((account, account.to_string().as_str()), (AccountId::from_number(1), "000000000001"));
        assert_eq!(AccountId::from_number(7_123_456_789_012).to_string(), "123456789012");
        assert_eq!(serde_json::to_string(&account).unwrap(), r#""000000000001""#);
        assert_eq!(serde_json::from_str::<AccountId>(r#""000000000001""#).unwrap(), account);
        for text in ["", "1", "+00000000001", "00000000000a", "0000000000011", "１２３４"] {
            assert_eq!(AccountId::parse(text), Err(NotAnId), "{text}");
        }
        assert!(serde_json::from_str::<AccountId>("1").is_err());
    }

    #[test]
    fn an_arn_names_its_account() {
        let account = AccountId::parse("123456789012");
        for arn in [
            "arn:aws:sts::123456789012:assumed-role/postern/acme",
            "arn:aws-cn:iam::123456789012:role/path/postern",
        ] {
            assert_eq!(AccountId::of_arn(arn), account, "{arn}");
        }
        for arn in ["", "arn", "arn:aws:iam::aws:policy/x", "123456789012", "x:aws:sts::123456789012:y"] {
            assert_eq!(AccountId::of_arn(arn), Err(NotAnId), "{arn}");
        }
    }
}
