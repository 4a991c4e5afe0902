//! Who is next: limits are kept, priorities are respected, and nobody waits for ever.

use clawflow_core::ids::TaskId;
use clawflow_core::queue::{Held, Picker, QueueLimits, Rate, Waiting};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap};

const PERIOD_MS: i64 = 50;

fn limits(concurrency: Option<usize>, count: Option<usize>, priority: i32) -> QueueLimits {
    let rate = count.map(|count| Rate { count, period_ms: PERIOD_MS });
    QueueLimits { concurrency, rate, priority }
}

fn queues(named: &[(&str, QueueLimits)]) -> BTreeMap<String, QueueLimits> {
    named.iter().map(|(name, limits)| ((*name).to_owned(), limits.clone())).collect()
}

fn task(n: usize, queue: Option<&str>, owner: &str, priority: Option<i32>) -> Waiting {
    Waiting {
        task_id: TaskId(format!("{}{n:026}", TaskId::PREFIX)),
        flow_id: None,
        owner_key: owner.to_owned(),
        queue: queue.map(str::to_owned),
        priority,
    }
}

fn number(task: &Waiting) -> usize {
    task.task_id.0[TaskId::PREFIX.len()..].parse().unwrap()
}

/// Takes all that may start now.
fn take(picker: &mut Picker, now: i64) -> Vec<usize> {
    let mut taken = Vec::new();
    while let Some(next) = picker.next(now) {
        picker.started(next.queue.as_deref(), now);
        taken.push(number(&next));
    }
    taken
}

fn ended(picker: &mut Picker, n: usize) {
    picker.over(&task(n, None, "", None).task_id);
    picker.release(1);
}

#[test]
fn owners_take_turns_and_each_one_goes_by_age() {
    let mut picker = Picker::new(100, queues(&[("q", limits(None, None, 0))]));
    for n in 0..6 {
        picker.push(task(n, Some("q"), "many", None));
    }
    picker.push(task(7, Some("q"), "two", None));
    picker.push(task(6, Some("q"), "two", None));
    picker.push(task(8, Some("q"), "one", None));
    assert_eq!(take(&mut picker, 0), [0, 6, 8, 1, 7, 2, 3, 4, 5]);
}

#[test]
fn the_higher_priority_is_first_whoever_owns_it() {
    let mut picker = Picker::new(100, queues(&[("q", limits(None, None, 5))]));
    picker.push(task(0, Some("q"), "a", Some(-1)));
    picker.push(task(1, Some("q"), "b", None));
    picker.push(task(2, Some("q"), "a", Some(5)));
    picker.push(task(3, Some("q"), "b", Some(6)));
    assert_eq!(take(&mut picker, 0), [3, 1, 2, 0]);
}

#[test]
fn queues_take_turns_for_slots_unless_one_has_the_higher_priority() {
    let named = [("a", limits(None, None, 0)), ("b", limits(None, None, 0))];
    let mut picker = Picker::new(100, queues(&named));
    for n in 0..3 {
        picker.push(task(n, Some("a"), "x", None));
        picker.push(task(n + 10, Some("b"), "x", None));
        picker.push(task(n + 20, None, "x", None));
    }
    picker.push(task(30, Some("b"), "x", Some(1)));
    let order = take(&mut picker, 0);
    assert_eq!(order[0], 30);
    let mut turns: Vec<usize> = order[1..].iter().map(|n| n / 10).collect();
    for round in turns.chunks_mut(3) {
        round.sort_unstable();
        assert_eq!(round, [0, 1, 2], "{order:?}");
    }
}

#[test]
fn a_full_queue_holds_nobody_else_up() {
    let mut picker = Picker::new(10, queues(&[("q", limits(Some(1), None, 9))]));
    for n in 0..3 {
        picker.push(task(n, Some("q"), "a", None));
    }
    picker.push(task(5, None, "a", None));
    assert_eq!(take(&mut picker, 0), [0, 5]);
    assert_eq!(picker.reserve(0), 8, "what has no queue may start at once");
    picker.release(8);
    assert_eq!(picker.line(Some("q"), 0, 9).held, Some(Held::Concurrency));
    ended(&mut picker, 0);
    assert_eq!(picker.reserve(0), 0, "somebody waits who may start");
    assert_eq!(take(&mut picker, 0), [1]);
}

