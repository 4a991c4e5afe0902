//! Sizes in bytes as people write them: `512B`, `64KiB`, `16MiB`, `1GiB`.

/// Units from the largest to the smallest, with their size in bytes. Only the binary ones: `MB`
/// means different things to different people, and a limit must not be guessed.
const UNITS: [(&str, u64); 5] =
    [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// Reads a size: a whole number, with or without a unit (then bytes).
///
/// The error says what is wrong, as a fragment that follows the quoted text.
pub(crate) fn parse(text: &str) -> Result<u64, &'static str> {
    let (digits, unit) =
        text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    if digits.is_empty() {
        return Err("does not begin with a whole number");
    }
    let count: u64 = digits.parse().map_err(|_| "is too large")?;
    if unit.is_empty() {
        return Ok(count);
    }
    let (_, size) = UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .ok_or("has a unit that is none of `B`, `KiB`, `MiB`, `GiB`, `TiB`")?;
    count.checked_mul(*size).ok_or("is too large")
}

/// Writes a size in the largest unit that divides it, so that [`parse`] reads it back exactly.
pub(crate) fn format(bytes: u64) -> String {
    let whole = UNITS.iter().find(|(_, size)| bytes > 0 && bytes.is_multiple_of(*size));
    match whole {
        Some((unit, size)) => format!("{}{unit}", bytes / size),
        None => format!("{bytes}B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_with_and_without_unit_are_read() {
        assert_eq!(parse("67108864"), Ok(64 << 20));
        assert_eq!(parse("64MiB"), Ok(64 << 20));
        assert_eq!(parse("1KiB"), Ok(1024));
        assert_eq!(parse("7B"), Ok(7));
    }

    #[test]
    fn bad_sizes_say_what_is_wrong() {
        assert_eq!(parse(""), Err("does not begin with a whole number"));
        assert_eq!(parse("-1"), Err("does not begin with a whole number"));
        let unit = Err("has a unit that is none of `B`, `KiB`, `MiB`, `GiB`, `TiB`");
        assert_eq!(parse("64MB"), unit);
        assert_eq!(parse("1.5MiB"), unit);
        assert_eq!(parse("99999999999999999999"), Err("is too large"));
        assert_eq!(parse("99999999999TiB"), Err("is too large"));
    }

    #[test]
    fn written_sizes_are_read_back() {
        for text in ["0B", "7B", "1KiB", "1025B", "64MiB", "1536MiB", "1TiB"] {
            assert_eq!(format(parse(text).unwrap()), text);
        }
    }
}
