//! Reserved blocks: addresses that are not a machine's on the public internet.
//!
//! The rows are IANA's registries of special-purpose addresses for IPv4 and IPv6 (RFC 6890), including blocks that are `Globally
//! Reachable`, such as anycast addresses: no single machine has them. Multicast and unassigned unicast blocks, which have other
//! registries, are added. Blocks for documentation are left out, because every example uses them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A reserved block, its purpose and its source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub(super) first: IpAddr,
    pub(super) bits: u32,
    /// Its name in the registry, and the source.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the reader of the table, and for the tests"))]
    pub(super) row: (&'static str, &'static str),
}

const fn v4(first: [u8; 4], bits: u32, name: &'static str, source: &'static str) -> Block {
    let [a, b, c, d] = first;
    Block { first: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), bits, row: (name, source) }
}

const fn v6(first: [u16; 8], bits: u32, name: &'static str, source: &'static str) -> Block {
    let [a, b, c, d, e, f, g, h] = first;
    Block { first: IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)), bits, row: (name, source) }
}

/// `iana-ipv4-special-registry` without 192.0.2.0/24, 198.51.100.0/24 and 203.0.113.0/24 (RFC 5737), which are for documentation.
#[rustfmt::skip]
pub(super) const V4: [Block; 24] = [
    v4([0, 0, 0, 0], 8, "This network", "RFC 791 §3.2"),
    v4([0, 0, 0, 0], 32, "This host on this network", "RFC 1122 §3.2.1.3"),
    v4([10, 0, 0, 0], 8, "Private-Use", "RFC 1918"),
    v4([100, 64, 0, 0], 10, "Shared Address Space", "RFC 6598"),
    v4([127, 0, 0, 0], 8, "Loopback", "RFC 1122 §3.2.1.3"),
    v4([169, 254, 0, 0], 16, "Link Local", "RFC 3927"),
    v4([172, 16, 0, 0], 12, "Private-Use", "RFC 1918"),
    v4([192, 0, 0, 0], 24, "IETF Protocol Assignments", "RFC 6890 §2.1"),
    v4([192, 0, 0, 0], 29, "IPv4 Service Continuity Prefix", "RFC 7335"),
    v4([192, 0, 0, 8], 32, "IPv4 dummy address", "RFC 7600"),
    v4([192, 0, 0, 9], 32, "Port Control Protocol Anycast", "RFC 7723"),
    v4([192, 0, 0, 10], 32, "Traversal Using Relays around NAT Anycast", "RFC 8155"),
    v4([192, 0, 0, 170], 32, "NAT64/DNS64 Discovery", "RFC 8880"),
    v4([192, 0, 0, 171], 32, "NAT64/DNS64 Discovery", "RFC 8880"),
    v4([192, 31, 196, 0], 24, "AS112-v4", "RFC 7535"),
    v4([192, 52, 193, 0], 24, "AMT", "RFC 7450"),
    v4([192, 88, 99, 0], 24, "Deprecated (6to4 Relay Anycast)", "RFC 7526"),
    v4([192, 88, 99, 2], 32, "6a44-relay anycast address", "RFC 6751"),
    v4([192, 168, 0, 0], 16, "Private-Use", "RFC 1918"),
    v4([192, 175, 48, 0], 24, "Direct Delegation AS112 Service", "RFC 7534"),
    v4([198, 18, 0, 0], 15, "Benchmarking", "RFC 2544"),
    v4([224, 0, 0, 0], 4, "Multicast", "RFC 5771"),
    v4([240, 0, 0, 0], 4, "Reserved", "RFC 1112 §4"),
    v4([255, 255, 255, 255], 32, "Limited Broadcast", "RFC 919 §7"),
];

