//! What Lobster 2026.9.13 says: `template` and its filters.

use super::Case;

pub(super) const CASES: &[Case] = &[
    Case("@people | template", "error template requires --text or --file (or positional text)", ""),
    Case(
        "@people | template --text",
        "error template requires --text or --file (or positional text)",
        "",
    ),
    Case(
        "@people | template 'Hi {{name}}' there",
        r#"ok ["Hi Ada there","Hi bob there","Hi Cy there"]"#,
        "",
    ),
    Case("@people | template --file t.txt", r#"ok ["Hi Ada!\n","Hi bob!\n","Hi Cy!\n"]"#, ""),
    Case(
        "@people | template --file nope.txt",
        "error ENOENT: no such file or directory, open 'nope.txt'",
        "",
    ),
    Case("@people | template --file .", "error EISDIR: illegal operation on a directory, read", ""),
    Case(
        "@people | template --text '{{name}} is {{age}}'",
        r#"ok ["Ada is 36","bob is 9","Cy is "]"#,
        "",
    ),
    Case(
        "@people | template --text '{{.}}'",
        r#"ok ["{\"name\":\"Ada\",\"age\":36,\"tags\":[\"x\",\"y\"],\"at\":{\"city\":\"London\"}}","{\"name\":\"bob\",\"age\":9}","{\"1\":\"one\",\"2\":\"two\",\"name\":\"Cy\",\"age\":null}"]"#,
        "",
    ),
    Case(
        "@people | template --text '{{ this }}'",
        r#"ok ["{\"name\":\"Ada\",\"age\":36,\"tags\":[\"x\",\"y\"],\"at\":{\"city\":\"London\"}}","{\"name\":\"bob\",\"age\":9}","{\"1\":\"one\",\"2\":\"two\",\"name\":\"Cy\",\"age\":null}"]"#,
        "",
    ),
    Case(
        "@people | template --text '{{at.city}}/{{at}}/{{tags}}'",
        r#"ok ["London/{\"city\":\"London\"}/[\"x\",\"y\"]","//","//"]"#,
        "",
    ),
    Case(
        "@people | template --text '{{name | upper}} {{name|lower}}'",
        r#"ok ["ADA ada","BOB bob","CY cy"]"#,
        "",
    ),
    Case(
        "@people | template --text '{{nope | upper}}|{{nope}}|{{nope | json}}|{{nope | string}}'",
        r#"ok ["|||","|||","|||"]"#,
        "",
    ),
    Case("@people | template --text '{{name | nope}}'", "error Unknown template filter: nope", ""),
    Case("@people | template --text '{{name | }}'", "error Unknown template filter: ", ""),
    Case(
        "@people | template --text '{{at | string}} {{tags | string}} {{age | string}}'",
        r#"ok ["[object Object] x,y 36","  9","  "]"#,
        "",
    ),
    Case(
        r#"@people | template --text '{{tags | join}} {{tags | join "-"}} {{name | join}} {{tags | first}} {{tags | last}} {{name | first}}'"#,
        r#"ok ["x, y x-y Ada x y Ada","  bob   bob","  Cy   Cy"]"#,
        "",
    ),
    Case(
        "@people | template --text '{{tags | length}} {{name | length}} {{age | length}}'",
        r#"ok ["2 3 0","0 3 0","0 2 0"]"#,
        "",
    ),
    Case(
        r#"@people | template --text '{{name | default "none"}} {{nope | default "no one"}} {{age | default 0}} {{nope | default}}'"#,
        r#"ok ["Ada no one 36 ","bob no one 9 ","Cy no one 0 "]"#,
        "",
    ),
    Case(
        "@people | template --text '{{name | truncate 2}} {{name | truncate}} {{name | truncate x}} {{name | truncate -1}} {{name | truncate 0}}'",
        r#"ok ["Ad... Ada Ada Ad... ...","bo... bob bob bo... ...","Cy Cy Cy C... ..."]"#,
        "",
    ),
    Case(
        r#"@people | template --text '{{name | replace "a" "o" | upper}} {{name | replace "" "-"}} {{name | replace a}} {{name | replace}}'"#,
        r#"ok ["ADO -A-d-a- Ad Ada","BOB -b-o-b- bob bob","CY -C-y- Cy Cy"]"#,
        "",
    ),
    Case(
        r#"@people | template --text '{{name | replace "d" "[$&$`$$]"}}'"#,
        r#"ok ["A[dA$]a","bob","Cy"]"#,
        "",
    ),
    Case(
        "@people | template --text '{{tags | json}}'",
        r#"ok ["[\n  \"x\",\n  \"y\"\n]","",""]"#,
        "",
    ),
    Case(
        r#"@people | template --text '{{at.city | split "o" | last}} {{at.city | split ""}} {{at.city | split}}'"#,
        r#"ok ["n [\"L\",\"o\",\"n\",\"d\",\"o\",\"n\"] [\"London\"]"," [] [\"\"]"," [] [\"\"]"]"#,
        "",
    ),
    Case(
        r#"@people | template --text '{{name | replace "a|b" "x"}} {{ name | trim | lower }}'"#,
        r#"ok ["Ada ada","bob bob","Cy cy"]"#,
        "",
    ),
    Case(
        r#"@people | template --text '{{tags.0 | default "q\"q" }}'"#,
        r#"ok ["x","q\"q","q\"q"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":3.14159}]' | template --text '{{v | round 2}} {{v | round}} {{v | round x}}'"#,
        r#"ok ["3.14 3 3"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":2.5}]' | template --text '{{v | round}} {{v | round 3}}'"#,
        r#"ok ["3 2.5"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":-2.5}]' | template --text '{{v | round}}'"#,
        r#"ok ["-3"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":1.005}]' | template --text '{{v | round 2}}'"#,
        r#"ok ["1"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":"7.77"}]' | template --text '{{v | round 1}}'"#,
        r#"ok ["7.8"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":"abc"}]' | template --text '{{v | round 1}}'"#,
        r#"ok ["abc"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":null}]' | template --text '{{v | round 1}}'"#,
        r#"ok ["0"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":""}]' | template --text '[{{v | round 1}}]'"#,
        r#"ok ["[0]"]"#,
        "",
    ),
    Case(r#"exec --json echo '[{"v":[5]}]' | template --text '{{v | round}}'"#, r#"ok ["5"]"#, ""),
    Case(
        r#"exec --json echo '[{"v":1e+22}]' | template --text '{{v | round 2}}'"#,
        r#"ok ["1e+22"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":1}]' | template --text '{{v | round 101}}'"#,
        "error toFixed() digits argument must be between 0 and 100",
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":1}]' | template --text '{{v | round -1}}'"#,
        "error toFixed() digits argument must be between 0 and 100",
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":0.000001}]' | template --text '{{v}} {{v | json}} {{v | string}}'"#,
        r#"ok ["0.000001 0.000001 0.000001"]"#,
        "",
    ),
    Case(r#"exec --json echo '[{"v":1e+21}]' | template --text '{{v}}'"#, r#"ok ["1e+21"]"#, ""),
    Case(
        r#"exec --json echo '[{"v":0}]' | template --text '{{v | date}}'"#,
        r#"ok ["1970-01-01T00:00:00.000Z"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":"1700000000000"}]' | template --text '{{v | date}}'"#,
        r#"ok ["2023-11-14T22:13:20.000Z"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":"2024-03-05"}]' | template --text '{{v | date}} {{v | date "DD.MM.YYYY"}}'"#,
        r#"ok ["2024-03-05T00:00:00.000Z 05.03.2024"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":"2024-03-05T10:20:30Z"}]' | template --text '{{v | date "YYYY-MM-DD HH:mm:ss"}}'"#,
        r#"ok ["2024-03-05 10:20:30"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":"2024-03-05T10:20:30+02:00"}]' | template --text '{{v | date}}'"#,
        r#"ok ["2024-03-05T08:20:30.000Z"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":"2024-03-05T10:20:30.5"}]' | template --text '{{v | date}}'"#,
        r#"ok ["2024-03-05T10:20:30.500Z"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":"2024-03-05 10:20:30"}]' | template --text '{{v | date}}'"#,
        r#"ok ["2024-03-05T10:20:30.000Z"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":"2024-02-30"}]' | template --text '{{v | date}}'"#,
        r#"ok ["2024-03-01T00:00:00.000Z"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":"2024-13-01"}]' | template --text '{{v | date}}'"#,
        r#"ok ["2024-13-01"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":"2024"}]' | template --text '{{v | date}}'"#,
        r#"ok ["1970-01-01T00:00:02.024Z"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":"2024-05"}]' | template --text '{{v | date}}'"#,
        r#"ok ["2024-05-01T00:00:00.000Z"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":"Tue, 05 Mar 2024 10:20:30 GMT"}]' | template --text '{{v | date}}'"#,
        r#"ok ["2024-03-05T10:20:30.000Z"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":"March 5, 2024"}]' | template --text '{{v | date}}'"#,
        r#"ok ["2024-03-05T00:00:00.000Z"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":"5 Mar 2024"}]' | template --text '{{v | date}}'"#,
        r#"ok ["2024-03-05T00:00:00.000Z"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":"2024/03/05"}]' | template --text '{{v | date}}'"#,
        r#"ok ["2024-03-05T00:00:00.000Z"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":"03/05/2024"}]' | template --text '{{v | date}}'"#,
        r#"ok ["2024-03-05T00:00:00.000Z"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":"soon"}]' | template --text '{{v | date}}'"#,
        r#"ok ["soon"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":8640000000000000}]' | template --text '{{v | date}}'"#,
        r#"ok ["+275760-09-13T00:00:00.000Z"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":8650000000000000}]' | template --text '{{v | date}}'"#,
        r#"ok ["8650000000000000"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":-1}]' | template --text '{{v | date}}'"#,
        r#"ok ["1969-12-31T23:59:59.999Z"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":null}]' | template --text '{{v | date}}'"#,
        r#"ok ["null"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":-62198755200000}]' | template --text '{{v | date}}'"#,
        r#"ok ["-000001-01-01T00:00:00.000Z"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":"+012024-01-01T00:00:00Z"}]' | template --text '{{v | date}} {{v | date YYYY}}'"#,
        r#"ok ["+012024-01-01T00:00:00.000Z 12024"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":1700000000123.7}]' | template --text '{{v | date ""}} {{v | date "MM MM"}}'"#,
        r#"ok ["2023-11-14T22:13:20.123Z 11 MM"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":"2024-03-05T24:00:00Z"}]' | template --text '{{v | date}}'"#,
        r#"ok ["2024-03-06T00:00:00.000Z"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":"2024-03-05T10:20Z"}]' | template --text '{{v | date}}'"#,
        r#"ok ["2024-03-05T10:20:00.000Z"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"v":"Mar 5 2024 10:20 UTC"}]' | template --text '{{v | date}}'"#,
        r#"ok ["2024-03-05T10:20:00.000Z"]"#,
        "",
    ),
];
