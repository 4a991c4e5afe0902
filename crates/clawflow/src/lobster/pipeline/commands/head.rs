//! `head`: the first items.

use crate::lobster::pipeline::args::{Args, Flag};
use crate::lobster::pipeline::command::{Command, Items, Staged};
use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::failure::Failure;

const TAKEN: f64 = 10.0;

pub(in crate::lobster::pipeline) const COMMAND: Command = Command {
    name: "head",
    about: "Take the first items",
    flags: &[("n", "number", "how many, 10 if not said")],
    required: &[],
    effects: &[],
    run,
};

fn run(items: Items, args: &Args, _: &mut Ctx<'_>) -> Result<Staged, Failure> {
    let most = args.flag("n").map_or(TAKEN, Flag::number);
    if !most.is_finite() || most < 0.0 {
        return Err(Failure::new("head --n must be a non-negative number"));
    }
    let mut taken = 0.0;
    // Takes one more than it passes on, whose failure counts.
    let taken = items.map_while(move |item| {
        let goes_on = item.is_err() || taken < most;
        taken += 1.0;
        goes_on.then_some(item)
    });
    Ok(Staged::lazy(taken))
}