#[test]
fn a_rate_says_when_the_next_one_may_start() {
    let mut picker = Picker::new(10, queues(&[("q", limits(None, Some(2), 0))]));
    picker.recall("q", vec![980]);
    for n in 0..4 {
        picker.push(task(n, Some("q"), "a", None));
    }
    assert_eq!(take(&mut picker, 1000), [0], "the start before the restart counts");
    assert_eq!(picker.next_at(1000), Some(1030));
    assert_eq!(picker.line(Some("q"), 1000, 9).held, Some(Held::Rate(Some(1030))));
    assert!(take(&mut picker, 1029).is_empty());
    assert_eq!(take(&mut picker, 1030), [1]);
    assert_eq!(picker.next_at(1030), Some(1050));
    assert_eq!(take(&mut picker, 1050), [2]);
    assert_eq!(take(&mut picker, 1080), [3]);
    assert_eq!(picker.next_at(1081), None, "nobody waits");
}

#[test]
fn what_is_refused_uses_up_nothing() {
    let mut picker = Picker::new(1, queues(&[("q", limits(Some(1), Some(1), 0))]));
    picker.push(task(0, Some("q"), "a", None));
    picker.push(task(1, Some("q"), "a", None));
    let next = picker.next(0).unwrap();
    assert_eq!(picker.next(0), None);
    assert_eq!(picker.next_at(0), None, "it depends on what becomes of the first");
    picker.refused(next.queue.as_deref(), &next.task_id);
    picker.release(1);
    assert_eq!(take(&mut picker, 0), [1]);
}

#[test]
fn adopted_attempts_count_and_a_removed_queue_limits_nothing() {
    let mut picker = Picker::new(10, queues(&[("q", limits(Some(2), None, 0))]));
    for n in [0, 1, 2] {
        picker.hold("q", &task(n, None, "", None).task_id);
        picker.occupy();
    }
    picker.push(task(5, Some("q"), "a", None));
    picker.push(task(6, Some("gone"), "a", None));
    picker.push(task(7, Some("gone"), "a", None));
    assert_eq!(take(&mut picker, 0), [6, 7]);
    ended(&mut picker, 0);
    assert!(take(&mut picker, 0).is_empty(), "two of it still run");
    ended(&mut picker, 1);
    assert_eq!(take(&mut picker, 0), [5]);
}

#[test]
fn who_leaves_the_line_is_in_nobodys_way() {
    let mut picker = Picker::new(0, queues(&[("q", limits(None, None, 0))]));
    for n in 0..3 {
        picker.push(task(n, Some("q"), "a", None));
    }
    picker.push(task(0, Some("q"), "a", None));
    assert_eq!(picker.usage(), (0, 3), "twice in line is once");
    assert_eq!(picker.standing(&task(2, None, "", None).task_id, 0).unwrap().before, 2);
    assert!(!picker.over(&task(0, None, "", None).task_id), "it had no place");
    assert_eq!(picker.standing(&task(2, None, "", None).task_id, 0).unwrap().before, 1);
    assert_eq!(picker.standing(&task(0, None, "", None).task_id, 0), None);
    picker.release(5);
    assert_eq!(take(&mut picker, 0), [1, 2]);
}

/// Something that happens to a picker.
#[derive(Clone, Debug)]
enum Happens {
    Comes {
        queue: usize,
        owner: usize,
        priority: Option<i32>,
    },
    TimePasses(i64),
    Ends(usize),
    Withdrawn(usize),
    /// The process dies, and the next one goes on with what is on record.
    Restart,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        6 => (0..4usize, 0..5usize, proptest::option::of(-2..3i32))
            .prop_map(|(queue, owner, priority)| Happens::Comes { queue, owner, priority }),
        2 => (1..40i64).prop_map(Happens::TimePasses),
        4 => (0..1000usize).prop_map(Happens::Ends),
        1 => (0..1000usize).prop_map(Happens::Withdrawn),
        1 => Just(Happens::Restart),
    ]
}

const NAMES: [Option<&str>; 4] = [None, Some("few"), Some("slow"), Some("both")];
const SLOTS: usize = 6;

