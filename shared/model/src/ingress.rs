//! Ingress rules: what a session asks of a firewall.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// A protocol of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP, or ICMPv6 for an IPv6 address; every type.
    Icmp,
    /// Every protocol and port.
    All,
}

impl Protocol {
    /// The spelling of `config`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Icmp => "icmp",
            Self::All => "all",
        }
    }
}

/// What a rule opens: a protocol, and for TCP and UDP a range of ports, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Opening {
    /// The protocol.
    pub protocol: Protocol,
    /// First and last port; `None` for protocols without ports.
    pub ports: Option<(u16, u16)>,
}

/// The version of the Internet Protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IpVersion {
    /// Version 4.
    V4,
    /// Version 6.
    V6,
}

impl IpVersion {
    /// The version of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }

    /// 4 or 6.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::V4 => 4,
            Self::V6 => 6,
        }
    }
}

/// An ingress rule: one address may reach one opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ingress {
    /// The address that is let in.
    pub address: IpAddr,
    /// What.
    pub opening: Opening,
}

impl Ingress {
    /// The address as a block of one: `/32` or `/128`.
    #[must_use]
    pub fn cidr(&self) -> String {
        match self.address {
            IpAddr::V4(address) => format!("{address}/32"),
            IpAddr::V6(address) => format!("{address}/128"),
        }
    }

    /// Reads what [`Display`](fmt::Display) writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, opening) = text.split_once('|')?;
        let (protocol, ports) = opening.split_once('|')?;
        let protocol = match protocol {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            "icmp" => Protocol::Icmp,
            "all" => Protocol::All,
            _ => return None,
        };
        let ports = match ports {
            "" => None,
            ports => {
                let (from, to) = ports.split_once('-')?;
                Some((from.parse().ok()?, to.parse().ok()?))
            }
        };
        Some(Self { address: address.parse().ok()?, opening: Opening { protocol, ports } })
    }
}

/// The rule's name in its group, such as `203.0.113.7|tcp|22-22`. No part contains `#`.
impl fmt::Display for Ingress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}|", self.address, self.opening.protocol.as_str())?;
        self.opening.ports.map_or(Ok(()), |(from, to)| write!(f, "{from}-{to}"))
    }
}

/// A security group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupRef {
    /// Its region.
    pub region: String,
    /// Its id, such as `sg-0abc123def4567890`.
    pub group_id: String,
}

impl fmt::Display for GroupRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.group_id, self.region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_block_of_one_of_its_version() {
        for (address, cidr, number) in
            [("203.0.113.7", "203.0.113.7/32", 4), ("2001:db8::1", "2001:db8::1/128", 6)]
        {
            let opening = Opening { protocol: Protocol::All, ports: None };
            let rule = Ingress { address: address.parse().unwrap(), opening };
            assert_eq!((rule.cidr().as_str(), IpVersion::of(rule.address).number()), (cidr, number));
        }
        let group = GroupRef { region: "eu-central-1".into(), group_id: "sg-0abc123d".into() };
        assert_eq!(group.to_string(), "sg-0abc123d in eu-central-1");
    }

    #[test]
    fn a_rule_is_read_back_from_its_name() {
        for (address, protocol, ports, name) in [
            ("203.0.113.7", Protocol::Tcp, Some((22, 22)), "203.0.113.7|tcp|22-22"),
            ("2001:db8::1", Protocol::Udp, Some((0, 65535)), "2001:db8::1|udp|0-65535"),
            ("203.0.113.7", Protocol::Icmp, None, "203.0.113.7|icmp|"),
            ("203.0.113.7", Protocol::All, None, "203.0.113.7|all|"),
        ] {
            let rule = Ingress { address: address.parse().unwrap(), opening: Opening { protocol, ports } };
            assert_eq!(rule.to_string(), name);
            assert_eq!(Ingress::parse(name), Some(rule));
        }
        for bad in
            ["", "203.0.113.7", "203.0.113.7|tcp", "x|tcp|1-2", "203.0.113.7|sctp|", "203.0.113.7|tcp|1"]
        {
            assert_eq!(Ingress::parse(bad), None, "{bad}");
        }
    }
}
