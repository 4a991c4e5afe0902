//! Which steps wait for which, counted: a decision may end thousands of steps at once.

use super::Draft;

/// For each step how many of its needs are not met, and who needs it.
pub(super) struct Needs {
    unmet: Vec<usize>,
    users: Vec<Vec<usize>>,
}

impl Needs {
    /// Counts the needs that are not `met`.
    pub(super) fn of(draft: &Draft, met: impl Fn(usize) -> bool) -> Self {
        let steps = &draft.state.definition.steps;
        let met: Vec<bool> = (0..steps.len()).map(met).collect();
        let mut unmet = vec![0; steps.len()];
        let mut users = vec![Vec::new(); steps.len()];
        for (at, def) in steps.iter().enumerate() {
            for &need in def.needs.iter().filter(|need| !met[**need]) {
                unmet[at] += 1;
                users[need].push(at);
            }
        }
        Self { unmet, users }
    }

    /// Whether nothing that the step needs is missing.
    pub(super) fn is_met(&self, at: usize) -> bool {
        self.unmet[at] == 0
    }

    /// Notes that others may go on after `at`, and gives those that nothing else keeps.
    pub(super) fn meet(&mut self, at: usize) -> Vec<usize> {
        let mut users = std::mem::take(&mut self.users[at]);
        users.retain(|user| {
            self.unmet[*user] -= 1;
            self.unmet[*user] == 0
        });
        users
    }
}
