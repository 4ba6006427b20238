//! Addresses that a session may name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Reads an address. One of version 4 that is written as version 6 (RFC 4291 §2.5.5.2) is one of version 4.
#[must_use]
pub fn parse(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// Whether an address can be one machine's on the public internet (IANA's special-purpose registries). The ranges for
/// documentation count as public: nobody has them, and every example uses them.
#[must_use]
pub fn is_public_unicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_protocol_assignment = (a, b, c) == (192, 0, 0);
    let is_benchmark = a == 198 && (18..20).contains(&b);
    !(a == 0
        || a >= 224
        || is_shared
        || is_protocol_assignment
        || is_benchmark
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local())
}

/// Global unicast is 2000::/3; within it Teredo and 6to4 are other addresses in disguise.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_teredo = (first, second) == (0x2001, 0);
    let is_6to4 = first == 0x2002;
    first & 0xe000 == 0x2000 && !is_teredo && !is_6to4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_machines_addresses_are_public() {
        for good in [
            "8.8.8.8",
            "203.0.113.7",
            "198.51.100.1",
            "1.1.1.1",
            "8.64.0.1",
            "100.63.255.255",
            "100.128.0.0",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:db8::7",
            "2606:4700::1111",
            "2001:1::1",
            "3fff::",
        ] {
            assert!(is_public_unicast(good.parse().unwrap()), "{good}");
        }
    }

    #[test]
    fn addresses_of_nobody_of_many_or_behind_a_router_are_not_public() {
        for bad in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "2002:a00:1::",
            "2001::1",
            "64:ff9b::1",
        ] {
            assert!(!is_public_unicast(bad.parse().unwrap()), "{bad}");
        }
    }

    #[test]
    fn one_machine_has_one_spelling() {
        for text in ["203.0.113.7", "::ffff:203.0.113.7"] {
            assert_eq!(parse(text), Some(IpAddr::from([203, 0, 113, 7])), "{text}");
        }
        assert_eq!(parse("2001:DB8:0::7"), "2001:db8::7".parse().ok());
        for bad in ["", "203.0.113", "203.0.113.7/32", "0x7f.1", "203.0.113.007", "fe80::1%eth0", " 1.1.1.1"]
        {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
