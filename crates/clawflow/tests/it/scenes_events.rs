//! Events that arrive before, during and after their wait, with a gateway killed in between.

use crate::scenes_support::{Home, step_of};
use clawflow_core::flow::FlowStatus;
use clawflow_core::step::StepStatus;

/// Waits for a payment of this order, then tells its sum.
fn paid(order: &str) -> String {
    format!(
        "steps:
  - {{ id: paid, wait_for: {{ event: paid, key: {order} }} }}
  - {{ id: told, run: 'read sum; echo \"$CLAWFLOW_FLOW_ID $sum\" >> marks', stdin: $paid.json.sum }}
"
    )
}

/// Tells of a payment; returns what was said of it, a word of each line.
fn tell(home: &Home, order: &str, sum: u32) -> Vec<String> {
    let payload = format!("{{\"sum\": {sum}}}");
    let said = home.cli(&["flows", "signal", "paid", "--key", order, "--payload", &payload]);
    assert_eq!(said.code, Some(0), "{said:?}");
    said.out.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn an_event_is_given_once_whenever_it_comes() {
    let mut home = Home::new();
    home.gateway();
    // Before its wait, and the gateway dies before anybody waits for it.
    assert_eq!(tell(&home, "early", 1), ["kept"]);
    home.restart();
    let early = home.flow("early", &paid("early"));
    home.ends(&early, FlowStatus::Succeeded);
    // During its wait, after the gateway has died in it.
    let during = home.flow("during", &paid("during"));
    home.wait_step(&during, "paid", StepStatus::Waiting);
    home.restart();
    assert_eq!(tell(&home, "during", 2), ["resolved", &during]);
    home.ends(&during, FlowStatus::Succeeded);
    // After its wait is over: nobody gets it but the next one, and that only once.
    assert_eq!(tell(&home, "during", 3), ["kept"]);
    let next = home.flow("next", &paid("during"));
    home.ends(&next, FlowStatus::Succeeded);
    let last = home.flow("last", &paid("during"));
    home.wait_step(&last, "paid", StepStatus::Waiting);
    for (flow, sum) in [(&early, 1), (&during, 2), (&next, 3)] {
        assert_eq!(home.count(&format!("{flow} {sum}")), 1, "{}", home.marks());
    }
    assert_eq!(home.marks().lines().count(), 3);
    assert_eq!(step_of(&home.view(&last), "told").status, StepStatus::Pending);
}

#[test]
fn two_flows_that_wait_for_the_same_key_both_get_it() {
    let mut home = Home::new();
    home.gateway();
    let both = [home.flow("one", &paid("o1")), home.flow("two", &paid("o1"))];
    let other = home.flow("other", &paid("o2"));
    for flow in both.iter().chain([&other]) {
        home.wait_step(flow, "paid", StepStatus::Waiting);
    }
    let mut said = tell(&home, "o1", 5);
    said.retain(|word| word != "resolved");
    said.sort();
    let mut expected = both.to_vec();
    expected.sort();
    assert_eq!(said, expected);
    for flow in &both {
        home.ends(flow, FlowStatus::Succeeded);
        assert_eq!(home.count(&format!("{flow} 5")), 1);
    }
    assert_eq!(step_of(&home.view(&other), "paid").status, StepStatus::Waiting);
}

#[test]
fn an_event_that_nobody_wants_harms_nobody() {
    let mut home = Home::new();
    home.gateway();
    let waiting = home.flow("waiting", &paid("mine"));
    home.wait_step(&waiting, "paid", StepStatus::Waiting);
    assert_eq!(tell(&home, "nobody's", 1), ["kept"]);
    home.restart();
    let view = home.view(&waiting);
    assert_eq!(view.flow.status, FlowStatus::Waiting);
    assert_eq!(step_of(&view, "paid").status, StepStatus::Waiting);
    assert_eq!(home.marks(), "");
}
