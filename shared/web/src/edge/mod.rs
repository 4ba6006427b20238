//! The edge: a CloudFront distribution in front of the API, which names the caller's address.
//!
//! Behind a distribution the gateway sees CloudFront's address. CloudFront writes the caller's address into `CloudFront-Viewer-Address`.
//! Anybody can send that header directly to the gateway, so it counts only with a secret that only the distribution sends.
//! [`Edge::source`] alone decides about the address of a request: ADR 0026.

mod source;

pub use source::EdgeSource;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use http::HeaderMap;
use model::address;
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;
use std::net::IpAddr;

/// The header with the secret. CloudFront replaces a caller's header of the same name.
const SECRET: &str = "x-postern-edge";

/// The header with the caller's address and port, as CloudFront sees them.
const VIEWER_ADDRESS: &str = "cloudfront-viewer-address";

/// A header of every request that came through CloudFront, whatever the distribution.
const CLOUDFRONT_ID: &str = "x-amz-cf-id";

const SECRET_MIN: usize = 32;
/// Longest secret, in bytes. A header of a distribution has at most 1,783 characters.
const SECRET_MAX: usize = 256;
/// Most secrets at a time: the present one, and the one before or after it during a rotation.
const SECRETS_MAX: usize = 2;

/// The secrets that an edge may send, as digests. Without any there is no edge.
#[derive(Clone)]
pub struct Edge(Secrets);

#[derive(Clone)]
enum Secrets {
    Known(Vec<[u8; 32]>),
    /// The secrets cannot be read, so a sent one can be neither accepted nor refused.
    OutOfReach,
}

impl Default for Edge {
    fn default() -> Self {
        Self(Secrets::Known(Vec::new()))
    }
}

impl fmt::Debug for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Secrets::Known(secrets) => write!(f, "Edge({})", secrets.len()),
            Secrets::OutOfReach => f.write_str("Edge(?)"),
        }
    }
}

/// A malformed secret, or too many of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadEdgeSecret;

/// Why the address of a request is unknown, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownSource {
    /// The distribution did not send the secret. The address is CloudFront's.
    ForeignDistribution,
    /// The edge did not send the address. Its origin request policy lacks the header.
    NoViewerAddress,
    /// The edge sent something else than an address with a port.
    BadViewerAddress,
    /// The request has a secret, and the accepted ones cannot be read.
    SecretOutOfReach,
}

impl Edge {
    /// Reads one secret, or two with a comma between them. Each has 32 to 256 visible ASCII characters.
    ///
    /// # Errors
    /// A malformed secret, or a third one.
    pub(crate) fn parse(text: &SecretString) -> Result<Self, BadEdgeSecret> {
        let secrets: Vec<&str> = text.expose_secret().split(',').map(str::trim).collect();
        let is_fit = |secret: &&str| {
            (SECRET_MIN..=SECRET_MAX).contains(&secret.len()) && secret.bytes().all(|b| b.is_ascii_graphic())
        };
        if secrets.len() > SECRETS_MAX || !secrets.iter().all(is_fit) {
            return Err(BadEdgeSecret);
        }
        Ok(Self(Secrets::Known(secrets.into_iter().map(|secret| hash(secret.as_bytes())).collect())))
    }

    /// The address that a request comes from: the one that the edge names, or the one that the gateway saw. Removes the secret from the
    /// headers, so that nothing later can repeat it.
    ///
    /// # Errors
    /// When the gateway saw CloudFront's address, and no edge names the caller's.
    pub(crate) fn source(
        &self,
        headers: &mut HeaderMap,
        gateway_saw: Option<String>,
    ) -> Result<Option<String>, UnknownSource> {
        let shown = headers.remove(SECRET);
        if shown.is_some() && matches!(self.0, Secrets::OutOfReach) {
            return Err(UnknownSource::SecretOutOfReach);
        }
        if shown.is_some_and(|shown| self.knows(shown.as_bytes())) {
            let said = headers.get(VIEWER_ADDRESS).ok_or(UnknownSource::NoViewerAddress)?;
            let address = said.to_str().ok().and_then(viewer_address);
            return address.map(|address| Some(address.to_string())).ok_or(UnknownSource::BadViewerAddress);
        }
        if headers.contains_key(CLOUDFRONT_ID) {
            return Err(UnknownSource::ForeignDistribution);
        }
        Ok(gateway_saw)
    }

    /// Digests have equal length, and the comparison takes constant time.
    fn knows(&self, shown: &[u8]) -> bool {
        let Secrets::Known(secrets) = &self.0 else { return false };
        let shown = hash(shown);
        secrets.iter().any(|secret| verify_slices_are_equal(secret, &shown).is_ok())
    }
}

fn hash(text: &[u8]) -> [u8; 32] {
    digest(&SHA256, text).as_ref().first_chunk().copied().unwrap_or_default()
}

