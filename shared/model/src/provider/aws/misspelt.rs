//! Members of a `config` that say a port or a protocol under another name than Postern reads.
//!
//! A member that no rule is built from is kept and says nothing. So a typing error in the name of one that rules are built from
//! would open more than was meant: `{"protocol": "all", "from_port": 22}` every port. Three rules refuse it. What EC2,
//! Terraform and other tools call a port or a protocol is refused, however it is spelled. Beside `protocol: all` without ports,
//! every other member is refused: no list of names and no look at values would find every typing error there. Without a protocol,
//! a member is refused that says one.

use serde_json::{Map, Value};

use crate::json::whole;
use crate::text::is_visible;

/// The members that rules are built from.
pub(super) const MEMBERS: [&str; 5] = ["protocol", "port", "ports", "fromPort", "toPort"];

/// What others call them, in the form of [`plain`], and the right name. Sources: EC2's `IpPermission` and
/// `SecurityGroupRule`, Terraform's `aws_security_group_rule` and `aws_vpc_security_group_ingress_rule`, Google's `allowed[]`
/// (`IPProtocol`), Azure's `securityRules` (`destinationPortRange`), OpenStack's `security-group-rules` (`port_range_min`).
const OTHER_NAMES: [(&str, &[&str]); 5] = [
    ("protocol", &["protocol", "protocols", "ipprotocol", "ipprotocols", "ipproto", "proto", "prot"]),
    (
        "port",
        &["port", "portnumber", "destinationport", "destport", "dstport", "dport", "tcpport", "udpport"],
    ),
    ("ports", &["ports", "portlist", "destinationports", "dstports", "dports", "tcpports", "udpports"]),
    (
        "fromPort",
        &[
            "fromport",
            "portfrom",
            "startport",
            "portstart",
            "beginport",
            "firstport",
            "minport",
            "portmin",
            "portrangemin",
            "portrangefrom",
            "portrangestart",
        ],
    ),
    (
        "toPort",
        &[
            "toport",
            "portto",
            "endport",
            "portend",
            "lastport",
            "maxport",
            "portmax",
            "portrangemax",
            "portrangeto",
            "portrangeend",
        ],
    ),
];

/// What others call a range, of which Postern names both ends.
const RANGES: [&str; 5] =
    ["portrange", "portranges", "destinationportrange", "destinationportranges", "portspan"];

/// A name without case and without what separates words.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The right name for a member, when it is one of the others.
fn right_name(name: &str) -> Option<&'static str> {
    if MEMBERS.contains(&name) {
        return None;
    }
    let plain = plain(name);
    let other = OTHER_NAMES.iter().find(|(_, others)| others.contains(&plain.as_str()));
    let range = || RANGES.contains(&plain.as_str()).then_some("fromPort and config.toPort");
    other.map(|(right, _)| *right).or_else(range)
}

/// What is wrong with the name of a member, or nothing.
pub(super) fn name_fault(config: &Map<String, Value>) -> Option<String> {
    let found = config.keys().find_map(|name| right_name(name).map(|right| (name, right)));
    found.map(|(name, right)| format!("config.{} is not read: use config.{right}", shown(name)))
}

/// What is wrong with members that Postern does not know, or nothing.
pub(super) fn unknown_fault(config: &Map<String, Value>) -> Option<String> {
    let unknown = || config.iter().filter(|(name, _)| !MEMBERS.contains(&name.as_str()));
    let names_no_port =
        ["port", "ports", "fromPort", "toPort"].iter().all(|name| !config.contains_key(*name));
    let protocol = config.get("protocol").and_then(Value::as_str).filter(|_| names_no_port);
    if let (Some("all"), Some((name, _))) = (protocol, unknown().next()) {
        return Some(format!(
            "config.{} is not read, and protocol all without ports opens every port: use config.port, config.ports, or \
             config.fromPort and config.toPort, or leave config.{0} out",
            shown(name)
        ));
    }
    if let (Some("icmp"), Some((name, _))) = (protocol, unknown().next()) {
        return Some(format!(
            "config.{} is not read, and protocol icmp opens every type: leave config.{0} out",
            shown(name)
        ));
    }
    let is_protocol_missing = !config.contains_key("protocol");
    if is_protocol_missing
        && let Some((name, _)) = unknown().find(|(name, value)| names_protocol(name) || has_protocol(value))
    {
        return Some(format!(
            "config.{} looks like a protocol, and without one TCP is opened: use config.protocol",
            shown(name)
        ));
    }
    None
}

