//! Addresses that a session may name.

mod reserved;

use std::net::IpAddr;

use reserved::Block;

/// Reads an address. An IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2) becomes an IPv4 address.
#[must_use]
pub fn parse(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// Whether an address can be one machine's on the public internet. It is in no reserved block then.
#[must_use]
pub fn is_public_unicast(address: IpAddr) -> bool {
    let blocks: &[Block] = match address {
        IpAddr::V4(_) => &reserved::V4,
        IpAddr::V6(_) => &reserved::V6,
    };
    !blocks.iter().any(|block| block.has(address))
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
            "2001:1::1",
            "2001:2::1",
            "2001:10::1",
            "2001:1f:ffff::1",
            "192.88.99.1",
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
