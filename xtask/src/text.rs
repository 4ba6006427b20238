//! Edits of texts: each puts something where it belongs, or says that the place is not there.

use crate::failure::Failure;

/// Puts lines before the first line that begins with `mark`.
pub(crate) fn before_line(text: &str, mark: &str, new: &str) -> Result<String, Failure> {
    let place = text.find(&format!("\n{mark}")).map(|place| place + 1);
    let place = place.or_else(|| text.starts_with(mark).then_some(0));
    let place = place.ok_or_else(|| format!("no line begins with {mark:?}"))?;
    Ok(insert(text, place, new))
}

/// Puts a line among those that `key` knows, where its own key belongs: before the first that is greater, or behind the last.
pub(crate) fn sorted_line<'t, K: PartialOrd>(
    text: &'t str,
    line: &str,
    key: impl Fn(&'t str) -> Option<K>,
    own: &K,
) -> Result<String, Failure> {
    let (mut place, mut at) = (None, 0);
    for known in text.split_inclusive('\n') {
        if let Some(key) = key(known.trim_end_matches('\n')) {
            if key > *own {
                return Ok(insert(text, at, &format!("{line}\n")));
            }
            place = Some(at + known.len());
        }
        at += known.len();
    }
    let place = place.ok_or_else(|| format!("there is no line like {line:?}"))?;
    let line_break = if text.get(..place).is_some_and(|before| before.ends_with('\n')) { "" } else { "\n" };
    Ok(insert(text, place, &format!("{line_break}{line}\n")))
}

/// Puts a text at a place.
pub(crate) fn insert(text: &str, place: usize, new: &str) -> String {
    let (before, behind) = text.split_at_checked(place).unwrap_or((text, ""));
    format!("{before}{new}{behind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_before_their_mark() {
        assert_eq!(before_line("a\nb\n", "b", "x\n").unwrap(), "a\nx\nb\n");
        assert_eq!(before_line("b\n", "b", "x\n").unwrap(), "x\nb\n");
        assert_eq!(before_line("ab\n", "b", "x\n").unwrap_err(), "no line begins with \"b\"");
    }

    #[test]
    fn lines_stand_in_their_order_among_their_like() {
        let key = |line: &str| line.strip_prefix("mod ").map(str::to_owned);
        for (own, expected) in [
            ("a", "use x;\nmod a;\nmod b;\nfn y\nmod d;\nend\n"),
            ("c", "use x;\nmod b;\nfn y\nmod c;\nmod d;\nend\n"),
            ("e", "use x;\nmod b;\nfn y\nmod d;\nmod e;\nend\n"),
        ] {
            let text = "use x;\nmod b;\nfn y\nmod d;\nend\n";
            let line = format!("mod {own};");
            assert_eq!(sorted_line(text, &line, key, &format!("{own};")).unwrap(), expected);
        }
        assert!(sorted_line("end\n", "mod a;", key, &"a".into()).is_err());
        assert_eq!(sorted_line("mod a", "mod b", key, &"b".into()).unwrap(), "mod a\nmod b\n");
    }
}
