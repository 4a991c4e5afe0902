//! A stable sort for comparisons that may contradict themselves, for which the sort of the
//! standard library may panic. Short lists come out as JavaScript's engine leaves them, whatever
//! the comparison says.

use std::cmp::Ordering;

/// Below this the engine sorts by insertion, which shows where comparisons contradict each other.
const SHORT: usize = 64;

/// Sorts items.
pub(super) fn stable_sort<T>(mut items: Vec<T>, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    if items.len() < SHORT {
        insertion(&mut items, &compare);
        return items;
    }
    let mut runs: Vec<Vec<T>> = Vec::new();
    let mut rest = items.into_iter();
    loop {
        let mut run: Vec<T> = rest.by_ref().take(SHORT / 2).collect();
        if run.is_empty() {
            break;
        }
        insertion(&mut run, &compare);
        runs.push(run);
    }
    while runs.len() > 1 {
        let mut pairs = runs.into_iter();
        let mut merged = Vec::new();
        while let Some(left) = pairs.next() {
            merged.push(match pairs.next() {
                Some(right) => merge(left, right, &compare),
                None => left,
            });
        }
        runs = merged;
    }
    runs.pop().unwrap_or_default()
}

/// The run at the start, turned if it descends, and the others put in by halving.
fn insertion<T>(items: &mut [T], compare: &impl Fn(&T, &T) -> Ordering) {
    if items.len() < 2 {
        return;
    }
    let descends = compare(&items[1], &items[0]).is_lt();
    let mut run = 2;
    while run < items.len() && compare(&items[run], &items[run - 1]).is_lt() == descends {
        run += 1;
    }
    if descends {
        items[..run].reverse();
    }
    for next in run..items.len() {
        let (mut low, mut high) = (0, next);
        while low < high {
            let middle = low + (high - low) / 2;
            if compare(&items[next], &items[middle]).is_lt() {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        items[low..=next].rotate_right(1);
    }
}

fn merge<T>(left: Vec<T>, right: Vec<T>, compare: &impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
        let next = if compare(second, first).is_lt() { right.next() } else { left.next() };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    merged
}
