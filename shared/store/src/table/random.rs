//! Unique texts from the kernel's random numbers. Numbers from the process's own memory would not do: two environments of a function may
//! start with the same memory.

use crate::table::error::{Cause, StoreError};

/// 128 bits, as hexadecimal digits.
pub(crate) fn token() -> Result<String, StoreError> {
    let mut bytes = [0; 16];
    let filled = getrandom::fill(&mut bytes);
    filled.map_err(|error| StoreError::Defect(Cause::new(format!("no random numbers: {error}"))))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_that_begin_alike_make_different_texts() {
        let begun_alike = || {
            fastrand::seed(7);
            token().unwrap()
        };
        let (one, other) = (begun_alike(), begun_alike());
        assert_ne!(one, other);
        assert!(
            [one, other].iter().all(|text| text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit()))
        );
    }
}
