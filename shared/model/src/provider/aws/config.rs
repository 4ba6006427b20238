//! The rules for a security group's `config`.

use serde_json::{Map, Value};

use super::misspelt;
use crate::json::whole;

const PORT_MAX: i64 = 65_535;

/// What is wrong with a security group's `config`; `None` if it is valid.
///
/// The members that rules are built from are checked: `protocol` (`tcp`, `udp`, `icmp`, `all`), and at most one of `port`, `ports` and
/// the pair `fromPort`, `toPort`, each 0–65535. Other members are kept as they are, unless they may be a misspelt port or protocol.
#[must_use]
pub fn security_group_config_fault(config: &Map<String, Value>) -> Option<String> {
    misspelt::name_fault(config)
        .or_else(|| protocol_fault(config))
        .or_else(|| several_spellings(config))
        .or_else(|| port_fault(config))
        .or_else(|| icmp_fault(config))
        .or_else(|| misspelt::unknown_fault(config))
}

/// ICMP has no ports, and a rule is for every type. A port would restrict nothing.
fn icmp_fault(config: &Map<String, Value>) -> Option<String> {
    let is_icmp = config.get("protocol").is_some_and(|protocol| protocol == "icmp");
    let port = misspelt::port_member(config)?;
    is_icmp.then(|| format!("config.{port} does not go with protocol icmp, which has no ports: leave it out"))
}

fn protocol_fault(config: &Map<String, Value>) -> Option<String> {
    let protocol = config.get("protocol")?;
    let is_known = matches!(protocol.as_str(), Some("tcp" | "udp" | "icmp" | "all"));
    (!is_known).then(|| "config.protocol must be tcp, udp, icmp or all".into())
}

fn several_spellings(config: &Map<String, Value>) -> Option<String> {
    let range = config.contains_key("fromPort") || config.contains_key("toPort");
    let spellings = [config.contains_key("port"), config.contains_key("ports"), range];
    (spellings.into_iter().filter(|present| *present).count() > 1)
        .then(|| "config must name ports in one way: port, ports, or fromPort and toPort".into())
}

fn port_fault(config: &Map<String, Value>) -> Option<String> {
    let is_port = |value: &Value| whole(value).is_some_and(|port| (0..=PORT_MAX).contains(&port));
    for name in ["port", "fromPort", "toPort"] {
        if config.get(name).is_some_and(|value| !is_port(value)) {
            return Some(format!("config.{name} must be a whole number from 0 to {PORT_MAX}"));
        }
    }
    if let Some(ports) = config.get("ports") {
        let all = ports.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(is_port));
        return (!all).then(|| format!("config.ports must list whole numbers from 0 to {PORT_MAX}"));
    }
    match (config.get("fromPort"), config.get("toPort")) {
        (None, None) => None,
        (Some(from), Some(to)) if whole(from) <= whole(to) => None,
        (Some(_), Some(_)) => Some("config.fromPort must not be greater than config.toPort".into()),
        (Some(_), None) | (None, Some(_)) => Some("config.fromPort and config.toPort go together".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn configs_are_checked_where_rules_are_built_from_them() {
        for good in [
            json!({}),
            json!({"protocol": "tcp", "port": 8443}),
            json!({"protocol": "udp", "ports": [22, 80]}),
            json!({"protocol": "icmp"}),
            json!({"fromPort": 0, "toPort": 65535, "protocol": "all"}),
            json!({"port": 22, "note": {"any": "thing"}}),
        ] {
            assert_eq!(security_group_config_fault(good.as_object().unwrap()), None, "{good}");
        }
        for (bad, names) in [
            (json!({"protocol": "http"}), "protocol"),
            (json!({"protocol": 6}), "protocol"),
            (json!({"port": 65536}), "config.port "),
            (json!({"port": -1}), "config.port "),
            (json!({"port": 22.5}), "config.port "),
            (json!({"port": "22"}), "config.port "),
            (json!({"ports": []}), "config.ports"),
            (json!({"ports": [22, "80"]}), "config.ports"),
            (json!({"port": 22, "ports": [22]}), "one way"),
            (json!({"port": 22, "fromPort": 1, "toPort": 2}), "one way"),
            (json!({"port": 22, "fromPort": 1}), "one way"),
            (json!({"ports": [22], "toPort": 1}), "one way"),
            (json!({"fromPort": 1}), "go together"),
            (json!({"protocol": "all", "from_port": 22}), "use config.fromPort"),
            (json!({"port": 53, "ipProtocol": "udp"}), "use config.protocol"),
            (json!({"protocol": "all", "porrt": 22}), "config.porrt is not read"),
            (json!({"port": 53, "prtocol": "udp"}), "looks like a protocol"),
            (json!({"protocol": "icmp", "port": 22}), "config.port does not go with"),
            (json!({"protocol": "icmp", "ports": [22]}), "config.ports does not go with"),
            (json!({"protocol": "icmp", "fromPort": 0, "toPort": 1}), "config.fromPort does not go with"),
            (json!({"fromPort": 2, "toPort": 1}), "greater"),
        ] {
            let fault = security_group_config_fault(bad.as_object().unwrap()).unwrap();
            assert!(fault.contains(names), "{bad}: {fault}");
        }
    }
}
