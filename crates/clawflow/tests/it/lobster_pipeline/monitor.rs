//! What Lobster 2026.9.13 says: the workflows that come with it, over a `gh` that is a script.

use super::Case;

/// Says what is in `pr.json`, unless the number is that of a failure.
pub(super) const GH: &str = r#"#!/bin/sh
case "$3" in
404) echo "no pull request $4 $5" >&2; exit 1 ;;
500) echo '<html>'; exit 0 ;;
esac
test "$1 $2 $4 $6" = "pr view --repo --json" || exit 9
cat "$HOME/pr.json"
"#;

pub(super) const CASES: &[Case] = &[
    Case("workflows.run", "error workflows.run requires --name", ""),
    Case("workflows.run nope", "error Unknown workflow: nope", ""),
    Case(
        "workflows.run github.pr.monitor --args-json '{'",
        "error workflows.run --args-json must be valid JSON",
        "",
    ),
    Case(
        "workflows.run --name github.pr.monitor",
        "error github.pr.monitor requires args.repo and args.pr",
        "",
    ),
    Case(
        r#"workflows.run github.pr.monitor.notify --args-json '{"repo":"o/r","pr":0}'"#,
        "error github.pr.monitor requires args.repo and args.pr",
        "",
    ),
    Case(
        r#"workflows.run github.pr.monitor --args-json '{"repo":"o/r","pr":404}'"#,
        "error gh failed (1): no pull request --repo o/r",
        "",
    ),
    Case(
        r#"workflows.run github.pr.monitor --args-json '{"repo":"o/r","pr":500}'"#,
        "error gh returned non-JSON output",
        "",
    ),
    Case(
        r#"exec --shell 'echo "{\"number\":7,\"title\":\"A\"}" > pr.json' | workflows.run github.pr.monitor --args-json '{"repo":"o/r","pr":"7"}'"#,
        r#"ok [{"kind":"github.pr.monitor","repo":"o/r","prNumber":7,"key":"github.pr:o/r#7","changed":true,"summary":{"changedFields":["number","title","url","state","isDraft","mergeable","reviewDecision","updatedAt","baseRefName","headRefName"],"changes":{"number":{"from":null,"to":7},"title":{"from":null,"to":"A"},"url":{"from":null},"state":{"from":null},"isDraft":{"from":null},"mergeable":{"from":null},"reviewDecision":{"from":null},"updatedAt":{"from":null},"baseRefName":{"from":null},"headRefName":{"from":null}}},"prSnapshot":{"number":7,"title":"A"}}]"#,
        "",
    ),
    Case(
        r#"exec --shell 'echo "{\"number\":7}" > pr.json' | workflows.run github.pr.monitor --args-json '{"repo":"o/r","pr":7}' | workflows.run github.pr.monitor --args-json '{"repo":"o/r","pr":7,"changesOnly":true}'"#,
        r#"ok [{"kind":"github.pr.monitor","repo":"o/r","prNumber":7,"key":"github.pr:o/r#7","changed":false,"suppressed":true}]"#,
        "",
    ),
    Case(
        r#"exec --shell 'echo "{\"number\":7,\"title\":\"A\"}" > pr.json' | workflows.run github.pr.monitor --args-json '{"repo":"o/r","pr":7,"key":"mine"}' | exec --shell 'echo "{\"number\":7,\"title\":\" B  C\",\"url\":\"http://h/7\",\"extra\":1}" > pr.json' | workflows.run github.pr.monitor.notify --args-json '{"repo":"o/r","pr":7,"key":"mine"}'"#,
        r#"ok [{"kind":"github.pr.monitor.notify","changed":true,"repo":"o/r","prNumber":7,"message":"PR updated: o/r#7: B C (title, url). http://h/7","pr":{"number":7,"title":" B  C","url":"http://h/7"},"summary":{"changedFields":["title","url"],"changes":{"title":{"from":"A","to":" B  C"},"url":{"to":"http://h/7"}}}}]"#,
        "",
    ),
    Case(
        r#"exec --shell 'echo "{\"number\":7}" > pr.json' | workflows.run github.pr.monitor.notify --args-json '{"repo":"o/r","pr":7}' | workflows.run github.pr.monitor.notify --args-json '{"repo":"o/r","pr":7}'"#,
        r#"ok [{"kind":"github.pr.monitor.notify","suppressed":true}]"#,
        "",
    ),
    Case(
        "workflows.list | pick name",
        r#"ok [{"name":"github.pr.monitor"},{"name":"github.pr.monitor.notify"}]"#,
        "",
    ),
];
