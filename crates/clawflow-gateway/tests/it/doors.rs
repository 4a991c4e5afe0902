//! Who is let in over TCP, and to what.

use crate::support::{Answer, Served, ask, ask_tcp, ask_with, serve_tcp, serve_tcp_with};
use clawflow_engine::api::TokenRevoke;
use clawflow_gateway::{Access, Address, Client, ENDPOINTS, EXTRAS, Kind, ServerSettings, Verb};
use serde_json::json;

/// Who asks, in the matrix.
struct Guest {
    name: &'static str,
    secret: Option<String>,
    access: Option<Access>,
}

async fn guests(served: &Served) -> Vec<Guest> {
    let guest = |name, secret, access| Guest { name, secret, access };
    let (revoked, id) = served.token("admin", None).await;
    let revoke = serde_json::from_value(json!({ "token": id })).unwrap();
    served.client.call::<TokenRevoke>(&revoke).await.unwrap();
    let expired = json!({ "label": "old", "access": "admin",
        "expiresAt": clawflow_engine::clock::now() + 500 });
    let expired = serde_json::from_value(expired).unwrap();
    let expired = served.client.call::<clawflow_engine::api::TokenCreate>(&expired).await.unwrap();
    while clawflow_engine::clock::now() <= expired.token.expires_at.unwrap() {
        tokio::task::yield_now().await;
    }
    vec![
        guest("nobody", None, None),
        guest("unknown", Some("x".repeat(43)), None),
        guest("revoked", Some(revoked), None),
        guest("expired", Some(expired.secret), None),
        guest("ping", Some(served.token("ping", Some("b")).await.0), Some(Access::Ping)),
        guest("read", Some(served.token("read", None).await.0), Some(Access::Read)),
        guest("operate", Some(served.token("operate", None).await.0), Some(Access::Operate)),
        guest("admin", Some(served.token("admin", None).await.0), Some(Access::Admin)),
        guest("bound", Some(served.token("admin", Some("b")).await.0), Some(Access::Admin)),
    ]
}

async fn ask_as(served: &Served, secret: Option<&str>, verb: &str, path: &str) -> Answer {
    let bearer = format!("Bearer {}", secret.unwrap_or_default());
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let headers = if secret.is_some() { &headers[..] } else { &headers[1..] };
    let body = if verb == "POST" { "{}" } else { "" };
    ask_tcp(served.tcp(), verb, path, headers, body).await
}

/// Every endpoint, asked by everybody about the flow of `a`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_what_their_token_allows() {
    let served = serve_tcp();
    let flow = served.managed("a", "of-a").await;
    let guests = guests(&served).await;
    let extras = EXTRAS.iter().filter(|extra| !extra.path.ends_with("stream"));
    let rows = ENDPOINTS
        .iter()
        .filter(|row| row.name != "gateway.stop")
        .map(|row| (row.name, row.verb, row.path, row.access))
        .chain(extras.map(|extra| (extra.name, Verb::Get, extra.path, extra.access)));
    for (name, verb, path, needed) in rows {
        let path = path
            .replace("{flow}", flow.flow_id.as_str())
            .replace("{task}", "nobody-knows")
            .replace("{delivery}", "nobody-knows")
            .replace("{token}", "nobody-knows");
        let mut refused = None;
        for guest in &guests {
            let answer = ask_as(&served, guest.secret.as_deref(), verb.word(), &path).await;
            let (status, who) = (answer.status, guest.name);
            match guest.access {
                None => {
                    assert_eq!((status, answer.code().as_str()), (401, "unauthorized"), "{who}");
                    assert!(answer.header("www-authenticate").is_some());
                    // The same for all of them, to the letter.
                    assert_eq!(refused.get_or_insert(answer.body.clone()), &answer.body, "{who}");
                }
                Some(access) if access < needed => {
                    let code = answer.code();
                    assert_eq!((status, code.as_str()), (403, "forbidden"), "{name} {who}");
                }
                Some(_) => {
                    assert!(status < 500 && ![401, 429].contains(&status), "{name} {who} {status}");
                    let foreign = who == "bound" && path.contains(flow.flow_id.as_str());
                    if foreign {
                        assert!([400, 404].contains(&status), "{name}: {}", answer.body);
                    }
                    if who == "bound" {
                        // Beyond the id that was asked for.
                        let body = answer.body.replace(&path, "");
                        assert!(
                            !body.contains("of-a") && !body.contains("\"a\""),
                            "{name}: {body}"
                        );
                    }
                }
            }
        }
    }
    let answer = ask_as(&served, guests[8].secret.as_deref(), "POST", "/v1/stop").await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"), "bound to an owner");
}

