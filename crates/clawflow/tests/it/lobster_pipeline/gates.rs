//! What Lobster 2026.9.13 says: gates, state, and endpoints that are not there.

use super::Case;

pub(super) const CASES: &[Case] = &[
    Case(
        "@people | approve",
        r#"approval {"type":"approval_request","prompt":"Approve?","items":[{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}},{"name":"bob","age":9},{"1":"one","2":"two","name":"Cy","age":null}]}"#,
        "",
    ),
    Case(
        "@people | approve --prompt 'Send?'",
        r#"approval {"type":"approval_request","prompt":"Send?","items":[{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}},{"name":"bob","age":9},{"1":"one","2":"two","name":"Cy","age":null}]}"#,
        "",
    ),
    Case(
        "@people | approve --prompt",
        r#"approval {"type":"approval_request","prompt":true,"items":[{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}},{"name":"bob","age":9},{"1":"one","2":"two","name":"Cy","age":null}]}"#,
        "",
    ),
    Case(
        "@people | approve --emit --preview-from-stdin --limit 1",
        r#"approval {"type":"approval_request","prompt":"Approve?","items":[{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}},{"name":"bob","age":9},{"1":"one","2":"two","name":"Cy","age":null}],"preview":"[\n  {\n    \"name\": \"Ada\",\n    \"age\": 36,\n    \"tags\": [\n      \"x\",\n      \"y\"\n    ],\n    \"at\": {\n      \"city\": \"London\"\n    }\n  }\n]"}"#,
        "",
    ),
    Case(
        r#"exec --json echo '["a","b","c","d","e","f"]' | approve --preview-from-stdin"#,
        r#"approval {"type":"approval_request","prompt":"Approve?","items":["a","b","c","d","e","f"],"preview":"a\nb\nc\nd\ne"}"#,
        "",
    ),
    Case(
        r#"exec --json echo '["a","b"]' | approve --preview-from-stdin --limit x"#,
        r#"approval {"type":"approval_request","prompt":"Approve?","items":["a","b"],"preview":"a\nb"}"#,
        "",
    ),
    Case(
        r#"exec --json echo '["a","b"]' | approve --preview-from-stdin --limit -3"#,
        r#"approval {"type":"approval_request","prompt":"Approve?","items":["a","b"]}"#,
        "",
    ),
    Case(
        r#"exec --json echo '["a","b"]' | approve --preview-from-stdin --limit 1.9"#,
        r#"approval {"type":"approval_request","prompt":"Approve?","items":["a","b"],"preview":"a"}"#,
        "",
    ),
    Case(
        r#"exec --json echo '["a",1]' | approve --previewFromStdin --previewLimit 2"#,
        r#"approval {"type":"approval_request","prompt":"Approve?","items":["a",1],"preview":"[\n  \"a\",\n  1\n]"}"#,
        "",
    ),
    Case(
        "exec --json echo '[]' | approve --preview-from-stdin",
        r#"approval {"type":"approval_request","prompt":"Approve?","items":[]}"#,
        "",
    ),
    Case(
        "@people | approve | json",
        r#"approval {"type":"approval_request","prompt":"Approve?","items":[{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}},{"name":"bob","age":9},{"1":"one","2":"two","name":"Cy","age":null}]}"#,
        "",
    ),
    Case("approve", r#"approval {"type":"approval_request","prompt":"Approve?","items":[]}"#, ""),
    Case(
        r#"exec --json echo '["draft"]' | ask"#,
        r#"input {"type":"input_request","prompt":"Input required","responseSchema":{"type":"object","properties":{"decision":{"type":"string","enum":["approve","reject","redraft"]},"feedback":{"type":"string","description":"Feedback for redraft"}},"required":["decision"]}}"#,
        "",
    ),
    Case(
        r#"exec --json echo '["draft",{"a":1}]' | ask --subject-from-stdin --prompt 'Fine?'"#,
        r#"input {"type":"input_request","prompt":"Fine?","responseSchema":{"type":"object","properties":{"decision":{"type":"string","enum":["approve","reject","redraft"]},"feedback":{"type":"string","description":"Feedback for redraft"}},"required":["decision"]},"subject":{"text":"draft\n{\"a\":1}"}}"#,
        "",
    ),
    Case(
        r#"exec --json echo '["draft"]' | ask --schema '{"type":"string"}'"#,
        r#"input {"type":"input_request","prompt":"Input required","responseSchema":{"type":"string"}}"#,
        "",
    ),
    Case("ask --schema nope", "error ask --schema must be valid JSON", ""),
    Case("ask --schema '[1]'", "error ask --schema must decode to a JSON schema object", ""),
    Case(r#"ask --schema '{"type":"strin"}'"#, "error ask response schema is invalid", ""),
    Case(
        "ask --prompt",
        r#"input {"type":"input_request","prompt":"Input required","responseSchema":{"type":"object","properties":{"decision":{"type":"string","enum":["approve","reject","redraft"]},"feedback":{"type":"string","description":"Feedback for redraft"}},"required":["decision"]}}"#,
        "",
    ),
    Case("ask --prompt ''", "error requestInput prompt is required", ""),
    Case(
        "ask --emit --prompt ''",
        r#"input {"type":"input_request","prompt":"","responseSchema":{"type":"object","properties":{"decision":{"type":"string","enum":["approve","reject","redraft"]},"feedback":{"type":"string","description":"Feedback for redraft"}},"required":["decision"]}}"#,
        "",
    ),
    Case(
        "exec echo a | json | ask",
        "error requestInput cannot suspend after this command has produced output",
        "[\n  \"a\"\n]\n",
    ),
    Case("state.get k", "ok [null]", ""),
    Case("state.get", "error state.get requires a key", ""),
    Case("state.get ''", "error state.get requires a key", ""),
    Case("state.get '///'", "error state key is empty/invalid", ""),
    Case("exec echo a | state.set", "error state.set requires a key", ""),
    Case(
        "@people | state.set k | state.get k",
        r#"ok [[{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}},{"name":"bob","age":9},{"1":"one","2":"two","name":"Cy","age":null}]]"#,
        "",
    ),
    Case("exec --json echo '[1]' | state.set k | state.get k", "ok [1]", ""),
    Case("exec --json echo '[]' | state.set k | state.get k", "ok [[]]", ""),
    Case("exec --json echo '[1,2]' | state.set 'A B/c__d ' | state.get a_b_c_d", "ok [[1,2]]", ""),
    Case(
        "exec --json echo '[1]' | state.set k | diff.last --key k",
        r#"ok [{"kind":"diff.last","key":"k","changed":false,"before":1,"after":1}]"#,
        "",
    ),
    Case(
        "exec --json echo '[1]' | state.set k | map --wrap x | diff.last k",
        r#"ok [{"kind":"diff.last","key":"k","changed":true,"before":1,"after":{"x":1}}]"#,
        "",
    ),
    Case("exec --json echo '[1]' | diff.last", "error diff.last requires --key", ""),
    Case(
        "exec --json echo '[1]' | diff.last --key",
        r#"ok [{"kind":"diff.last","key":true,"changed":true,"before":null,"after":1}]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"a":1,"b":2}]' | state.set k | exec --json echo '[{"b":2,"a":1}]' | diff.last --key k"#,
        r#"ok [{"kind":"diff.last","key":"k","changed":false,"before":{"a":1,"b":2},"after":{"b":2,"a":1}}]"#,
        "",
    ),
    Case("@people | map --unwrap nope | head --n 1 | state.set k", "ok [null]", ""),
    Case("openclaw.invoke", "error openclaw.invoke requires --url or OPENCLAW_URL", ""),
    Case("clawd.invoke", "error clawd.invoke requires --url or OPENCLAW_URL", ""),
    Case(
        "openclaw.invoke --url http://127.0.0.1:1",
        "error openclaw.invoke requires --tool and --action",
        "",
    ),
    Case(
        "openclaw.invoke --url http://127.0.0.1:1 --tool a --action b --args-json nope",
        "error openclaw.invoke --args-json must be valid JSON",
        "",
    ),
    Case(
        "openclaw.invoke --url http://127.0.0.1:1 --tool a --action b --each --args-json '[1]'",
        "error openclaw.invoke --each requires --args-json to be an object",
        "",
    ),
    Case(
        "openclaw.invoke --url ftp://127.0.0.1:1 --tool a --action b",
        "error openclaw.invoke requires an http(s) --url",
        "",
    ),
    Case("openclaw.invoke --url nope --tool a --action b", "error Invalid URL", ""),
    Case("openclaw.invoke --url http://127.0.0.1:1 --tool a --action b", "error fetch failed…", ""),
    Case(
        "llm.invoke",
        "error llm.invoke could not resolve a provider. Set --provider or LOBSTER_LLM_PROVIDER",
        "",
    ),
    Case("llm.invoke --provider x", "error Unsupported llm provider: x", ""),
    Case(
        "llm.invoke --provider http --prompt a",
        "error llm.invoke requires LOBSTER_LLM_ADAPTER_URL for provider=http",
        "",
    ),
    Case(
        "llm.invoke --provider pi --prompt a",
        "error llm.invoke requires LOBSTER_PI_LLM_ADAPTER_URL for provider=pi",
        "",
    ),
    Case(
        "llm.invoke --provider openclaw --prompt a",
        "error llm.invoke requires OPENCLAW_URL (or CLAWD_URL) for provider=openclaw",
        "",
    ),
    Case(
        "llm_task.invoke --prompt a",
        "error llm_task.invoke requires OPENCLAW_URL (or CLAWD_URL) for provider=openclaw",
        "",
    ),
];