/// `iana-ipv6-special-registry` without 2001:db8::/32 (RFC 3849) and 3fff::/20 (RFC 9637), which are for documentation. Global unicast is
/// 2000::/3 (RFC 4291 §2.4): the rest of the space is in the four rows at the end.
#[rustfmt::skip]
pub(super) const V6: [Block; 29] = [
    v6([0, 0, 0, 0, 0, 0, 0, 1], 128, "Loopback Address", "RFC 4291"),
    v6([0; 8], 128, "Unspecified Address", "RFC 4291"),
    v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96, "IPv4-mapped Address", "RFC 4291"),
    v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96, "IPv4-IPv6 Translat.", "RFC 6052"),
    v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, "IPv4-IPv6 Translat.", "RFC 8215"),
    v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64, "Discard-Only Address Block", "RFC 6666"),
    v6([0x100, 0, 0, 1, 0, 0, 0, 0], 64, "Dummy IPv6 Prefix", "RFC 9780"),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, "IETF Protocol Assignments", "RFC 2928"),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, "TEREDO", "RFC 4380"),
    v6([0x2001, 1, 0, 0, 0, 0, 0, 1], 128, "Port Control Protocol Anycast", "RFC 7723"),
    v6([0x2001, 1, 0, 0, 0, 0, 0, 2], 128, "Traversal Using Relays around NAT Anycast", "RFC 8155"),
    v6([0x2001, 1, 0, 0, 0, 0, 0, 3], 128, "DNS-SD Service Registration Protocol Anycast", "RFC 9665"),
    v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48, "Benchmarking", "RFC 5180"),
    v6([0x2001, 3, 0, 0, 0, 0, 0, 0], 32, "AMT", "RFC 7450"),
    v6([0x2001, 4, 0x112, 0, 0, 0, 0, 0], 48, "AS112-v6", "RFC 7535"),
    v6([0x2001, 0x10, 0, 0, 0, 0, 0, 0], 28, "Deprecated (previously ORCHID)", "RFC 4843"),
    v6([0x2001, 0x20, 0, 0, 0, 0, 0, 0], 28, "ORCHIDv2", "RFC 7343"),
    v6([0x2001, 0x30, 0, 0, 0, 0, 0, 0], 28, "Drone Remote ID Protocol Entity Tags Prefix", "RFC 9374"),
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, "6to4", "RFC 3056"),
    v6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48, "Direct Delegation AS112 Service", "RFC 7534"),
    v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16, "Segment Routing (SRv6) SIDs", "RFC 9602"),
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, "Unique-Local", "RFC 4193"),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, "Link-Local Unicast", "RFC 4291"),
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, "Deprecated (Site-Local Unicast)", "RFC 3879"),
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, "Multicast", "RFC 4291 §2.7"),
    v6([0, 0, 0, 0, 0, 0, 0, 0], 3, "Outside of global unicast", "RFC 4291 §2.4"),
    v6([0x4000, 0, 0, 0, 0, 0, 0, 0], 3, "Outside of global unicast", "RFC 4291 §2.4"),
    v6([0x6000, 0, 0, 0, 0, 0, 0, 0], 3, "Outside of global unicast", "RFC 4291 §2.4"),
    v6([0x8000, 0, 0, 0, 0, 0, 0, 0], 1, "Outside of global unicast", "RFC 4291 §2.4"),
];

impl Block {
    /// Whether an address is one of the block's.
    pub(super) fn has(&self, address: IpAddr) -> bool {
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                (first.to_bits() ^ address.to_bits()).checked_shr(32 - self.bits).unwrap_or_default() == 0
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                (first.to_bits() ^ address.to_bits()).checked_shr(128 - self.bits).unwrap_or_default() == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::is_public_unicast;
    use super::*;

    /// The first and the last address of a block, and their neighbours outside.
    fn edges(block: &Block) -> (IpAddr, IpAddr, Option<IpAddr>, Option<IpAddr>) {
        match block.first {
            IpAddr::V4(first) => {
                let first = first.to_bits();
                let last = first | u32::MAX.checked_shr(block.bits).unwrap_or_default();
                let v4 = |bits: u32| IpAddr::V4(Ipv4Addr::from_bits(bits));
                (v4(first), v4(last), first.checked_sub(1).map(v4), last.checked_add(1).map(v4))
            }
            IpAddr::V6(first) => {
                let first = first.to_bits();
                let last = first | u128::MAX.checked_shr(block.bits).unwrap_or_default();
                let v6 = |bits: u128| IpAddr::V6(Ipv6Addr::from_bits(bits));
                (v6(first), v6(last), first.checked_sub(1).map(v6), last.checked_add(1).map(v6))
            }
        }
    }

    fn blocks() -> impl Iterator<Item = &'static Block> {
        V4.iter().chain(&V6)
    }

    #[test]
    fn the_first_and_the_last_address_of_every_block_are_reserved_and_their_neighbours_are_not_its() {
        for block in blocks() {
            let (first, last, before, behind) = edges(block);
            assert_eq!(first, block.first, "{:?} begins at its first address", block.row);
            for inside in [first, last] {
                assert!(block.has(inside) && !is_public_unicast(inside), "{:?}: {inside}", block.row);
            }
            for outside in [before, behind].into_iter().flatten() {
                assert!(!block.has(outside), "{:?}: {outside}", block.row);
                // A neighbour is refused only if it is in another row.
                let is_in_another = blocks().any(|other| other.has(outside));
                assert_eq!(is_public_unicast(outside), !is_in_another, "{:?}: {outside}", block.row);
            }
        }
    }

    /// Public neighbours, listed by hand. The test above would not notice a table with too many rows.
    #[test]
    fn what_lies_beside_a_block_is_public() {
        for public in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "191.255.255.255",
            "192.0.1.0",
            "192.31.195.255",
            "192.31.197.0",
            "192.52.192.255",
            "192.52.194.0",
            "192.88.98.255",
            "192.88.100.0",
            "192.167.255.255",
            "192.169.0.0",
            "192.175.47.255",
            "192.175.49.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2000::",
            "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            "2001:200::",
            "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            "2003::",
            "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff",
            "2620:4f:8001::",
            "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        ] {
            assert!(is_public_unicast(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn every_row_has_a_name_and_a_source() {
        for block in blocks() {
            let (name, source) = block.row;
            assert!(!name.is_empty() && source.starts_with("RFC "), "{:?}", block.row);
        }
    }
}
