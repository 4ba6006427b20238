//! The API's description as it is served. `build.rs` makes all three from `api/openapi.yaml`, from the viewer in `vendor`, which is
//! Swagger UI as its npm package has it (`infra/check.sh` compares), and from `page`, our part of the page.

/// `api/openapi.yaml` as JSON, with its members in their order.
pub const OPENAPI_JSON: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

/// A page of HTML that shows `openapi.json` beside it and lets its reader call the API: 0.5 MB, packed with gzip. Nothing else is loaded.
pub const PAGE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/page.html.gz"));

/// The `Content-Security-Policy` of the page: its own script and its own style by their hashes, and calls to where it came from.
pub const PAGE_POLICY: &str = include_str!(concat!(env!("OUT_DIR"), "/policy.txt"));

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use flate2::read::GzDecoder;
    use serde_json::Value;
    use sha2::{Digest as _, Sha256};
    use std::io::Read as _;

    fn page() -> String {
        let mut page = String::new();
        GzDecoder::new(PAGE).read_to_string(&mut page).unwrap();
        page
    }

    /// The only element of a kind, as a browser would find its text.
    fn only<'p>(page: &'p str, element: &str) -> &'p str {
        let (_, rest) = page.split_once(&format!("<{element}>")).unwrap();
        rest.split_once(&format!("</{element}>")).unwrap().0
    }

    #[test]
    fn the_description_is_that_of_the_repository() {
        let yaml: Value = serde_yaml_ng::from_str(include_str!("../../../api/openapi.yaml")).unwrap();
        let json: Value = serde_json::from_str(OPENAPI_JSON).unwrap();
        assert_eq!(json, yaml);
        assert!(OPENAPI_JSON.starts_with(r#"{"openapi":"3.1.0","info":{"title":"Postern","#));
    }

    #[test]
    fn the_policy_lets_in_what_stands_in_the_page() {
        let page = page();
        for element in ["script", "style"] {
            let hash = STANDARD.encode(Sha256::digest(only(&page, element)));
            assert!(PAGE_POLICY.contains(&format!("{element}-src 'sha256-{hash}';")), "{element}");
        }
        assert!(!only(&page, "script").contains("<!--"));
        for wide in ["unsafe", "http", "*"] {
            assert!(!PAGE_POLICY.contains(wide), "{wide}");
        }
    }

    #[test]
    fn the_page_loads_nothing_from_elsewhere() {
        let page = page();
        let markup = page.replace(only(&page, "script"), "").replace(only(&page, "style"), "");
        for link in ["src=", "href=", "http"] {
            assert!(!markup.contains(link), "{link}");
        }
    }
}