/// The address in `198.51.100.10:46532` or `2001:db8::7:46532`. CloudFront writes no brackets around IPv6.
fn viewer_address(text: &str) -> Option<IpAddr> {
    let (address, port) = text.rsplit_once(':')?;
    let is_port = port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok();
    if is_port { address::parse(address) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    const FIRST: &str = "the first secret of a distribution";
    pub(super) const SECOND: &str = "the-second-secret-of-a-distribution";

    fn edge(text: &str) -> Result<Edge, BadEdgeSecret> {
        Edge::parse(&SecretString::from(text))
    }

    pub(super) fn source(
        edge: &Edge,
        headers: &[(&'static str, &str)],
    ) -> Result<Option<String>, UnknownSource> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let source = edge.source(&mut map, Some("203.0.113.7".into()));
        assert!(!map.contains_key(SECRET));
        source
    }

    #[test]
    fn only_addresses_in_cloudfronts_format_are_read() {
        for (text, address) in [
            ("198.51.100.10:46532", "198.51.100.10"),
            ("198.51.100.10:0", "198.51.100.10"),
            ("2001:db8:85a3:0:0:8a2e:370:7334:46532", "2001:db8:85a3::8a2e:370:7334"),
            ("2001:db8::7:443", "2001:db8::7"),
            ("2001:db8:::443", "2001:db8::"),
            ("::ffff:198.51.100.10:443", "198.51.100.10"),
        ] {
            assert_eq!(
                viewer_address(text).map(|found| found.to_string()).as_deref(),
                Some(address),
                "{text}"
            );
        }
        for bad in [
            "",
            ":",
            ":443",
            "198.51.100.10",
            "198.51.100.10:",
            "198.51.100.10:+1",
            "198.51.100.10:-1",
            "198.51.100.10:65536",
            "198.51.100.10:443 ",
            " 198.51.100.10:443",
            "198.51.100.010:443",
            "198.51.100.10/32:443",
            "198.51.100.10:443,192.0.2.1:443",
            "192.0.2.1:443, 198.51.100.10:443",
            "2001:db8:85a3:0:0:8a2e:370:7334",
            "[2001:db8::7]:443",
            "fe80::1%eth0:443",
            "host.example:443",
            "unknown",
        ] {
            assert_eq!(viewer_address(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_edge_has_one_or_two_secrets_of_32_to_256_visible_characters() {
        for good in [SECOND, &"x".repeat(32), &"x".repeat(256), &format!("{SECOND}, {}", "y".repeat(32))] {
            assert!(edge(good).is_ok(), "{good}");
        }
        let three = ["a", "b", "c"].map(|letter| letter.repeat(32)).join(",");
        for bad in [
            FIRST,
            "",
            ",",
            &"x".repeat(31),
            &"x".repeat(257),
            &"é".repeat(32),
            &format!("{SECOND},"),
            &format!("{SECOND},short"),
            &three,
        ] {
            assert_eq!(edge(bad).err(), Some(BadEdgeSecret), "{bad}");
        }
        assert_eq!(format!("{:?}", edge(SECOND).unwrap()), "Edge(1)");
    }

    #[test]
    fn the_edges_address_counts_only_with_one_of_the_two_secrets() {
        let other = "y".repeat(32);
        let edge = edge(&format!("{SECOND},{other}")).unwrap();
        let said = (VIEWER_ADDRESS, "198.51.100.10:46532");
        for secret in [SECOND, &other] {
            assert_eq!(source(&edge, &[(SECRET, secret), said]), Ok(Some("198.51.100.10".into())));
        }
        let both = format!("{SECOND},{other}");
        for wrong in ["", "x", &both, &format!("{SECOND},x"), &format!("x,{SECOND}"), &SECOND.to_uppercase()]
        {
            assert_eq!(source(&edge, &[(SECRET, wrong), said]), Ok(Some("203.0.113.7".into())), "{wrong}");
        }
        let nobody = Edge::default();
        assert_eq!(source(&nobody, &[(SECRET, ""), said]), Ok(Some("203.0.113.7".into())));
    }

    #[test]
    fn cloudfronts_own_address_never_counts_as_the_callers() {
        let edge = edge(SECOND).unwrap();
        let (shown, id) = ((SECRET, SECOND), (CLOUDFRONT_ID, "IZhnZ0yc8tRtU1vQ=="));
        let said = (VIEWER_ADDRESS, "198.51.100.10:46532");
        assert_eq!(source(&edge, &[shown, id, said]), Ok(Some("198.51.100.10".into())));
        assert_eq!(source(&edge, &[shown, id]), Err(UnknownSource::NoViewerAddress));
        assert_eq!(source(&edge, &[shown]), Err(UnknownSource::NoViewerAddress));
        let bad = (VIEWER_ADDRESS, "198.51.100.10");
        assert_eq!(source(&edge, &[shown, id, bad]), Err(UnknownSource::BadViewerAddress));
        for secret in [None, Some((SECRET, "a secret from before the last rotation"))] {
            let headers: Vec<_> = secret.into_iter().chain([id, said]).collect();
            assert_eq!(source(&edge, &headers), Err(UnknownSource::ForeignDistribution));
            assert_eq!(source(&Edge::default(), &headers), Err(UnknownSource::ForeignDistribution));
        }
    }
}