/// The picker, and what the ledger has beside it.
struct Ledger {
    picker: Picker,
    waiting: BTreeMap<usize, Waiting>,
    running: BTreeMap<usize, Waiting>,
    /// All starts of each queue.
    starts: HashMap<&'static str, Vec<i64>>,
    now: i64,
}

fn configured() -> BTreeMap<String, QueueLimits> {
    queues(&[
        ("few", limits(Some(2), None, 1)),
        ("slow", limits(None, Some(3), 0)),
        ("both", limits(Some(1), Some(2), 0)),
    ])
}

impl Ledger {
    fn restart(&mut self) {
        self.picker = Picker::new(SLOTS, configured());
        for (name, starts) in &self.starts {
            let since = self.now - PERIOD_MS;
            let recent = starts.iter().copied().filter(|at| *at > since).collect();
            self.picker.recall(name, recent);
        }
        for one in self.running.values() {
            self.picker.occupy();
            if let Some(queue) = &one.queue {
                self.picker.hold(queue, &one.task_id);
            }
        }
        self.waiting.values().for_each(|one| self.picker.push(one.clone()));
    }

    fn priority(one: &Waiting) -> i32 {
        one.priority.unwrap_or(i32::from(one.queue.as_deref() == Some("few")))
    }

    /// Lets start what may, and checks each.
    fn start(&mut self) {
        while let Some(next) = self.picker.next(self.now) {
            let n = number(&next);
            let own = self.waiting.remove(&n).expect("only what waits starts");
            let same = |other: &&Waiting| other.queue == own.queue;
            let rank = Self::priority(&own);
            let better = self.waiting.values().filter(same).find(|o| Self::priority(o) > rank);
            assert_eq!(better, None, "a higher priority waits behind {own:?}");
            let older = self.waiting.values().filter(same).find(|other| {
                let equal = other.owner_key == own.owner_key && Self::priority(other) == rank;
                equal && other.task_id < own.task_id
            });
            assert_eq!(older, None, "of one owner the oldest is first");
            self.picker.started(next.queue.as_deref(), self.now);
            if let Some(name) =
                NAMES.into_iter().flatten().find(|n| own.queue.as_deref() == Some(n))
            {
                self.starts.entry(name).or_default().push(self.now);
            }
            self.running.insert(n, own);
            self.check_limits();
        }
    }

    fn check_limits(&self) {
        assert!(self.running.len() <= SLOTS);
        for (name, limits) in configured() {
            let runs =
                self.running.values().filter(|one| one.queue.as_ref() == Some(&name)).count();
            assert!(limits.concurrency.is_none_or(|most| runs <= most), "{runs} of {name} run");
            let (Some(rate), Some(starts)) = (limits.rate, self.starts.get(name.as_str())) else {
                continue;
            };
            for window in starts.windows(rate.count + 1) {
                let length = window[rate.count] - window[0];
                assert!(length >= rate.period_ms, "{name}: {window:?}");
            }
        }
    }

