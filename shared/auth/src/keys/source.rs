//! The source of an issuer's keys.

use futures_util::future::BoxFuture;
use http::Uri;
use serde::Deserialize;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use super::set::KeySet;
use crate::cached::Cached;
use crate::fetch::{Fetch, FetchFault};

/// The source of an issuer's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A URL.
    Url(String),
    /// The URL in the issuer's discovery document (OpenID Connect Discovery 1.0 §4).
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

    /// The URL of the key set.
    pub(crate) async fn url(&self, fetch: &dyn Fetch) -> Result<String, FetchFault> {
        let first = self.first_url();
        let Self::Discovery { issuer } = self else {
            return Ok(first);
        };
        let found: Discovered = serde_json::from_slice(&fetch.get(&first).await?).map_err(|error| {
            FetchFault(format!("{first} is not a discovery document, at {}:{}", error.line(), error.column()))
        })?;
        if found.issuer != *issuer {
            return Err(FetchFault(format!("{first} names another issuer")));
        }
        // Only an issuer on this machine may send the function to this machine.
        if !is_fetchable(&found.jwks_uri) || (is_plain(&found.jwks_uri) && !is_plain(&first)) {
            return Err(FetchFault(format!("the jwks_uri of {first} is not https")));
        }
        Ok(found.jwks_uri)
    }
}

/// A source, and the URL that it led to.
struct Place {
    source: KeySource,
    fetch: Arc<dyn Fetch>,
    url: Mutex<Option<String>>,
}

impl Place {
    async fn set(&self) -> Result<KeySet, FetchFault> {
        let url = || self.url.lock().unwrap_or_else(PoisonError::into_inner);
        // The URL is kept only while it works, because the keys may move.
        let known = url().take();
        let found = match known {
            Some(url) => url,
            None => self.source.url(self.fetch.as_ref()).await?,
        };
        let set = key_set(self.fetch.as_ref(), &found).await?;
        *url() = Some(found);
        Ok(set)
    }
}

/// An issuer's keys, kept between requests.
pub(crate) fn cached_set(source: KeySource, fetch: Arc<dyn Fetch>) -> Cached<KeySet> {
    let place = Arc::new(Place { source, fetch, url: Mutex::default() });
    let load = move || -> BoxFuture<'static, _> {
        let place = Arc::clone(&place);
        Box::pin(async move { place.set().await })
    };
    Cached::new("the issuer's keys", Box::new(load))
}

/// The key set at a URL.
pub(crate) async fn key_set(fetch: &dyn Fetch, url: &str) -> Result<KeySet, FetchFault> {
    let body = fetch.get(url).await?;
    let text = str::from_utf8(&body).map_err(|_| FetchFault(format!("{url} is not UTF-8")))?;
    KeySet::parse(text).map_err(|why| FetchFault(format!("{url}: {why}")))
}

fn is_plain(url: &str) -> bool {
    url.parse::<Uri>().is_ok_and(|uri| uri.scheme_str() == Some("http"))
}

