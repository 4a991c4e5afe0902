//! Rubbish on the gateway's socket: answered or cut off, and nobody else notices.

use super::support::{Home, wait_until};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// A request that breaks off.
const HALF: &[u8] = b"GET /heal";

/// Says something and gives what comes back until the other side closes or is silent.
fn talk(home: &Home, said: &[u8]) -> String {
    let mut stream = connect(home);
    // The other side may close before it has read all.
    let _ = stream.write_all(said);
    if said == HALF {
        let _ = stream.shutdown(std::net::Shutdown::Write);
    }
    let mut heard = Vec::new();
    let _ = stream.read_to_end(&mut heard);
    String::from_utf8_lossy(&heard).into_owned()
}

fn connect(home: &Home) -> UnixStream {
    let stream = UnixStream::connect(home.path().join("home/gateway.sock")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn post(path: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

#[test]
fn rubbish_is_answered_or_cut_off() {
    let mut home = Home::new();
    home.start_gateway();
    let header =
        format!("GET /healthz HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "a".repeat(2_000_000));
    let deep = [b"{\"source\":".as_slice(), &[b'['; 100_000]].concat();
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (vec![0xff; 5000], "HTTP/1.1 400 "),
        (vec![0; 100_000], "HTTP/1.1 400 "),
        (b"GET /healthz HTTP/1.0\r\n\r\n".to_vec(), "HTTP/1.0 200 OK"),
        (header.into_bytes(), "HTTP/1.1 431 "),
        (HALF.to_vec(), ""),
        (
            b"GET /nope%1b HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".to_vec(),
            "HTTP/1.1 404 ",
        ),
        (
            b"DELETE /v1/flows HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".to_vec(),
            "HTTP/1.1 405 ",
        ),
        (post("/v1/flows", b"{"), "HTTP/1.1 400 "),
        (post("/v1/flows", b"[]"), "HTTP/1.1 400 "),
        (post("/v1/flows", b"\xff\xfe"), "HTTP/1.1 400 "),
        (post("/v1/flows", &deep), "HTTP/1.1 400 "),
        (post("/v1/flows", &vec![b' '; 5 << 20]), "HTTP/1.1 413 "),
        (post("/v1/flows", &vec![b' '; 100 << 20]), "HTTP/1.1 413 "),
    ];
    for (said, told) in cases {
        let heard = talk(&home, &said);
        let begin = String::from_utf8_lossy(&said[..said.len().min(60)]).into_owned();
        assert!(heard.starts_with(told), "{begin:?}: {heard:?}");
        assert!(!heard.contains('\u{1b}'), "{begin:?}: {heard:?}");
    }
    let flows = home.ok(&["flows", "list", "--all", "--json"]).json();
    assert_eq!(flows["flows"].as_array().map(Vec::len), Some(0), "{flows}");
}

#[test]
fn a_thousand_silent_connections_keep_nobody_out_and_block_no_stop() {
    let mut home = Home::new();
    home.start_gateway();
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let count = usize::try_from(limit.unwrap_or(4000) / 4).unwrap().min(1000);
    let half =
        [b"".as_slice(), b"GET /heal", b"POST /v1/flows HTTP/1.1\r\ncontent-length: 9\r\n\r\n{"];
    let idle: Vec<UnixStream> = (0..count)
        .map(|i| {
            let mut stream = connect(&home);
            stream.write_all(half[i % half.len()]).unwrap();
            stream
        })
        .collect();
    assert!(home.ok(&["flows", "list"]).stdout.contains("0 total"));
    let began = Instant::now();
    home.ok(&["gateway", "stop"]);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    drop(idle);
    wait_until("the socket to go", || !home.path().join("home/gateway.sock").exists());
}

#[test]
fn a_connection_that_never_speaks_is_closed() {
    let mut home = Home::new();
    home.start_gateway();
    let mut silent = connect(&home);
    let mut heard = Vec::new();
    assert_eq!(silent.read_to_end(&mut heard).unwrap(), 0);
}
