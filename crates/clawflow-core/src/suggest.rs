//! "Did you mean": the closest name by edit distance.

/// Longer words are not compared: the distance costs the product of both lengths.
const WORD_CHARS_MAX: usize = 64;
/// Names compared: in a file with more steps the earlier ones have to do.
const CANDIDATES_MAX: usize = 2_000;

/// The candidate closest to `wrote`, if it is close enough to be a slip of the finger.
#[must_use]
pub fn closest<'a>(wrote: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = wrote.chars().count();
    // One letter is one edit away from every other letter.
    if !(2..=WORD_CHARS_MAX).contains(&length) {
        return None;
    }
    let allowed = if length <= 3 { 1 } else { length.div_ceil(3).min(3) };
    candidates
        .into_iter()
        .take(CANDIDATES_MAX)
        .filter(|name| name.len() <= WORD_CHARS_MAX && name.len().abs_diff(wrote.len()) <= 4)
        .filter_map(|name| Some((distance(wrote, name, allowed)?, name)))
        // Of equally close names the first by the alphabet, whatever order they came in.
        .min()
        .map(|(_, name)| name)
}

/// Edits between two words, if no more than `allowed`: insert, remove, replace, or swap two
/// neighbours. Case counts for nothing, as `Timeout` for `timeout` is the commonest slip of all.
fn distance(left: &str, right: &str, allowed: usize) -> Option<usize> {
    let left: Vec<char> = left.chars().flat_map(char::to_lowercase).collect();
    let right: Vec<char> = right.chars().flat_map(char::to_lowercase).collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let replaced = last[j] + usize::from(a != b);
            let mut best = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        // Distances never shrink from row to row, but a swap looks back over two of them.
        let least = |row: &[usize]| row.iter().copied().min().unwrap_or(0);
        if least(&row) > allowed && least(&last) > allowed {
            return None;
        }
        before_last = std::mem::replace(&mut last, row);
    }
    Some(last[right.len()]).filter(|&distance| distance <= allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_slips_of_the_finger_only() {
        let keys = ["timeout", "timeout_ms", "retry", "id", "run"];
        assert_eq!(closest("tiemout", keys), Some("timeout"));
        assert_eq!(closest("Retry", keys), Some("retry"));
        assert_eq!(closest("rnu", keys), Some("run"));
        assert_eq!(closest("parallelism", keys), None);
        assert_eq!(closest("", keys), None);
    }
}
