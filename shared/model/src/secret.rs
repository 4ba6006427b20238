//! Secrets in memory.

use secrecy::{ExposeSecret, SecretString};

/// The value of a credential, as JSON text.
///
/// It has no `Display`, no `Serialize` and a redacted `Debug`, and is wiped when dropped, so that printing or
/// answering with one is a compile error and not an accident:
///
/// ```compile_fail
/// let value = model::secret::SecretJson::new("\"hunter2\"".into());
/// serde_json::to_string(&value);
/// ```
///
/// The only ways out are [`SecretJson::expose`], which the vault calls, and
/// [`Credential::readable`](crate::credential::Credential::readable), which asks whether the credential may be read.
#[derive(Debug, Clone)]
pub struct SecretJson(SecretString);

impl SecretJson {
    /// Takes JSON text as it came.
    #[must_use]
    pub fn new(json: String) -> Self {
        Self(json.into())
    }

    /// Takes plain text, which becomes a JSON string.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(serde_json::Value::from(text).to_string().into())
    }

    /// The JSON text. Callers encrypt it, or show it after [`Credential::readable`] said that they may.
    ///
    /// [`Credential::readable`]: crate::credential::Credential::readable
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let secret = SecretJson::from_text("hunter2");
        assert!(!format!("{secret:?}").contains("hunter2"));
        assert_eq!(secret.expose(), "\"hunter2\"");
    }
}
