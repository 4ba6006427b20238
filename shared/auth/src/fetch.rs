//! What the verifier reads from elsewhere.

use futures_util::future::BoxFuture;
use secrecy::SecretString;
use std::fmt;

/// Reads documents over HTTP, and secrets by their names.
pub trait Fetch: Send + Sync {
    /// The body of a successful answer, bounded in time and size. Follows no redirection.
    fn get<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<Vec<u8>, FetchFault>>;

    /// The current text of a secret. Bounded in time.
    fn secret<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<SecretString, FetchFault>> {
        Box::pin(async move { Err(FetchFault(format!("{name}: this process reads no secrets"))) })
    }
}

/// Why a document or secret could not be read, for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchFault(pub String);

impl fmt::Display for FetchFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