/// Not yours and not there: the same words.
#[tokio::test]
async fn a_foreign_flow_does_not_exist() {
    let served = serve_tcp();
    let flow = served.managed("a", "of-a").await;
    let (bound, _) = served.token("admin", Some("b")).await;
    let id = flow.flow_id.as_str();
    // The same length, and as much an id.
    let nobodys = format!("{}0000", &id[..id.len() - 4]);
    for call in ["record", "why", "task-summary", "source", ""] {
        let path = |id: &str| format!("/v1/flows/{id}/{call}").trim_end_matches('/').to_owned();
        let theirs = ask_as(&served, Some(&bound), "GET", &path(id)).await;
        let nobodys_answer = ask_as(&served, Some(&bound), "GET", &path(&nobodys)).await;
        assert_eq!(theirs.status, 404, "{call}");
        assert_eq!(theirs.body.replace(id, "ID"), nobodys_answer.body.replace(&nobodys, "ID"));
        // Saying that one is the other does not help.
        let bearer = format!("Bearer {bound}");
        let headers = [("authorization", bearer.as_str()), ("clawflow-session", "a")];
        let as_a = ask_tcp(served.tcp(), "GET", &path(id), &headers, "").await;
        assert_eq!((as_a.status, &as_a.body), (404, &theirs.body), "{call}");
    }
    for (verb, path) in
        [("POST", "/v1/flows/managed"), ("POST", "/v1/signals"), ("GET", "/v1/flows")]
    {
        let bearer = format!("Bearer {bound}");
        let headers = [("authorization", bearer.as_str()), ("clawflow-session", "a")];
        let body = if verb == "POST" { "{}" } else { "" };
        let answer = ask_tcp(served.tcp(), verb, path, &headers, body).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"), "{path}");
    }
    let own = served.managed("b", "of-b").await;
    let path = format!("/v1/flows/{}/record", own.flow_id);
    assert_eq!(ask_as(&served, Some(&bound), "GET", &path).await.status, 200);
}

/// A token that stands anywhere else than in its header is none.
#[tokio::test]
async fn a_token_is_read_from_its_header_only() {
    let served = serve_tcp();
    let (secret, id) = served.token("admin", None).await;
    for path in [format!("/v1/status?token={secret}"), format!("/v1/status?access_token={secret}")]
    {
        assert_eq!(ask_tcp(served.tcp(), "GET", &path, &[], "").await.status, 401);
    }
    let bearer = format!("Bearer {secret}");
    for bad in
        [format!("Basic {secret}"), secret.clone(), format!("{bearer} x"), bearer.replace('a', "b")]
    {
        let bad = [("authorization", bad.as_str())];
        if bad[0].1 != bearer {
            assert_eq!(ask_tcp(served.tcp(), "GET", "/v1/status", &bad, "").await.status, 401);
        }
    }
    let twice = [("authorization", bearer.as_str()), ("authorization", "Bearer x")];
    assert_eq!(ask_tcp(served.tcp(), "GET", "/v1/status", &twice, "").await.status, 401);
    let good = [("authorization", bearer.as_str())];
    assert_eq!(ask_tcp(served.tcp(), "GET", "/v1/status", &good, "").await.status, 200);
    // On the unix socket nobody needs one, but one that is shown counts.
    assert_eq!(ask(&served.socket, "GET", "/v1/status", "").await.status, 200);
    let bad = [("authorization", "Bearer x")];
    assert_eq!(ask_with(&served.socket, "GET", "/v1/status", &bad, "").await.status, 401);
    let (read, _) = served.token("read", None).await;
    let read = format!("Bearer {read}");
    let read = [("authorization", read.as_str())];
    assert_eq!(ask_with(&served.socket, "POST", "/v1/stop", &read, "").await.status, 403);
    // A revoked one is none from the next request on.
    let revoke = serde_json::from_value(json!({ "token": id })).unwrap();
    served.client.call::<TokenRevoke>(&revoke).await.unwrap();
    assert_eq!(ask_tcp(served.tcp(), "GET", "/v1/status", &good, "").await.status, 401);
}

