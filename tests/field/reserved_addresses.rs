//! Addresses that IANA reserves count as public.
//!
//! Reported of Python's and Rust's standard libraries: <https://github.com/python/cpython/issues/113171>,
//! <https://github.com/rust-lang/rust/pull/119006>.

use serde_json::json;
use support::TestApp;

#[tokio::test]
async fn a_session_lets_in_no_reserved_address() {
    let app = TestApp::alive().await;
    let admin = app.admin();
    for (member, version, addresses) in [
        ("ipv4Address", 4, vec!["192.88.99.0", "192.88.99.255", "192.31.196.1", "192.0.0.9", "240.0.0.1"]),
        (
            "ipv6Address",
            6,
            vec![
                "2001:2::",
                "2001:2:0:ffff:ffff:ffff:ffff:ffff",
                "2001:10::",
                "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff",
                "2001:20::1",
                "2001:1::1",
                "2002::1",
                "fec0::1",
                "5f00::1",
                "64:ff9b::808:808",
            ],
        ),
    ] {
        for address in addresses {
            let reply = admin.post("/sessions", json!({ member: address })).await.expect(400).json;
            let sentence = format!("{member} must be a public unicast address of IPv{version}");
            assert_eq!(reply["validationErrors"][member], sentence, "{address}");
        }
    }
    // Their neighbours are somebody's: there is only nothing to open.
    for (member, address) in [
        ("ipv4Address", "192.88.98.255"),
        ("ipv4Address", "192.88.100.0"),
        ("ipv6Address", "2001:200::1"),
        ("ipv6Address", "2003::1"),
    ] {
        let reply = admin.post("/sessions", json!({ member: address })).await.expect(400).json;
        assert_eq!(reply["validationErrors"], json!(null), "{address}: {reply}");
    }
}
