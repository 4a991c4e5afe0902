//! `examples/morning-operations`.

use super::{Place, example};
use crate::support::wait_until;
use std::path::Path;

#[test]
fn the_lines_of_the_crontab_are_one_flow() {
    let mut place = Place::new();
    let file = example("morning-operations");
    let dir = Path::new(&file).parent().unwrap();
    // The same at any time of the day: a long window, and no deadline on the clock.
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replace("0 4 * * *", "@yearly").replace("05:30", "366d");
    let text = text.replace("07:00", "366d");
    let here = place.write("here/flow.yaml", &text);
    place.clawflow(&["flows", "mirror", here.to_str().unwrap()]).expect(0);
    let crontab = std::fs::read_to_string(dir.join("crontab")).unwrap();
    let mut jobs = 0;
    for line in crontab.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().skip(5).collect();
        assert_eq!(words[0], "clawflow", "{line}");
        let done = place.command(&words[1..]).current_dir(dir).output().unwrap();
        assert!(done.status.success() && !done.stdout.is_empty(), "{done:?}");
        jobs += 1;
    }
    assert_eq!(jobs, 3);
    place.home.start_gateway();
    let list = || {
        let listed = place.clawflow(&["--json", "flows", "list", "--all"]).expect(0).stdout;
        serde_json::from_str::<serde_json::Value>(&listed).unwrap()["flows"].clone()
    };
    wait_until("the day", || list()[0]["status"] == "succeeded");
    assert_eq!(list().as_array().unwrap().len(), 1);
    let id = list()[0]["flowId"].as_str().unwrap().to_owned();
    let drawn = place.clawflow(&["flows", "graph", &id, "--format", "ascii"]).expect(0).stdout;
    assert_eq!(
        drawn,
        "backup  succeeded  label backup\nimport  succeeded  label import-orders\n\
         report  succeeded  label daily-report\n"
    );
}
