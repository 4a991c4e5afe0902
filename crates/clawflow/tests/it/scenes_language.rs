//! Large graphs and loops while gateways and shims die: the same outputs as without, each effect
//! accounted for. What is random comes from a seed that is printed; `SCENES_SEED` repeats it.

use crate::killer::rng::Rng;
use crate::scenes_support::{Home, kill_9, pause, recorded};
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::task::TaskStatus;
use clawflow_core::wait::{WaitKind, WaitState};
use clawflow_engine::api::{FlowGet, FlowRef, FlowSettle, FlowSettleRequest, FlowView, SettleHow};
use clawflow_engine::shim::procfs::ProcId;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Steps side by side in each layer of the graph.
const WIDE: usize = 50;
/// How often the gateway is killed.
const KILLS: usize = 10;
/// Far beyond what a scene takes, also on a busy machine.
const LONG: Duration = Duration::from_secs(150);

fn seed() -> u64 {
    let given = std::env::var("SCENES_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| u64::from(std::process::id()));
    eprintln!("SCENES_SEED={seed}");
    seed
}

fn record(home: &Home, flow: &str) -> Flow {
    home.call::<FlowGet>(&FlowRef { flow: flow.to_owned() }).unwrap()
}

/// Waits for the end; `meanwhile` is called again and again until then.
#[track_caller]
fn end(home: &mut Home, flow: &str, mut meanwhile: impl FnMut(&mut Home, &Flow)) -> FlowView {
    let give_up = Instant::now() + LONG;
    loop {
        let now = record(home, flow);
        if now.is_terminal() {
            return home.view(flow);
        }
        assert!(Instant::now() < give_up, "{now:?}\n{}", home.log());
        meanwhile(home, &now);
        pause();
    }
}

/// Kills the gateway so many times, after as many lines of `marks` as fall to each.
struct Killings {
    at: Vec<usize>,
}

impl Killings {
    fn of(rng: &mut Rng, lines: usize) -> Self {
        let mut at: Vec<usize> = (0..KILLS)
            .map(|_| usize::try_from(rng.from(1, lines as u64 * 9 / 10)).unwrap())
            .collect();
        at.sort_unstable_by(|a, b| b.cmp(a));
        Self { at }
    }

    /// Whether it was killed now; another one serves.
    fn strike(&mut self, home: &mut Home) -> bool {
        let due = self.at.last().is_some_and(|at| home.marks().lines().count() >= *at);
        if due {
            self.at.pop();
            home.restart();
        }
        due
    }
}

/// 200 steps: four times fan-out and fan-in. Some fail at their first try.
fn graph(seed: u64) -> String {
    let mut rng = Rng::new(seed);
    let mut file = "steps:\n  - { id: j0, run: 'echo 1' }\n".to_owned();
    let widths = [WIDE, WIDE, WIDE, 200 - 5 - 3 * WIDE];
    for (layer, width) in widths.into_iter().enumerate() {
        let mut needs = Vec::new();
        let mut given = Vec::new();
        for n in 0..width {
            let id = format!("s{layer}x{n}");
            let fails = if rng.chance(20) { "[ $CLAWFLOW_ATTEMPT -gt 1 ] && " } else { "" };
            let _ = writeln!(
                file,
                "  - {{ id: {id}, needs: [j{layer}], stdin: $j{layer}.stdout, \
                 retry: {{ max: 5, delay_ms: 5 }}, \
                 run: 'echo {id} >> marks; {fails}expr $(cat) % 1000 + {n}' }}"
            );
            given.push(format!("{id}: ${id}.json"));
            needs.push(id);
        }
        let _ = writeln!(
            file,
            "  - {{ id: j{}, needs: [{}], stdin: {{ {} }}, \
             run: 'cksum | cut -d\" \" -f1' }}",
            layer + 1,
            needs.join(", "),
            given.join(", ")
        );
    }
    file
}

fn outputs(view: &FlowView) -> BTreeMap<String, String> {
    let said = |step: &clawflow_core::step::Step| {
        step.result
            .as_ref()
            .and_then(|result| result.stdout.as_deref())
            .unwrap_or_default()
            .to_owned()
    };
    view.steps.iter().map(|step| (step.step_id.clone(), said(step))).collect()
}

#[test]
fn a_graph_of_200_steps_says_the_same_however_often_the_gateway_dies() {
    let seed = seed();
    let file = graph(seed);
    let mut home = Home::new();
    home.gateway();
    let calm = home.flow("calm", &file);
    let calm = end(&mut home, &calm, |_, _| {});
    assert_eq!(calm.flow.status, FlowStatus::Succeeded);
    let lines = home.marks().lines().count();
    assert!(calm.steps.len() == 200 && lines > 195, "{} steps, {lines} tries", calm.steps.len());
    std::fs::remove_file(home.path().join("marks")).unwrap();
    let mut killings = Killings::of(&mut Rng::of(seed, "kills"), lines);
    let flow = home.flow("killed", &file);
    let killed = end(&mut home, &flow, |home, _| {
        killings.strike(home);
    });
    assert_eq!(killed.flow.status, FlowStatus::Succeeded);
    assert_eq!(killings.at.len(), 0, "too few gateways were killed");
    assert_eq!(outputs(&killed), outputs(&calm));
    assert_eq!(home.marks().lines().count(), lines, "a step ran once too often");
    home.view(&flow).tasks.iter().for_each(|task| assert_ne!(task.status, TaskStatus::Lost));
}

/// A loop over so many items, whose inner step says what it did.
fn looped(items: usize, more: &str) -> String {
    format!(
        "steps:
  - {{ id: list, run: 'seq 0 {} | paste -sd, | sed \"s/.*/[&]/\"' }}
  - id: all
    for_each: $list.json
    concurrency: 16
    steps:
      - {{ id: act, run: 'read n; echo \"did $n\" >> marks; echo $n', stdin: $item.json{more} }}
  - {{ id: told, argv: [cat], stdin: $all.json }}
",
        items - 1
    )
}

/// How often each item acted.
fn effects(home: &Home) -> BTreeMap<usize, usize> {
    let mut all = BTreeMap::new();
    for line in home.marks().lines() {
        let item = line.strip_prefix("did ").and_then(|n| n.trim().parse().ok()).unwrap();
        *all.entry(item).or_insert(0) += 1;
    }
    all
}

#[track_caller]
fn in_order(view: &FlowView, items: usize) {
    let told = outputs(view).remove("told").unwrap();
    let list: serde_json::Value = serde_json::from_str(&told).unwrap();
    let list = list.as_array().unwrap();
    assert_eq!(list.len(), items);
    for (at, item) in list.iter().enumerate() {
        assert_eq!(
            (&item["index"], &item["item"], &item["act"]),
            (&at.into(), &at.into(), &at.into())
        );
    }
}

#[test]
fn each_of_1000_items_acts_once_however_often_the_gateway_dies() {
    const ITEMS: usize = 1000;
    let mut killings = Killings::of(&mut Rng::of(seed(), "items"), ITEMS);
    let mut home = Home::new();
    home.gateway();
    let flow = home.flow("items", &looped(ITEMS, ""));
    let view = end(&mut home, &flow, |home, _| {
        killings.strike(home);
    });
    assert_eq!(view.flow.status, FlowStatus::Succeeded);
    assert_eq!(killings.at.len(), 0, "too few gateways were killed");
    let effects = effects(&home);
    assert_eq!(effects.len(), ITEMS);
    assert!(effects.values().all(|times| *times == 1), "{effects:?}");
    in_order(&view, ITEMS);
}

/// Kills what runs now, shim and program, while nobody looks.
fn kill_shims(home: &Home) -> usize {
    let mut killed = 0;
    let boots = std::fs::read_dir(home.home().join("runs")).into_iter().flatten().flatten();
    let dirs = boots.flat_map(|boot| std::fs::read_dir(boot.path()).into_iter().flatten());
    for dir in dirs.flatten() {
        let lines = recorded(&dir.path());
        let Some(run) = lines.get(1).filter(|_| lines.len() == 2) else { continue };
        let Ok(run) = serde_json::from_str::<serde_json::Value>(run) else { continue };
        if let Ok(shim) = serde_json::from_value::<ProcId>(run["shim"].clone()) {
            kill_9(shim);
            killed += 1;
        }
    }
    killed
}

/// A loop whose gateways die ten times, and with each the shims of that moment; what is in doubt
/// then is to be run again.
fn with_shims(items: usize, more: &str) -> (Home, FlowView) {
    let mut killings = Killings::of(&mut Rng::of(seed(), "shims"), items);
    let mut home = Home::new();
    home.gateway();
    let slow = looped(items, more).replace("echo $n'", "sleep 0.02; echo $n'");
    let flow = home.flow("shims", &slow);
    let mut killed = 0;
    let view = end(&mut home, &flow, |home, now| {
        if killings.at.last().is_some_and(|at| home.marks().lines().count() >= *at) {
            killings.at.pop();
            home.kill_gateway();
            killed += kill_shims(home);
            home.gateway();
        } else if now.status == FlowStatus::Blocked {
            let doubts = home.view(&now.flow_id.0);
            for wait in doubts.waits.iter().filter(|wait| wait.state == WaitState::Open) {
                let (flow, step) = (now.flow_id.0.clone(), wait.step_id.clone());
                let (how, by) = (SettleHow::Rerun, "tester".to_owned());
                let request = FlowSettleRequest { flow, step, how, result: None, by };
                home.call::<FlowSettle>(&request).unwrap();
            }
        }
    });
    assert_eq!(view.flow.status, FlowStatus::Succeeded);
    assert_eq!(killings.at.len(), 0, "too few gateways were killed");
    assert!(killed > 0, "no shim was killed");
    (home, view)
}

/// An item acted once, and once more for each attempt that the ledger calls lost, at most.
#[track_caller]
fn accounted(home: &Home, view: &FlowView, items: usize) {
    let effects = effects(home);
    assert_eq!(effects.len(), items);
    for (item, times) in effects {
        let id = format!("all[{item}].act");
        let mine = view.tasks.iter().filter(|task| task.step_id.as_deref() == Some(&id));
        let (lost, others): (Vec<_>, Vec<_>) =
            mine.partition(|task| task.status == TaskStatus::Lost);
        assert_eq!(others.len(), 1, "{id}");
        assert!((1..=1 + lost.len()).contains(&times), "{id}: {times}, lost {}", lost.len());
    }
    in_order(view, items);
}

fn doubts(view: &FlowView) -> usize {
    view.waits.iter().filter(|wait| wait.kind == WaitKind::InDoubt).count()
}

#[test]
fn items_whose_shims_die_are_in_doubt_and_say_so() {
    const ITEMS: usize = 200;
    let (home, view) = with_shims(ITEMS, "");
    accounted(&home, &view, ITEMS);
    let lost = view.tasks.iter().filter(|task| task.status == TaskStatus::Lost).count();
    assert_eq!(doubts(&view), lost, "what is lost is said to be in doubt");
}

#[test]
fn items_that_may_act_again_are_run_again_unasked() {
    const ITEMS: usize = 200;
    let (home, view) = with_shims(ITEMS, ", idempotent: true");
    accounted(&home, &view, ITEMS);
    assert_eq!(doubts(&view), 0);
}
