//! What one round does, made from its seed: flows, and what happens to them from outside.

use super::rng::Rng;

/// One flow of the round.
pub(crate) struct Plan {
    pub(crate) key: String,
    pub(crate) file: String,
    /// Milliseconds after its start, if it is cancelled.
    pub(crate) cancel_at: Option<u64>,
    /// Milliseconds after its start, if it is paused, and for how long.
    pub(crate) pause_at: Option<(u64, u64)>,
}

fn put(file: &mut String, line: impl AsRef<str>) {
    file.push_str(line.as_ref());
    file.push('\n');
}

/// One line in the common file, with a single append.
fn line(word: &str) -> String {
    format!(r#"echo "{word} $CLAWFLOW_FLOW_ID $CLAWFLOW_STEP $CLAWFLOW_ATTEMPT" >> marks"#)
}

/// So many lines, some hundredths of a second apart.
fn beats(word: &str, count: u64) -> String {
    let line = line(word);
    format!("n=0; while [ $n -lt {count} ]; do {line}; sleep 0.0{}; n=$((n+1)); done", 3)
}

/// The flows of a round.
pub(crate) fn plans(seed: u64) -> Vec<Plan> {
    let mut rng = Rng::new(seed);
    let count = rng.from(2, 4);
    (0..count).map(|n| plan(&mut rng, &format!("flow-{n}"))).collect()
}

fn plan(rng: &mut Rng, key: &str) -> Plan {
    let count = rng.from(2, 8);
    let graph = rng.chance(50);
    let mut file = String::from("steps:\n");
    for n in 0..count {
        step(rng, &mut file, n, graph);
    }
    let last = rng.from(0, 4).saturating_sub(2);
    if last > 0 {
        file.push_str("finally:\n");
    }
    for n in 0..last {
        put(&mut file, format!("  - id: f{n}\n    run: |"));
        let script = [line("start"), beats("beat", rng.from(0, 4)), line("end")];
        script.iter().for_each(|text| put(&mut file, format!("      {text}")));
    }
    Plan {
        key: key.to_owned(),
        file,
        cancel_at: rng.chance(30).then(|| rng.from(0, 1500)),
        pause_at: rng.chance(15).then(|| (rng.from(0, 600), rng.from(50, 500))),
    }
}

fn step(rng: &mut Rng, file: &mut String, n: u64, graph: bool) {
    put(file, format!("  - id: s{n}"));
    if graph {
        let needs: Vec<String> =
            (0..n).filter(|_| rng.chance(35)).map(|n| format!("s{n}")).collect();
        put(file, format!("    needs: [{}]", needs.join(", ")));
    }
    match rng.from(0, 9) {
        0 => return put(file, format!("    sleep: {}ms", rng.from(20, 400))),
        1 => {
            let then = rng.pick(&["fail", "continue", "cancel"]);
            let on_timeout = format!("timeout: {}ms, on_timeout: {then}", rng.from(100, 3000));
            let gate = if rng.chance(50) { on_timeout } else { "on_deny: continue".to_owned() };
            return put(file, format!("    approval: {{ prompt: on?, {gate} }}"));
        }
        _ => {}
    }
    match rng.from(0, 5) {
        0 | 1 => file.push_str("    idempotent: true\n"),
        2 => put(file, format!("    on_lost: {}", rng.pick(&["ask", "retry", "fail"]))),
        _ => {}
    }
    let flaky = if rng.chance(30) { rng.from(1, 2) } else { 0 };
    if flaky > 0 || rng.chance(50) {
        let delay = rng.from(20, 300);
        let max = flaky + rng.from(1, 3);
        put(file, format!("    retry: {{ max: {max}, backoff: fixed, delay: {delay}ms }}"));
    }
    if rng.chance(30) {
        put(file, format!("    on_error: {}", rng.pick(&["continue", "skip_rest"])));
    }
    if rng.chance(10) {
        put(file, format!("    timeout: {}ms", rng.from(100, 600)));
    }
    if rng.chance(10) {
        file.push_str("    approval: good enough?\n");
    }
    put(file, format!("    run: |\n      {}", line("start")));
    if rng.chance(20) {
        // Left behind in a session of its own, it speaks until somebody kills it.
        let deep = format!("while {}; do sleep 0.05; done", line("deep"));
        put(file, format!("      setsid sh -c 'trap \"\" TERM; {deep}' &"));
    }
    match rng.from(0, 4) {
        0 | 1 => {}
        2 | 3 => put(file, format!("      {}", beats("beat", rng.from(1, 20)))),
        _ => {
            // A child in a session of its own, and one that is not; both are waited for.
            let deep = beats("deep", rng.from(1, 20));
            let term = if rng.chance(50) { "trap \"\" TERM; " } else { "" };
            let near = beats("deep", rng.from(1, 9));
            put(file, format!("      setsid sh -c '{term}{deep}' & one=$!"));
            put(file, format!("      sh -c '{near}' & two=$!\n      wait $one $two"));
        }
    }
    put(file, "      echo made by $CLAWFLOW_ATTEMPT");
    put(file, format!("      {}", line("end")));
    if flaky > 0 {
        put(file, format!("      [ $CLAWFLOW_ATTEMPT -gt {flaky} ]"));
    }
}
