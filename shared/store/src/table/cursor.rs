//! Cursors: a position in a list, opaque to callers.
//!
//! A cursor carries a sort key and a checksum of its list and position. The partition comes from the caller and never from the cursor, so
//! no cursor leads into another tenant. The checksum finds cursors of another list and altered ones. It is not a signature.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const LAYOUT: u8 = 1;
const DIGEST_BYTES: usize = 12;

fn checksum(list: &str, position: &str) -> [u8; DIGEST_BYTES] {
    let digest = digest(&SHA256, format!("{LAYOUT}\n{list}\n{position}").as_bytes());
    digest.as_ref().first_chunk().copied().unwrap_or_default()
}

/// The cursor of a position in a list. The list's name is its partition key.
pub(crate) fn encode(list: &str, position: &str) -> String {
    let bytes = [&[LAYOUT], checksum(list, position).as_slice(), position.as_bytes()].concat();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The position, if the cursor is one of this list.
pub(crate) fn decode(list: &str, cursor: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (&layout, rest) = bytes.split_first()?;
    let (sum, position) = rest.split_first_chunk::<DIGEST_BYTES>()?;
    let position = str::from_utf8(position).ok()?;
    (layout == LAYOUT && *sum == checksum(list, position)).then(|| position.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_position_in_its_list_only() {
        let cursor = encode("ORG#acme#AUDIT", "001771410600000#x");
        assert_eq!(decode("ORG#acme#AUDIT", &cursor).as_deref(), Some("001771410600000#x"));
        assert_eq!(decode("ORG#globex#AUDIT", &cursor), None);
        for place in 0..cursor.len() {
            let mut altered = cursor.clone().into_bytes();
            altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(decode("ORG#acme#AUDIT", &altered), None, "{altered}");
        }
        for garbage in ["", "A", "!!!", "AAAAAAAAAAAAAAAAAAAAAAAA"] {
            assert_eq!(decode("ORG#acme#AUDIT", garbage), None);
        }
    }
}
