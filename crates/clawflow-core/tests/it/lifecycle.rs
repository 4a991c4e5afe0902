//! `docs/lifecycle.md` and the tables of moves say the same.

use clawflow_core::delivery::{self, DeliveryMove, DeliveryState};
use clawflow_core::flow::{self, FlowMove, FlowStatus};
use clawflow_core::step::{StepStatus, may_follow};
use clawflow_core::task::{self, TaskMove, TaskStatus};
use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../../../docs/lifecycle.md");

/// An arrow: from, by which move, to.
type Arrow = (String, String, String);

/// The lines of the fenced block of this kind below the heading.
fn block(heading: &str, kind: &str) -> Vec<&'static str> {
    let section = PAGE.split("\n## ").find(|part| part.starts_with(heading)).expect(heading);
    let start = format!("\n```{kind}\n");
    let (_, rest) = section.split_once(&start).expect(kind);
    rest.split_once("\n```").expect("an end").0.lines().collect()
}

/// The arrows of the list below the heading: `from -- move, move --> to`.
fn arrows(heading: &str) -> BTreeSet<Arrow> {
    let mut arrows = BTreeSet::new();
    for line in block(heading, "text") {
        let (from, rest) = line.split_once(" -- ").expect(line);
        let (moves, to) = rest.split_once(" --> ").expect(line);
        for one in moves.split(", ") {
            let arrow = (from.trim().to_owned(), one.trim().to_owned(), to.trim().to_owned());
            assert!(arrows.insert(arrow), "twice: {line}");
        }
    }
    arrows
}

/// The pairs of states that the picture below the heading joins, starts and ends left out.
fn picture(heading: &str) -> BTreeSet<(String, String)> {
    let lines = block(heading, "mermaid");
    let edges = lines.iter().filter_map(|line| line.split_once(" --> "));
    let edges = edges.map(|(from, to)| {
        let to = to.split(':').next().expect("a state");
        (from.trim().to_owned(), to.trim().to_owned())
    });
    edges.filter(|(from, to)| from != "[*]" && to != "[*]").collect()
}

fn same<T: Ord + std::fmt::Debug>(what: &str, code: &BTreeSet<T>, page: &BTreeSet<T>) {
    let missing: Vec<_> = code.difference(page).collect();
    let wrong: Vec<_> = page.difference(code).collect();
    assert!(
        missing.is_empty() && wrong.is_empty(),
        "{what}: not on the page {missing:?}, \
        not in the code {wrong:?}"
    );
}

fn pairs(arrows: &BTreeSet<Arrow>) -> BTreeSet<(String, String)> {
    let moves = arrows.iter().filter(|(from, _, to)| from != to);
    moves.map(|(from, _, to)| (from.clone(), to.clone())).collect()
}

#[test]
fn the_page_shows_the_moves_of_a_flow() {
    let mut code = BTreeSet::new();
    for from in FlowStatus::ALL {
        for by in FlowMove::ALL {
            if let Ok(to) = flow::next_status(*from, *by) {
                code.insert((from.to_string(), by.to_string(), to.to_string()));
            }
        }
    }
    same("flow", &code, &arrows("Flow"));
    same("picture of the flow", &pairs(&code), &picture("Flow"));
}

#[test]
fn the_page_shows_the_moves_of_a_task() {
    let mut code = BTreeSet::new();
    for from in TaskStatus::ALL {
        for by in TaskMove::ALL {
            if let Ok(to) = task::next_status(*from, *by) {
                code.insert((from.to_string(), by.to_string(), to.to_string()));
            }
        }
    }
    same("task", &code, &arrows("Task"));
    same("picture of the task", &pairs(&code), &picture("Task"));
}

#[test]
fn the_page_shows_the_moves_of_a_step() {
    let mut code = BTreeSet::new();
    for from in StepStatus::ALL {
        for to in StepStatus::ALL {
            if may_follow(*from, *to) {
                code.insert((from.to_string(), to.to_string()));
            }
        }
    }
    let list = arrows("Step").into_iter().map(|(from, _, to)| (from, to)).collect();
    same("step", &code, &list);
    let moves = code.into_iter().filter(|(from, to)| from != to).collect();
    same("picture of the step", &moves, &picture("Step"));
}

#[test]
fn the_page_shows_the_moves_of_a_delivery() {
    let mut code = BTreeSet::new();
    for from in DeliveryState::ALL {
        for by in DeliveryMove::ALL {
            if let Ok(to) = delivery::next_state(*from, *by) {
                code.insert((from.to_string(), by.to_string(), to.to_string()));
            }
        }
    }
    same("delivery", &code, &arrows("Delivery"));
    same("picture of the delivery", &pairs(&code), &picture("Delivery"));
}
