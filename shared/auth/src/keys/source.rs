//! Where an issuer's keys are.

use futures_util::future::BoxFuture;
use http::Uri;
use serde::Deserialize;
use std::fmt;
use std::net::IpAddr;

use super::set::KeySet;

/// Gets a document by HTTP.
pub trait Fetch: Send + Sync {
    /// The body of a successful answer. Bounded in time and size; follows no redirection.
    fn get<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<Vec<u8>, FetchFault>>;
}

/// Why there is no document, for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchFault(pub String);

impl fmt::Display for FetchFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where an issuer's keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// At this URL.
    Url(String),
    /// Where the issuer's discovery document says (OpenID Connect Discovery 1.0 §4).
    Discovery {
        /// The issuer, as tokens name it.
        issuer: String,
    },
}

#[derive(Deserialize)]
struct Discovered {
    issuer: String,
    jwks_uri: String,
}

impl KeySource {
    /// The first URL that is fetched.
    pub(crate) fn first_url(&self) -> String {
        match self {
            Self::Url(url) => url.clone(),
            Self::Discovery { issuer } => {
                format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
            }
        }
    }

    /// The URL of the set.
    pub(crate) async fn url(&self, fetch: &dyn Fetch) -> Result<String, FetchFault> {
        let first = self.first_url();
        let Self::Discovery { issuer } = self else {
            return Ok(first);
        };
        let found: Discovered = serde_json::from_slice(&fetch.get(&first).await?)
            .map_err(|error| FetchFault(format!("{first} is no discovery document: {error}")))?;
        if found.issuer != *issuer {
            return Err(FetchFault(format!("{first} names another issuer")));
        }
        // An issuer elsewhere has no business on this machine.
        if !is_fetchable(&found.jwks_uri) || (is_plain(&found.jwks_uri) && !is_plain(&first)) {
            return Err(FetchFault(format!("the jwks_uri of {first} is not https")));
        }
        Ok(found.jwks_uri)
    }
}

/// The set at a URL.
pub(crate) async fn key_set(fetch: &dyn Fetch, url: &str) -> Result<KeySet, FetchFault> {
    let body = fetch.get(url).await?;
    let text = str::from_utf8(&body).map_err(|_| FetchFault(format!("{url} is not UTF-8")))?;
    KeySet::parse(text).map_err(|why| FetchFault(format!("{url}: {why}")))
}

fn is_plain(url: &str) -> bool {
    url.parse::<Uri>().is_ok_and(|uri| uri.scheme_str() == Some("http"))
}

/// Whether keys may come from a URL: `https`, or `http` on this machine. A user name in it is not sent anywhere, and refused.
#[must_use]
pub fn is_fetchable(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else {
        return false;
    };
    let Some(host) = uri.host().filter(|host| !host.is_empty()) else {
        return false;
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback =
        bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let has_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    match uri.scheme_str() {
        Some("https") => !has_user,
        Some("http") => is_loopback && !has_user,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_by_https_or_from_this_machine() {
        for url in [
            "https://id.example/keys",
            "https://id.example:8443/a?b=c",
            "http://localhost:8080/keys",
            "http://127.0.0.1:9/keys",
            "http://[::1]:9/keys",
        ] {
            assert!(is_fetchable(url), "{url}");
        }
        for url in [
            "http://id.example/keys",
            "http://localhost.example/keys",
            "http://127.0.0.1.example/keys",
            "http://169.254.169.254/latest",
            "https://user:word@id.example/keys",
            "http://127.0.0.1@id.example/keys",
            "ftp://id.example/keys",
            "file:///etc/passwd",
            "//id.example/keys",
            "/keys",
            "https://",
            "",
        ] {
            assert!(!is_fetchable(url), "{url}");
        }
    }
}
