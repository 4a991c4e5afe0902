//! Where the steps of a flow stand, by the nodes of its picture.

use crate::step::{Step, StepStatus};
use std::collections::HashMap;

/// A node of a picture: a step of the file, one inside of it, or what undoes either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    /// Its place in the file, or that of the step that it is inside of.
    pub(super) step: usize,
    /// Which of the steps inside it is.
    pub(super) part: Option<usize>,
    /// Whether it is what undoes that step.
    pub(super) undo: bool,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "s{}", self.step)?;
        if let Some(part) = self.part {
            write!(f, "_{part}")?;
        }
        f.write_str(if self.undo { "_undo" } else { "" })
    }
}

/// The statuses with their colours. Of many rows the first one here is that of their node: it is
/// what somebody may have to look at.
const STATUSES: [(StepStatus, &str); 10] = [
    (StepStatus::Failed, "#ffcdd2"),
    (StepStatus::InDoubt, "#ffe0b2"),
    (StepStatus::Waiting, "#fff9c4"),
    (StepStatus::Retrying, "#fff9c4"),
    (StepStatus::Running, "#bbdefb"),
    (StepStatus::Starting, "#bbdefb"),
    (StepStatus::Cancelled, "#e0e0e0"),
    (StepStatus::Pending, "#ffffff"),
    (StepStatus::Succeeded, "#c8e6c9"),
    (StepStatus::Skipped, "#eeeeee"),
];

/// Where a node stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// Its status, or that of the most notable of its rows.
    pub(super) status: &'static str,
    /// The colour of that status.
    pub(super) colour: &'static str,
    /// In words: the status, or how many items stand where.
    pub(super) words: String,
}

/// Where all of them stand.
pub(super) struct Marks(HashMap<Place, Mark>);

impl Marks {
    /// Of the rows of a flow; a loop that began again counts from there.
    pub(super) fn of(rows: &[Step]) -> Self {
        let mut last: HashMap<(u32, bool), u32> = HashMap::new();
        for of in rows.iter().filter_map(|row| row.of) {
            let round = last.entry((of.step, of.undo)).or_default();
            *round = of.round.max(*round);
        }
        let mut places: HashMap<u32, Place> = HashMap::new();
        let mut found: HashMap<Place, (bool, Vec<StepStatus>)> = HashMap::new();
        let mut in_order: Vec<&Step> = rows.iter().collect();
        // What a row is inside of, or undoes, comes before it.
        in_order.sort_by_key(|row| row.position);
        for row in in_order {
            let own = |step: u32| Place { step: step as usize, part: None, undo: false };
            let place = match row.of {
                None => own(row.position),
                Some(of) if of.round < last[&(of.step, of.undo)] => continue,
                Some(of) => {
                    let outer = places.get(&of.step).copied().unwrap_or_else(|| own(of.step));
                    match of.undo {
                        true => Place { undo: true, ..outer },
                        false => Place { part: Some(of.part as usize), ..outer },
                    }
                }
            };
            places.insert(row.position, place);
            let (many, statuses) = found.entry(place).or_default();
            *many |= row.of.is_some_and(|of| of.item.is_some()) || !statuses.is_empty();
            statuses.push(row.status);
        }
        let marks = found.into_iter();
        Self(marks.filter_map(|(at, (many, rows))| Some((at, mark(many, &rows)?))).collect())
    }

    /// Where a node stands, if anything is known of it.
    pub(super) fn get(&self, place: Place) -> Option<&Mark> {
        self.0.get(&place)
    }
}

fn mark(many: bool, rows: &[StepStatus]) -> Option<Mark> {
    let count = |status| rows.iter().filter(|row| **row == status).count();
    let counts = STATUSES.iter().map(|(status, colour)| (status, colour, count(*status)));
    let counts: Vec<_> = counts.filter(|(.., count)| *count > 0).collect();
    let (status, colour, _) = counts.first()?;
    let words = match many {
        false => status.as_str().to_owned(),
        true => {
            let each = counts.iter().map(|(status, _, count)| format!("{count} {status}"));
            each.collect::<Vec<_>>().join(", ")
        }
    };
    Some(Mark { status: status.as_str(), colour, words })
}