/// The beginning of a name, for a sentence.
fn shown(name: &str) -> String {
    name.chars().filter(|c| is_visible(*c) || *c == ' ').take(40).collect()
}

/// Whether a value, or something in it, says a protocol: by its name, or as a number of IANA's "Protocol Numbers". ICMP's number
/// is missing, because 1 is mostly something else.
fn has_protocol(value: &Value) -> bool {
    const NUMBERS: [i64; 4] = [6, 17, 58, 132];
    match value {
        Value::Number(_) => whole(value).is_some_and(|number| NUMBERS.contains(&number)),
        Value::String(text) => {
            names_protocol(text) || text.trim().parse().is_ok_and(|number: i64| NUMBERS.contains(&number))
        }
        Value::Array(values) => values.iter().any(has_protocol),
        Value::Object(members) => {
            members.iter().any(|(name, value)| names_protocol(name) || has_protocol(value))
        }
        Value::Null | Value::Bool(_) => false,
    }
}

/// Whether a protocol's name stands in a text, also within a word: `useUDP`, `udp53`. No other word has one of these in it.
fn names_protocol(text: &str) -> bool {
    const PROTOCOLS: [&str; 4] = ["tcp", "udp", "icmp", "sctp"];
    let seen = text.chars().filter(|c| is_visible(*c) || c.is_whitespace());
    let seen = seen.map(half_width).collect::<String>().to_ascii_lowercase();
    PROTOCOLS.iter().any(|protocol| seen.contains(protocol))
}

