//! What Lobster 2026.9.13 says: `sort`, `dedupe`, `groupBy` and `map`.

use super::Case;

pub(super) const CASES: &[Case] = &[
    Case("@mixed | sort", r#"ok [-1,9,10,"10",2.5,[3],"9a",{"a":1},true,null]"#, ""),
    Case("@mixed | sort --desc", r#"ok [null,true,{"a":1},"9a",10,9,[3],2.5,"10",-1]"#, ""),
    Case(
        "@people | sort --key age",
        r#"ok [{"name":"bob","age":9},{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}},{"1":"one","2":"two","name":"Cy","age":null}]"#,
        "",
    ),
    Case(
        "@people | sort --key age --desc",
        r#"ok [{"1":"one","2":"two","name":"Cy","age":null},{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}},{"name":"bob","age":9}]"#,
        "",
    ),
    Case(
        "@people | sort --key name",
        r#"ok [{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}},{"1":"one","2":"two","name":"Cy","age":null},{"name":"bob","age":9}]"#,
        "",
    ),
    Case(
        "@people | sort --key at.city",
        r#"ok [{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}},{"name":"bob","age":9},{"1":"one","2":"two","name":"Cy","age":null}]"#,
        "",
    ),
    Case(
        "@people | sort --key nope",
        r#"ok [{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}},{"name":"bob","age":9},{"1":"one","2":"two","name":"Cy","age":null}]"#,
        "",
    ),
    Case(
        "@people | sort --key",
        r#"ok [{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}},{"name":"bob","age":9},{"1":"one","2":"two","name":"Cy","age":null}]"#,
        "",
    ),
    Case("exec --json echo '[3,1,2,10]' | sort", "ok [1,2,3,10]", ""),
    Case(
        r#"exec --json echo '["b","a","B","é","z","10","9"]' | sort"#,
        r#"ok ["10","9","B","a","b","z","é"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"k":1,"i":0},{"k":1,"i":1},{"k":0,"i":2},{"k":1,"i":3}]' | sort --key k"#,
        r#"ok [{"k":0,"i":2},{"k":1,"i":0},{"k":1,"i":1},{"k":1,"i":3}]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"k":1,"i":0},{"k":1,"i":1},{"k":0,"i":2},{"k":1,"i":3}]' | sort --key k --desc"#,
        r#"ok [{"k":1,"i":0},{"k":1,"i":1},{"k":1,"i":3},{"k":0,"i":2}]"#,
        "",
    ),
    Case(
        "exec --json echo '[\"\u{ffff}\",\"😀\",\"a\"]' | sort",
        "ok [\"a\",\"😀\",\"\u{ffff}\"]",
        "",
    ),
    Case(
        r#"exec --json echo '[5,"5",4,"40",3,"x",1,"1",2]' | sort"#,
        r#"ok [1,"1",2,3,4,"40",5,"5","x"]"#,
        "",
    ),
    Case(
        "exec --json echo '[true,false,null,[2],[10],{}]' | sort",
        "ok [[10],[2],{},false,true,null]",
        "",
    ),
    Case(
        r#"exec --json echo '["abc","z","de"]' | sort --key length"#,
        r#"ok ["z","de","abc"]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[1,"1",1,null,null,{"a":1,"b":2},{"b":2,"a":1},{"a":1,"b":2},[1],[1]]' | dedupe"#,
        r#"ok [1,"1",null,{"a":1,"b":2},{"b":2,"a":1},[1]]"#,
        "",
    ),
    Case(
        "@people | dedupe --key nope",
        r#"ok [{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}}]"#,
        "",
    ),
    Case(
        "@people | dedupe --key at",
        r#"ok [{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}},{"name":"bob","age":9}]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"k":1,"v":1},{"k":1,"v":2},{"k":2}]' | dedupe --key k"#,
        r#"ok [{"k":1,"v":1},{"k":2}]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"k":null},{},{"k":null},{}]' | dedupe --key k"#,
        r#"ok [{"k":null},{}]"#,
        "",
    ),
    Case("@people | groupBy", "error groupBy requires --key", ""),
    Case(
        "@people | groupBy --key",
        r#"ok [{"items":[{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}},{"name":"bob","age":9},{"1":"one","2":"two","name":"Cy","age":null}],"count":3}]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[{"k":1,"v":1},{"k":"1"},{"k":1,"v":2},{},{"k":null},{"k":{"a":1}},{"k":{"a":1}}]' | groupBy --key k"#,
        r#"ok [{"key":1,"items":[{"k":1,"v":1},{"k":1,"v":2}],"count":2},{"key":"1","items":[{"k":"1"}],"count":1},{"items":[{}],"count":1},{"key":null,"items":[{"k":null}],"count":1},{"key":{"a":1},"items":[{"k":{"a":1}},{"k":{"a":1}}],"count":2}]"#,
        "",
    ),
    Case(
        "@people | groupBy --key at.city",
        r#"ok [{"key":"London","items":[{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}}],"count":1},{"items":[{"name":"bob","age":9},{"1":"one","2":"two","name":"Cy","age":null}],"count":2}]"#,
        "",
    ),
    Case("@people | groupBy --key=' '", "error groupBy requires --key", ""),
    Case(
        "@people | map",
        r#"ok [{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}},{"name":"bob","age":9},{"1":"one","2":"two","name":"Cy","age":null}]"#,
        "",
    ),
    Case(
        "@people | map --wrap item",
        r#"ok [{"item":{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}}},{"item":{"name":"bob","age":9}},{"item":{"1":"one","2":"two","name":"Cy","age":null}}]"#,
        "",
    ),
    Case("@people | map --unwrap name", r#"ok ["Ada","bob","Cy"]"#, ""),
    Case("@people | map --unwrap nope", "ok [null,null,null]", ""),
    Case("@people | map --wrap a --unwrap b", "error map cannot use both --wrap and --unwrap", ""),
    Case(
        "@people | map --wrap",
        r#"ok [{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}},{"name":"bob","age":9},{"1":"one","2":"two","name":"Cy","age":null}]"#,
        "",
    ),
    Case(
        "@people | map id={{name}}-{{age}}",
        r#"ok [{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"},"id":"Ada-36"},{"name":"bob","age":9,"id":"bob-9"},{"1":"one","2":"two","name":"Cy","age":null,"id":"Cy-"}]"#,
        "",
    ),
    Case(
        "@people | map a={{.}}",
        r#"ok [{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"},"a":"{\"name\":\"Ada\",\"age\":36,\"tags\":[\"x\",\"y\"],\"at\":{\"city\":\"London\"}}"},{"name":"bob","age":9,"a":"{\"name\":\"bob\",\"age\":9}"},{"1":"one","2":"two","name":"Cy","age":null,"a":"{\"1\":\"one\",\"2\":\"two\",\"name\":\"Cy\",\"age\":null}"}]"#,
        "",
    ),
    Case(
        "@people | map 'a={{ this }}' b={{a}}",
        r#"ok [{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"},"a":"{\"name\":\"Ada\",\"age\":36,\"tags\":[\"x\",\"y\"],\"at\":{\"city\":\"London\"}}","b":"{\"name\":\"Ada\",\"age\":36,\"tags\":[\"x\",\"y\"],\"at\":{\"city\":\"London\"}}"},{"name":"bob","age":9,"a":"{\"name\":\"bob\",\"age\":9}","b":"{\"name\":\"bob\",\"age\":9}"},{"1":"one","2":"two","name":"Cy","age":null,"a":"{\"1\":\"one\",\"2\":\"two\",\"name\":\"Cy\",\"age\":null}","b":"{\"1\":\"one\",\"2\":\"two\",\"name\":\"Cy\",\"age\":null}"}]"#,
        "",
    ),
    Case(
        "@people | map --wrap w a={{name}} b={{w}}",
        r#"ok [{"w":{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}},"a":"Ada","b":""},{"w":{"name":"bob","age":9},"a":"bob","b":""},{"w":{"1":"one","2":"two","name":"Cy","age":null},"a":"Cy","b":""}]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[1,"s",null,[1,2]]' | map a={{.}}"#,
        r#"ok [{"value":1,"a":"1"},{"value":"s","a":"s"},{"value":null,"a":""},{"value":[1,2],"a":"[1,2]"}]"#,
        "",
    ),
    Case(
        r#"exec --json echo '[1,"s",null,[1,2]]' | map --wrap w"#,
        r#"ok [{"w":1},{"w":"s"},{"w":null},{"w":[1,2]}]"#,
        "",
    ),
    Case(r#"exec --json echo '[[7,8],"xy"]' | map --unwrap 0"#, "ok [7,null]", ""),
    Case(
        "@people | map 'a={{at}}' 'b={{tags.1}}' c={{name.length}} d={{name.0}}",
        r#"ok [{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"},"a":"{\"city\":\"London\"}","b":"y","c":"3","d":"A"},{"name":"bob","age":9,"a":"","b":"","c":"3","d":"b"},{"1":"one","2":"two","name":"Cy","age":null,"a":"","b":"","c":"2","d":"C"}]"#,
        "",
    ),
    Case(
        "@people | map =x novalue 'k =v=w'",
        r#"ok [{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"},"k":"v=w"},{"name":"bob","age":9,"k":"v=w"},{"1":"one","2":"two","name":"Cy","age":null,"k":"v=w"}]"#,
        "",
    ),
    Case(
        "@people | map name={{age}} 3=three",
        r#"ok [{"3":"three","name":"36","age":36,"tags":["x","y"],"at":{"city":"London"}},{"3":"three","name":"9","age":9},{"1":"one","2":"two","3":"three","name":"","age":null}]"#,
        "",
    ),
    Case(
        "@people | map __proto__=x",
        r#"ok [{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}},{"name":"bob","age":9},{"1":"one","2":"two","name":"Cy","age":null}]"#,
        "",
    ),
    Case(
        "@people | map --wrap __proto__",
        r#"ok [{"__proto__":{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}}},{"__proto__":{"name":"bob","age":9}},{"__proto__":{"1":"one","2":"two","name":"Cy","age":null}}]"#,
        "",
    ),
    Case(
        "@people | map a={{} 'b={{a}b}}' 'c={{{name}}}' 'd={{ }}' 'e={{name}} {{ age }}'",
        r#"ok [{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"},"a":"{{}","b":"{{a}b}}","c":"}","d":"{\"name\":\"Ada\",\"age\":36,\"tags\":[\"x\",\"y\"],\"at\":{\"city\":\"London\"},\"a\":\"{{}\",\"b\":\"{{a}b}}\",\"c\":\"}\"}","e":"Ada 36"},{"name":"bob","age":9,"a":"{{}","b":"{{a}b}}","c":"}","d":"{\"name\":\"bob\",\"age\":9,\"a\":\"{{}\",\"b\":\"{{a}b}}\",\"c\":\"}\"}","e":"bob 9"},{"1":"one","2":"two","name":"Cy","age":null,"a":"{{}","b":"{{a}b}}","c":"}","d":"{\"1\":\"one\",\"2\":\"two\",\"name\":\"Cy\",\"age\":null,\"a\":\"{{}\",\"b\":\"{{a}b}}\",\"c\":\"}\"}","e":"Cy "}]"#,
        "",
    ),
    Case(
        "@people | map 'a={{name | upper}}'",
        r#"ok [{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"},"a":""},{"name":"bob","age":9,"a":""},{"1":"one","2":"two","name":"Cy","age":null,"a":""}]"#,
        "",
    ),
];