/// Whether keys may be fetched from a URL: by `https`, or by `http` from this machine. A user name is refused, because it would not be sent.
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
    use futures_util::FutureExt;
    use model::time::Timestamp;
    use serde_json::json;

    const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA","kid":"a"}]}"#;

    /// One document at one URL.
    struct StubSite(&'static str, Vec<u8>);

    impl Fetch for StubSite {
        fn get<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<Vec<u8>, FetchFault>> {
            let found = if url == self.0 { Ok(self.1.clone()) } else { Err(FetchFault(url.into())) };
            Box::pin(async move { found })
        }
    }

    /// The URL of the keys, by a discovery document.
    fn discovered(issuer: &str, url: &'static str, named: &str, keys: &str) -> Result<String, String> {
        let document = json!({"issuer": named, "jwks_uri": keys}).to_string();
        let source = KeySource::Discovery { issuer: issuer.into() };
        let found = source.url(&StubSite(url, document.into())).now_or_never().unwrap();
        found.map_err(|fault| fault.to_string())
    }

    #[test]
    fn the_discovery_document_names_the_url_of_the_keys() {
        const FAR: &str = "https://id.example/.well-known/openid-configuration";
        const NEAR: &str = "http://localhost:9/.well-known/openid-configuration";
        for (issuer, url, keys) in [
            ("https://id.example", FAR, "https://keys.example/set"),
            ("https://id.example/", FAR, "https://id.example/keys"),
            ("http://localhost:9", NEAR, "http://localhost:9/keys"),
            ("http://localhost:9", NEAR, "https://id.example/keys"),
        ] {
            assert_eq!(discovered(issuer, url, issuer, keys).as_deref(), Ok(keys), "{issuer}");
        }
        let another = Err(format!("{FAR} names another issuer"));
        assert_eq!(
            discovered("https://id.example", FAR, "https://id.example/", "https://k.example"),
            another
        );
        for keys in ["http://id.example/keys", "http://localhost:9/keys", "file:///keys", ""] {
            let plain = Err(format!("the jwks_uri of {FAR} is not https"));
            assert_eq!(discovered("https://id.example", FAR, "https://id.example", keys), plain, "{keys}");
        }
        let absent = discovered("https://id.example", NEAR, "https://id.example", "https://id.example/keys");
        assert_eq!(absent, Err(FAR.into()));
    }

    #[test]
    fn a_url_needs_no_document() {
        let source = KeySource::Url("https://id.example/keys".into());
        let url = source.url(&StubSite("", Vec::new())).now_or_never().unwrap();
        assert_eq!(url.as_deref(), Ok("https://id.example/keys"));
    }

    #[test]
    fn a_key_set_is_fetched_or_the_fault_is_named() {
        let fetched = |document: &[u8], url: &str| {
            let site = StubSite("https://id.example/keys", document.into());
            let set = key_set(&site, url).now_or_never().unwrap();
            set.map(|set| set.find("a").is_some()).map_err(|fault| fault.to_string())
        };
        let url = "https://id.example/keys";
        assert_eq!(fetched(KEYS.as_bytes(), url), Ok(true));
        assert_eq!(
            fetched(KEYS.as_bytes(), "https://id.example/other"),
            Err("https://id.example/other".into())
        );
        assert_eq!(fetched(&[0xff], url), Err(format!("{url} is not UTF-8")));
        let nothing = Err(format!("{url}: no key of the set can verify a token"));
        assert_eq!(fetched(br#"{"keys":[]}"#, url), nothing);
    }

    #[test]
    fn keys_are_fetched_by_https_or_from_this_machine() {
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

    const DISCOVERY: &str = "https://id.example/.well-known/openid-configuration";

    /// An issuer that can fail. It notes the URLs of its requests.
    #[derive(Default)]
    struct Issuer {
        is_down: Mutex<bool>,
        asked: Mutex<Vec<String>>,
    }

    impl Fetch for Issuer {
        fn get<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<Vec<u8>, FetchFault>> {
            self.asked.lock().unwrap().push(url.into());
            let is_down = *self.is_down.lock().unwrap();
            let found = r#"{"issuer":"https://id.example","jwks_uri":"https://id.example/keys"}"#;
            let document = if url == DISCOVERY { found } else { KEYS };
            let answer = if is_down { Err(FetchFault(url.into())) } else { Ok(document.into()) };
            Box::pin(async move { answer })
        }
    }

    #[tokio::test]
    async fn the_discovered_url_is_kept_until_a_fetch_fails() {
        let issuer = Arc::new(Issuer::default());
        let source = KeySource::Discovery { issuer: "https://id.example".into() };
        let cached = cached_set(source, Arc::clone(&issuer) as Arc<dyn Fetch>);
        let keys = "https://id.example/keys";
        for (minute, is_down, asked) in [
            (0, false, vec![DISCOVERY, keys]),
            (1, false, vec![keys]),
            (2, true, vec![keys]),
            (3, false, vec![DISCOVERY, keys]),
        ] {
            *issuer.is_down.lock().unwrap() = is_down;
            let now = Timestamp::from_unix_millis(1_771_410_600_000 + minute * 60_000).unwrap();
            let found = cached.find(now, |set| set.find("other").map(drop)).await;
            assert!(found.is_err(), "{minute}");
            assert_eq!(std::mem::take(&mut *issuer.asked.lock().unwrap()), asked, "{minute}");
        }
    }
}