    /// Nobody waits whom nothing is in the way of.
    fn check_work_goes_on(&mut self) {
        if self.running.len() >= SLOTS {
            return;
        }
        for one in self.waiting.values() {
            let Some(name) = &one.queue else { panic!("{one:?} waits beside free slots") };
            let limits = &configured()[name];
            let runs = self.running.values().filter(|other| other.queue == one.queue).count();
            let full = limits.concurrency.is_some_and(|most| runs >= most);
            let recent = self.starts.get(name.as_str()).into_iter().flatten();
            let recent = recent.filter(|at| **at > self.now - PERIOD_MS).count();
            let slow = limits.rate.is_some_and(|rate| recent >= rate.count);
            assert!(full || slow, "{one:?} waits for nothing");
            let held = self.picker.line(Some(name), self.now, 1).held;
            assert!(held.is_some(), "and says so");
            let alarm = self.picker.next_at(self.now);
            assert!(full || alarm.is_some_and(|at| at > self.now && at <= self.now + PERIOD_MS));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_limit_is_exceeded_and_nothing_waits_for_nothing(
        all in proptest::collection::vec(happens(), 1..120)
    ) {
        let mut ledger = Ledger {
            picker: Picker::new(SLOTS, configured()),
            waiting: BTreeMap::new(),
            running: BTreeMap::new(),
            starts: HashMap::new(),
            now: 1_000_000,
        };
        for (n, one) in all.into_iter().enumerate() {
            match one {
                Happens::Comes { queue, owner, priority } => {
                    let one = task(n, NAMES[queue], &format!("o{owner}"), priority);
                    ledger.waiting.insert(n, one.clone());
                    ledger.picker.push(one);
                }
                Happens::TimePasses(ms) => ledger.now += ms,
                Happens::Ends(which) => {
                    let at = which % ledger.running.len().max(1);
                    if let Some(n) = ledger.running.keys().nth(at).copied() {
                        ledger.running.remove(&n);
                        ended(&mut ledger.picker, n);
                    }
                }
                Happens::Withdrawn(which) => {
                    let at = which % ledger.waiting.len().max(1);
                    if let Some(n) = ledger.waiting.keys().nth(at).copied() {
                        ledger.waiting.remove(&n);
                        ledger.picker.over(&task(n, None, "", None).task_id);
                    }
                }
                Happens::Restart => ledger.restart(),
            }
            ledger.start();
            ledger.check_work_goes_on();
            assert_eq!(ledger.picker.usage().1, ledger.waiting.len());
        }
    }

    /// Whoever has something waiting is served again before anybody else is served twice more.
    #[test]
    fn no_owner_starves(counts in proptest::collection::vec(1..30usize, 2..8)) {
        let mut picker = Picker::new(1, queues(&[("q", limits(Some(1), None, 0))]));
        let mut left: HashMap<String, usize> = HashMap::new();
        let mut n = 0;
        for (owner, count) in counts.iter().enumerate() {
            for _ in 0..*count {
                picker.push(task(n, Some("q"), &format!("o{owner}"), None));
                n += 1;
            }
            left.insert(format!("o{owner}"), *count);
        }
        let mut since: HashMap<String, HashMap<String, usize>> = HashMap::new();
        while let Some(next) = picker.next(0) {
            let owner = next.owner_key.clone();
            picker.started(Some("q"), 0);
            ended(&mut picker, number(&next));
            *left.get_mut(&owner).unwrap() -= 1;
            for (other, _) in left.iter().filter(|(other, left)| **left > 0 && **other != owner) {
                let turns = since.entry(other.clone()).or_default();
                let turns = turns.entry(owner.clone()).or_default();
                *turns += 1;
                prop_assert!(*turns <= 1, "{other} waits while {owner} is served again");
            }
            since.remove(&owner);
        }
        prop_assert!(left.values().all(|left| *left == 0));
    }

    /// What is told of the order is the order.
    #[test]
    fn the_order_that_is_told_is_the_one_that_comes(
        all in proptest::collection::vec((0..4usize, -1..2i32), 1..60)
    ) {
        let mut picker = Picker::new(1000, queues(&[("q", limits(None, None, 0))]));
        for (n, (owner, priority)) in all.iter().enumerate() {
            picker.push(task(n, Some("q"), &format!("o{owner}"), Some(*priority)));
        }
        let told = picker.line(Some("q"), 0, usize::MAX).first;
        for (before, task_id) in told.iter().enumerate() {
            prop_assert_eq!(picker.standing(task_id, 0).unwrap().before, before);
        }
        let mut came = Vec::new();
        while let Some(next) = picker.next(0) {
            came.push(next.task_id);
        }
        prop_assert_eq!(told, came);
    }
}

/// A hundred thousand of a thousand owners: a start costs no look at all of them.
#[test]
fn a_start_among_many_costs_little() {
    let time = |tasks: usize| {
        let mut picker = Picker::new(0, queues(&[("q", limits(Some(1), None, 0))]));
        for n in 0..tasks {
            picker.push(task(n, Some("q"), &format!("o{}", n % 1000), None));
        }
        picker.release(1);
        let began = std::time::Instant::now();
        for _ in 0..1000 {
            let next = picker.next(0).unwrap();
            picker.started(Some("q"), 0);
            ended(&mut picker, number(&next));
        }
        began.elapsed()
    };
    time(2000);
    let (few, many) = (time(2000), time(100_000));
    // Fifty times as many: a look at each would cost that much more.
    assert!(many < few * 15 + std::time::Duration::from_millis(20), "{few:?}, {many:?}");
}
