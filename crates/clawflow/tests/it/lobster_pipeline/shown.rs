//! What Lobster 2026.9.13 says: `json` and `table`.

use super::Case;

pub(super) const CASES: &[Case] = &[
    Case(
        "@people | json",
        "ok []",
        "[\n  {\n    \"name\": \"Ada\",\n    \"age\": 36,\n    \"tags\": [\n      \"x\",\n      \"y\"\n    ],\n    \"at\": {\n      \"city\": \"London\"\n    }\n  },\n  {\n    \"name\": \"bob\",\n    \"age\": 9\n  },\n  {\n    \"1\": \"one\",\n    \"2\": \"two\",\n    \"name\": \"Cy\",\n    \"age\": null\n  }\n]\n",
    ),
    Case("exec --json echo '[]' | json", "ok []", "[]\n"),
    Case("@people | map --unwrap nope | json", "ok []", "[\n  null,\n  null,\n  null\n]\n"),
    Case(
        "@people | table",
        "ok []",
        "name  age  tags       at                 1    2  \n----  ---  ---------  -----------------  ---  ---\nAda   36   [\"x\",\"y\"]  {\"city\":\"London\"}          \nbob   9                                          \nCy                                       one  two\n",
    ),
    Case("exec --json echo '[]' | table", "ok []", "(no results)\n"),
    Case(r#"exec --json echo '[{"a":1},2]' | table"#, "ok []", "{\"a\":1}\n2\n"),
    Case("exec --json echo '[{}]' | table", "ok []", "\n\n\n"),
    Case(
        r#"exec --json echo '[{"a":"x\ny","b":[1],"c":true},{"a":null,"d":1.5}]' | table"#,
        "ok []",
        "a    b    c     d  \n---  ---  ----  ---\nx y  [1]  true     \n                1.5\n",
    ),
    Case(r#"exec --json echo '["a",null,[1],{"b":1}]' | table"#, "ok []", "a\n\n[1]\n{\"b\":1}\n"),
    Case(
        r#"exec --json echo '[{"n":"日本"},{"n":"😀"}]' | table"#,
        "ok []",
        "n  \n---\n日本 \n😀 \n",
    ),
    Case(
        "@people | json | head",
        "ok []",
        "[\n  {\n    \"name\": \"Ada\",\n    \"age\": 36,\n    \"tags\": [\n      \"x\",\n      \"y\"\n    ],\n    \"at\": {\n      \"city\": \"London\"\n    }\n  },\n  {\n    \"name\": \"bob\",\n    \"age\": 9\n  },\n  {\n    \"1\": \"one\",\n    \"2\": \"two\",\n    \"name\": \"Cy\",\n    \"age\": null\n  }\n]\n",
    ),
    Case(
        "@people | json | table",
        "ok []",
        "[\n  {\n    \"name\": \"Ada\",\n    \"age\": 36,\n    \"tags\": [\n      \"x\",\n      \"y\"\n    ],\n    \"at\": {\n      \"city\": \"London\"\n    }\n  },\n  {\n    \"name\": \"bob\",\n    \"age\": 9\n  },\n  {\n    \"1\": \"one\",\n    \"2\": \"two\",\n    \"name\": \"Cy\",\n    \"age\": null\n  }\n]\n(no results)\n",
    ),
];