/// A character of the block "Fullwidth ASCII variants" as that of ASCII.
fn half_width(c: char) -> char {
    let number = u32::from(c);
    if (0xFF01..=0xFF5E).contains(&number) { char::from_u32(number - 0xFEE0).unwrap_or(c) } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn name(config: &Value) -> Option<String> {
        name_fault(config.as_object().unwrap())
    }

    fn value(config: &Value) -> Option<String> {
        unknown_fault(config.as_object().unwrap())
    }

    #[test]
    fn a_member_under_another_name_is_told_the_right_one() {
        for (right, others) in [
            (
                "protocol",
                vec![
                    "Protocol",
                    "PROTOCOL",
                    "ipProtocol",
                    "IpProtocol",
                    "IPProtocol",
                    "ip_protocol",
                    "proto",
                ],
            ),
            ("port", vec!["Port", "PORT", " port", "port_", "p-o-r-t", "destination_port", "dport"]),
            ("ports", vec!["Ports", "PORTS", "port_list", "udpPorts"]),
            (
                "fromPort",
                vec![
                    "from_port",
                    "FromPort",
                    "from-port",
                    "fromport",
                    "FROM_PORT",
                    "port_range_min",
                    "portFrom",
                ],
            ),
            ("toPort", vec!["to_port", "ToPort", "to-port", "toport", "endPort", "maxPort"]),
            (
                "fromPort and config.toPort",
                vec!["portRange", "PortRange", "port_range", "destinationPortRanges"],
            ),
        ] {
            for other in others {
                let said = format!("config.{other} is not read: use config.{right}");
                assert_eq!(name(&json!({ other: 22 })).as_ref(), Some(&said));
                assert_eq!(name(&json!({"port": 22, "protocol": "all", other: null})), Some(said));
            }
        }
        for good in MEMBERS.into_iter().chain([
            "note",
            "portal",
            "report",
            "support",
            "ported",
            "export",
            "owner_port_team",
        ]) {
            assert_eq!(name(&json!({ good: 22 })), None, "{good}");
        }
        let long = name(&json!({ (format!("{}port\u{7}", "-".repeat(500))): 1 })).unwrap();
        assert!(long.len() < 120 && !long.contains('\u{7}'), "{long}");
    }

    /// What a value can be under a name that is not read: ports as people write them, and notes.
    fn values() -> Vec<Value> {
        let texts =
            ["22", "8000-8100", "22, 443", "tcp/22", "22/tcp", "port 22", ":22", "10.0.0.1:22", "0x16"];
        let more = ["２２", "22\u{200b}", "ssh", "twenty-two", "team", ""];
        let texts = texts.into_iter().chain(more).map(Value::from);
        let others = [json!(22), json!(22.0), json!([22]), json!([{"from": 22}]), json!({"22": true})];
        texts.chain(others).chain([json!(null), json!(true), json!([]), json!({})]).collect()
    }

    #[test]
    fn no_other_member_stands_beside_what_opens_every_port() {
        for any in values() {
            for name in ["porrt", "note", "l4protocol", ""] {
                let said = value(&json!({"protocol": "all", name: any})).unwrap();
                assert!(said.starts_with(&format!("config.{name} is not read, and ")), "{said}");
                assert!(said.ends_with(&format!("or leave config.{name} out")), "{said}");
            }
            for narrow in [
                json!({"port": 22, "protocol": "tcp", "x": any}),
                json!({"protocol": "all", "port": 22, "x": any}),
                json!({"protocol": "all", "ports": [22], "x": any}),
                json!({"protocol": "all", "fromPort": 22, "toPort": 22, "x": any}),
                json!({"protocol": "tcp", "x": any}),
            ] {
                assert_eq!(value(&narrow), None, "{narrow}");
            }
            let said = value(&json!({"protocol": "icmp", "type": any})).unwrap();
            assert_eq!(
                said,
                "config.type is not read, and protocol icmp opens every type: leave config.type out"
            );
        }
        assert_eq!(value(&json!({"protocol": "all"})), None);
    }

    #[test]
    fn what_looks_like_a_protocol_is_refused_where_there_is_none() {
        for bad in [
            json!("udp"),
            json!("UDP"),
            json!(" icmp "),
            json!("tcp"),
            json!("icmpv6"),
            json!("sctp"),
            json!("udp/53"),
            json!("53/udp"),
            json!("over UDP."),
            json!("udp6"),
            json!("useUDP"),
            json!("\u{ff35}\u{ff24}\u{ff30}"),
            json!("ud\u{200b}p"),
            json!("17"),
            json!(" 17 "),
            json!(17),
            json!(17.0),
            json!(6),
            json!(["udp"]),
            json!([{"a": ["x", 17]}]),
            json!({"udp": true}),
            json!({"deep": {"UDP": null}}),
        ] {
            let said = value(&json!({"port": 53, "l4": bad})).unwrap();
            assert!(said.starts_with("config.l4 looks like a protocol, and "), "{said}");
            assert_eq!(value(&json!({"port": 53, "protocol": "udp", "x": bad})), None);
        }
        assert!(value(&json!({"port": 53, "udp": true})).unwrap().starts_with("config.udp looks like"));
        assert!(
            value(&json!({"port": 53, "udp-only": 1})).unwrap().starts_with("config.udp-only looks like")
        );
        for good in [
            json!("all"),
            json!("dns"),
            json!("update"),
            json!(1),
            json!(-1),
            json!(170),
            json!("1.17"),
            json!(null),
        ] {
            assert_eq!(value(&json!({"port": 53, "note": good})), None, "{good}");
        }
    }
}
