//! What Lobster 2026.9.13 makes of mail without a model.

use super::Case;

/// Stands for `@mail` in the table.
pub(super) const MAIL: &str = r#"exec --json echo '[{"id":1,"from":"Ann <ann@x.org>","subject":"Hi","labels":["unread"],"snippet":"s"},{"messageId":"2","sender":"noreply@x.org","subject":"News","labels":["UNREAD"],"thread_id":"t"},{"id":"3","subject":"URGENT: now","timestamp":5},"text",{"id":"5","from":"b@y.io","bodyPreview":" p ","internalDate":"d"}]'"#;

pub(super) const CASES: &[Case] = &[
    Case(
        "@mail | email.triage",
        r#"ok [{"summary":"1 need replies, 1 need action, 3 FYI","buckets":{"needsReply":["1"],"needsAction":["3"],"fyi":["2","","5"]},"emails":[{"id":"1","threadId":"1","from":"Ann <ann@x.org>","subject":"Hi","date":"","snippet":"s","labels":["unread"]},{"id":"2","threadId":"t","from":"noreply@x.org","subject":"News","date":"","snippet":"","labels":["UNREAD"]},{"id":"3","threadId":"3","from":"","subject":"URGENT: now","date":"5","snippet":"","labels":[]},{"id":"","threadId":"","from":"","subject":"","date":"","snippet":"","labels":[]},{"id":"5","threadId":"5","from":"b@y.io","subject":"","date":"d","snippet":"p","labels":[]}],"mode":"deterministic"}]"#,
        "",
    ),
    Case(
        "@mail | email.triage --limit 2 | pick summary,mode",
        r#"ok [{"summary":"1 need replies, 0 need action, 1 FYI","mode":"deterministic"}]"#,
        "",
    ),
    Case(
        "@mail | email.triage --limit 0 | pick summary",
        r#"ok [{"summary":"1 need replies, 0 need action, 0 FYI"}]"#,
        "",
    ),
    Case(
        "@mail | email.triage --limit x | pick summary",
        r#"ok [{"summary":"1 need replies, 1 need action, 3 FYI"}]"#,
        "",
    ),
    Case("@mail | email.triage --emit drafts", "ok []", ""),
    Case("@mail | email.triage --emit ' ' | pick mode", r#"ok [{"mode":"deterministic"}]"#, ""),
    Case("@mail | email.triage --llm | pick mode", r#"ok [{"mode":"deterministic"}]"#, ""),
    Case(
        "exec --json echo '[]' | email.triage",
        r#"ok [{"summary":"0 need replies, 0 need action, 0 FYI","buckets":{"needsReply":[],"needsAction":[],"fyi":[]},"emails":[],"mode":"deterministic"}]"#,
        "",
    ),
];
