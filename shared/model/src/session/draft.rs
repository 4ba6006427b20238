//! A session as a request for its start describes it.

use serde_json::Value;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::SessionLimits;
use super::limits::in_words;
use crate::address;
use crate::fields::{Fields, FromFields};
use crate::id::ResourceId;
use crate::json;
use crate::text::DESCRIPTION_MAX;
use crate::violation::Violations;

/// The members of `POST /sessions`, all of them optional.
#[derive(Debug, Clone, Default)]
pub struct SessionDraft {
    minutes: Option<(&'static str, u32)>,
    ipv4_address: Option<Ipv4Addr>,
    ipv6_address: Option<Ipv6Addr>,
    /// The only resources to open.
    pub resource_ids: Option<BTreeSet<ResourceId>>,
    /// What the session is for.
    pub reason: Option<String>,
}

/// The addresses that a session lets in, at most one of each version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// Of version 4.
    pub v4: Option<Ipv4Addr>,
    /// Of version 6.
    pub v6: Option<Ipv6Addr>,
}

impl Addresses {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = IpAddr> {
        self.v4.map(IpAddr::V4).into_iter().chain(self.v6.map(IpAddr::V6))
    }
}

/// A whole number of hours or minutes, at least 1. The upper limit depends on the caller and is checked later.
pub(super) fn duration(
    fields: &mut Fields,
    hours: &'static str,
    minutes: &'static str,
) -> Option<(&'static str, u32)> {
    let in_hours = whole(fields, hours);
    let in_minutes = whole(fields, minutes);
    if in_hours.is_some() && in_minutes.is_some() {
        fields.refuse(minutes, format!("{hours} and {minutes} exclude each other"));
    }
    in_hours.map(|count| (hours, count.saturating_mul(60))).or(in_minutes.map(|count| (minutes, count)))
}

fn whole(fields: &mut Fields, name: &str) -> Option<u32> {
    if fields.clears(name) {
        return None;
    }
    let value = fields.take(name)?;
    let is_huge = value.as_f64().is_some_and(|count| count > f64::from(u32::MAX));
    let count = json::whole(&value).and_then(|count| u32::try_from(count).ok()).filter(|count| *count > 0);
    let count = if is_huge { Some(u32::MAX) } else { count };
    if count.is_none() {
        let sent = match &value {
            Value::String(_) => ", and not a text",
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => "",
        };
        fields.refuse(name, format!("{name} must be a whole number, 1 or more{sent}"));
    }
    count
}

impl FromFields for SessionDraft {
    fn read(fields: &mut Fields) -> Option<Self> {
        let minutes = duration(fields, "durationHours", "durationMinutes");
        let ipv4_address = declared(fields, "ipv4Address", 4, |address| match address {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        });
        let ipv6_address = declared(fields, "ipv6Address", 6, |address| match address {
            IpAddr::V6(address) => Some(address),
            IpAddr::V4(_) => None,
        });
        let resource_ids = resource_ids(fields);
        let reason = reason(fields);
        Some(Self { minutes, ipv4_address, ipv6_address, resource_ids, reason })
    }
}

/// An address that the caller names themselves.
fn declared<T>(
    fields: &mut Fields,
    name: &str,
    version: u8,
    of_version: impl FnOnce(IpAddr) -> Option<T>,
) -> Option<T> {
    if fields.clears(name) {
        return None;
    }
    let text = fields.text(name)?;
    let address = address::parse(&text).filter(|address| address::is_public_unicast(*address));
    let address = address.and_then(of_version);
    if address.is_none() {
        fields.refuse(name, format!("{name} must be a public unicast address of IPv{version}"));
    }
    address
}

fn resource_ids(fields: &mut Fields) -> Option<BTreeSet<ResourceId>> {
    if fields.clears("resourceIds") {
        return None;
    }
    let value = fields.take("resourceIds")?;
    let Some(list) = value.as_array().filter(|list| !list.is_empty()) else {
        fields.refuse("resourceIds", "resourceIds must be a list of at least one UUID");
        return None;
    };
    let id = |value: &Value| value.as_str().and_then(|text| ResourceId::parse(text).ok());
    let wrong = list.iter().position(|value| id(value).is_none());
    if let Some(place) = wrong {
        let sentence =
            format!("resourceIds[{place}] must be the id of a resource, which is a UUID, and not its name");
        fields.refuse("resourceIds", sentence);
        return None;
    }
    Some(list.iter().filter_map(id).collect())
}

fn reason(fields: &mut Fields) -> Option<String> {
    if fields.clears("reason") {
        return None;
    }
    fields.lines("reason", DESCRIPTION_MAX)
}

impl SessionDraft {
    /// The session's length, in minutes.
    ///
    /// # Errors
    /// If it is longer than the caller's limit.
    pub fn minutes(&self, limits: &SessionLimits, longest: u32) -> Result<u32, Violations> {
        match self.minutes {
            None => Ok(limits.default_minutes.min(longest)),
            Some((_, minutes)) if minutes <= longest => Ok(minutes),
            Some((name, _)) => {
                let sentence = format!("{name} must not be longer than {}", in_words(longest));
                Err(Violations::one(name, sentence))
            }
        }
    }

    /// The addresses to let in: the declared ones, or else the one that the gateway saw, if it is a public address.
    #[must_use]
    pub fn addresses(&self, source: Option<IpAddr>) -> Addresses {
        let source = source.map(|source| source.to_canonical());
        let source = source.filter(|source| !source.is_unspecified() && !source.is_multicast());
        let (v4, v6) = match source {
            Some(IpAddr::V4(address)) => (Some(address), None),
            Some(IpAddr::V6(address)) => (None, Some(address)),
            None => (None, None),
        };
        Addresses { v4: self.ipv4_address.or(v4), v6: self.ipv6_address.or(v6) }
    }
}