#[tokio::test]
async fn probes_need_no_token() {
    let served = serve_tcp();
    for path in ["/healthz", "/readyz"] {
        let answer = ask_tcp(served.tcp(), "GET", path, &[], "").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok\n"), "{path}");
    }
    for path in ["/", "/nothing", "/openapi.json", "/healthz/x"] {
        assert_eq!(ask_tcp(served.tcp(), "GET", path, &[], "").await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn only_known_hosts_are_answered() {
    let allowed_hosts = vec!["flows.example.org".to_owned()];
    let served = serve_tcp_with(ServerSettings { allowed_hosts, ..ServerSettings::default() });
    let own = served.tcp().to_string();
    for host in ["localhost", "127.0.0.1", own.as_str(), "Flows.Example.org:443"] {
        let answer = ask_tcp(served.tcp(), "GET", "/healthz", &[("host", host)], "").await;
        assert_eq!(answer.status, 200, "{host}");
    }
    for host in ["evil.example", "localhost.evil.example", "", "flows.example.org.evil.example"] {
        let answer = ask_tcp(served.tcp(), "GET", "/healthz", &[("host", host)], "").await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"), "{host}");
    }
    let two = [("host", "localhost"), ("host", "evil.example")];
    assert!([400, 403].contains(&ask_tcp(served.tcp(), "GET", "/healthz", &two, "").await.status));
    let whole = "http://evil.example/healthz";
    assert_eq!(ask_tcp(served.tcp(), "GET", whole, &[], "").await.status, 403);
}

#[tokio::test]
async fn only_listed_pages_may_call() {
    let allowed_origins = vec!["https://app.example.org".to_owned()];
    let served = serve_tcp_with(ServerSettings { allowed_origins, ..ServerSettings::default() });
    let (secret, _) = served.token("read", None).await;
    let bearer = format!("Bearer {secret}");
    for origin in ["https://evil.example", "null", "http://localhost:7117"] {
        let headers = [("authorization", bearer.as_str()), ("origin", origin)];
        let answer = ask_tcp(served.tcp(), "GET", "/v1/status", &headers, "").await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"), "{origin}");
        assert_eq!(answer.header("access-control-allow-origin"), None);
        let ask = [("origin", origin), ("access-control-request-method", "POST")];
        let answer = ask_tcp(served.tcp(), "OPTIONS", "/v1/flows", &ask, "").await;
        assert_eq!(answer.status, 403, "{origin}");
        assert_eq!(answer.header("access-control-allow-methods"), None);
    }
    let page = ("origin", "https://app.example.org");
    let ask = [page, ("access-control-request-method", "POST")];
    let answer = ask_tcp(served.tcp(), "OPTIONS", "/v1/flows", &ask, "").await;
    assert_eq!(answer.status, 204, "{}", answer.head);
    assert!(answer.header("access-control-allow-headers").unwrap().contains("authorization"));
    let headers = [("authorization", bearer.as_str()), page];
    let answer = ask_tcp(served.tcp(), "GET", "/v1/status", &headers, "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(page.1));
    assert_eq!(answer.header("vary"), Some("origin"));
    // Also what went wrong may be read by the page; what was let in is not let do more.
    let answer = ask_tcp(served.tcp(), "GET", "/v1/status", &[page], "").await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("access-control-allow-origin"), Some(page.1));
    // Without a page there are no such headers.
    let answer = ask_tcp(served.tcp(), "GET", "/v1/status", &headers[..1], "").await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(ask_tcp(served.tcp(), "OPTIONS", "/v1/flows", &headers[..1], "").await.status, 405);
}

#[tokio::test]
async fn an_address_for_everybody_must_be_asked_for() {
    use crate::support::{api, take};
    use clawflow_gateway::{Server, ServerError};
    let tmp = tempfile::TempDir::new().unwrap();
    let guard = take(tmp.path(), &tmp.path().join("s"));
    let start = |settings: &ServerSettings| {
        Server::start(&guard, api(tmp.path(), clawflow_engine::Scope::Nothing), settings)
    };
    let listen = Some("0.0.0.0:0".parse().unwrap());
    let settings = ServerSettings { listen, ..ServerSettings::default() };
    let error = start(&settings).map(|_| ()).unwrap_err();
    assert!(matches!(error, ServerError::Remote { .. }), "{error}");
    assert!(!tmp.path().join("s").exists(), "nothing is served");
    let settings = ServerSettings { allow_remote: true, ..settings };
    let server = start(&settings).unwrap();
    let at = server.listen().unwrap();
    server.stop().await;
    let taken = std::net::TcpListener::bind(at).unwrap();
    let error = start(&ServerSettings { listen: Some(at), ..settings }).map(|_| ()).unwrap_err();
    assert!(matches!(error, ServerError::Listen { .. }), "{error}");
    drop(taken);
    assert_eq!(Kind::Gateway.word(), "gateway");
}

/// The same client, over TCP with a token.
#[tokio::test]
async fn the_client_shows_its_token() {
    let served = serve_tcp();
    let url = format!("http://{}", served.tcp());
    let client = |token: Option<&str>| Client::at(Address::of_url(&url, token).unwrap());
    let (secret, _) = served.token("operate", None).await;
    let good = client(Some(&secret));
    let status = good.status().await.unwrap();
    assert_eq!(status.listen, Some(served.tcp().to_string()));
    good.ping().await.unwrap();
    let error = good.stop().await.unwrap_err();
    assert_eq!(error.code, "forbidden");
    let error = client(None).status().await.unwrap_err();
    assert_eq!(error.code, "unauthorized");
    client(None).ping().await.unwrap();
    let error = client(Some("wrong-secret")).status().await.unwrap_err();
    assert!(!format!("{error:?}").contains("wrong-secret"), "{error:?}");
    served.server.stop().await;
    let error = good.status().await.unwrap_err();
    assert!(error.message.contains(&url), "{error}");
    assert!(!error.message.contains(&secret), "{error}");
}
