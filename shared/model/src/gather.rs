//! Ordered sets and maps.

/// What an iterator gives, put into a set or a map one after the other. `collect` sorts a list of them first, and the routine that
/// sorts is 4 KB of a function for each type that it is made for.
pub fn gathered<C: Default + Extend<T>, T>(items: impl IntoIterator<Item = T>) -> C {
    let mut all = C::default();
    all.extend(items);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn what_is_gathered_is_what_would_be_collected() {
        assert_eq!(gathered::<BTreeSet<_>, _>([3, 1, 3]), [3, 1, 3].into_iter().collect());
    }
}
