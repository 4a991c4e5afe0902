//! Slow, huge, half-open, pipelined and many: answered or cut off, and nobody else notices.

use crate::support::{
    DEADLINE, Served, ask, ask_tcp, ask_with, request, send_tcp, serve, serve_tcp, serve_tcp_with,
};
use clawflow_engine::Scope;
use clawflow_gateway::{ServerSettings, limits};
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

/// All there is to read until the other side closes, and how long that took.
async fn until_closed(
    mut stream: impl tokio::io::AsyncRead + Unpin,
) -> (String, std::time::Duration) {
    let (began, mut heard) = (Instant::now(), Vec::new());
    let patience = limits::HEAD_TIME + DEADLINE;
    let read = tokio::time::timeout(patience, stream.read_to_end(&mut heard)).await;
    let _ = read.expect("the server does not hang up");
    (String::from_utf8_lossy(&heard).into_owned(), began.elapsed())
}

async fn works(served: &Served) {
    assert_eq!(ask(&served.socket, "GET", "/v1/flows", "").await.status, 200);
    assert_eq!(ask_tcp(served.tcp(), "GET", "/healthz", &[], "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_in_a_row_are_answered_in_order() {
    let served = serve_tcp();
    let mut stream = TcpStream::connect(served.tcp()).await.unwrap();
    let mut said = Vec::new();
    for number in 0..200 {
        let path = if number % 2 == 0 { "/healthz" } else { "/v1/status" };
        said.extend_from_slice(
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes(),
        );
    }
    said.extend_from_slice(&request("GET", "/healthz", &[("host", "localhost")], ""));
    stream.write_all(&said).await.unwrap();
    let (heard, _) = until_closed(stream).await;
    let statuses: Vec<&str> = heard
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|answer| answer.get(..3).unwrap_or_default())
        .collect();
    assert_eq!(statuses.len(), 201);
    for (number, status) in statuses.iter().enumerate() {
        assert_eq!(*status, if number % 2 == 0 { "200" } else { "401" }, "{number}");
    }
}

/// A head that comes one byte at a time is cut off although it is never silent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_drips_is_cut_off() {
    let served = serve_tcp();
    let stream = TcpStream::connect(served.tcp()).await.unwrap();
    let (read, mut write) = stream.into_split();
    let drip = tokio::spawn(async move {
        let _ = write.write_all(b"GET /healthz HTTP/1.1\r\nx: ").await;
        loop {
            if write.write_all(b"a").await.is_err() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
    });
    let silent = TcpStream::connect(served.tcp()).await.unwrap();
    let (_, took) = until_closed(silent).await;
    assert!(took >= limits::SILENT_FIRST - DEADLINE / 10, "{took:?}");
    works(&served).await;
    let (_, took) = until_closed(read).await;
    assert!(took < limits::HEAD_TIME + DEADLINE / 2, "{took:?}");
    drip.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rubbish_over_tcp_is_answered_or_cut_off() {
    let served = serve_tcp();
    let noise: Vec<u8> =
        (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let header = format!("GET /healthz HTTP/1.1\r\nx: {}\r\n\r\n", "a".repeat(1 << 20));
    let path = format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "a".repeat(1 << 20));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(5000));
    let smuggled = "POST /v1/flows HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\
                    content-length: 5\r\n\r\n{}";
    let nohost = "GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n";
    let tls = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice();
    let pieces: [(&[u8], &[u16]); 7] = [
        (&noise, &[0, 400]),
        (header.as_bytes(), &[0, 431]),
        (path.as_bytes(), &[0, 414, 431]),
        (many.as_bytes(), &[0, 431]),
        (smuggled.as_bytes(), &[400]),
        (nohost.as_bytes(), &[403]),
        (tls, &[0, 400]),
    ];
    for (piece, statuses) in pieces {
        let answer = send_tcp(served.tcp(), piece).await;
        let begin = String::from_utf8_lossy(&piece[..piece.len().min(40)]).into_owned();
        assert!(statuses.contains(&answer.status), "{begin:?}: {}", answer.head);
    }
    works(&served).await;
}

/// A body that nobody may send does not come in, and its sender learns why.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_sends_no_bodies() {
    let served = serve_tcp();
    let body = "x".repeat(8 << 20);
    let answer = ask_tcp(served.tcp(), "POST", "/v1/flows", &[], &body).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "unauthorized"));
    // One that promises a body and sends none gets its answer all the same.
    let head = "POST /v1/flows HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999\r\n\
                connection: close\r\n\r\n";
    let answer = send_tcp(served.tcp(), head.as_bytes()).await;
    assert_eq!(answer.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_too_often_is_told_to_wait() {
    let served = serve_tcp_with(ServerSettings { rate_limit: 5, ..ServerSettings::default() });
    // The same connection, without a token.
    let mut stream = TcpStream::connect(served.tcp()).await.unwrap();
    let one = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n".as_slice();
    let last = request("GET", "/healthz", &[("host", "localhost")], "");
    stream.write_all(&[one.repeat(20), last].concat()).await.unwrap();
    let (heard, _) = until_closed(stream).await;
    let good = heard.matches("HTTP/1.1 200").count();
    assert!((5..20).contains(&good), "{good}");
    assert!(heard.matches("HTTP/1.1 429").count() >= 1, "{heard}");
    assert!(heard.contains("retry-after: 1") && heard.contains("rate_limited"), "{heard}");
    // The same token on many connections.
    let (secret, _) = served.token("read", None).await;
    let bearer = format!("Bearer {secret}");
    let headers = [("authorization", bearer.as_str())];
    let mut refused = 0;
    for _ in 0..20 {
        let answer = ask_tcp(served.tcp(), "GET", "/v1/flows", &headers, "").await;
        refused += u32::from(answer.status == 429);
    }
    assert!(refused > 0);
    // Another one has its own.
    let (other, _) = served.token("read", None).await;
    let bearer = format!("Bearer {other}");
    let headers = [("authorization", bearer.as_str())];
    assert_eq!(ask_tcp(served.tcp(), "GET", "/v1/flows", &headers, "").await.status, 200);
}

/// So many that most of them cannot be served at once; whoever has something to say gets in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_connections_keep_nobody_out() {
    clawflow_engine::descriptors::raise();
    let served = serve_tcp();
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    // Both ends are in this process.
    let most = usize::try_from(limit.unwrap_or(1 << 20) / 2).unwrap().saturating_sub(500);
    let count = most.min(10_000);
    let half = [b"".as_slice(), b"GET /heal", b"POST /v1/flows HTTP/1.1\r\ncontent-le"];
    let mut idle = Vec::with_capacity(count);
    for number in 0..count {
        let mut stream = TcpStream::connect(served.tcp()).await.unwrap();
        // It may have had to make room already.
        let _ = stream.write_all(half[number % half.len()]).await;
        idle.push(stream);
        if number % 1000 == 999 {
            works(&served).await;
        }
    }
    let began = Instant::now();
    works(&served).await;
    assert!(began.elapsed() < DEADLINE / 4, "{:?}", began.elapsed());
    println!("{count} connections");
    drop(idle);
    works(&served).await;
}

/// The same on the unix socket, whose places are its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_make_room() {
    clawflow_engine::descriptors::raise();
    let served = serve(Scope::Nothing);
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let most = usize::try_from(limit.unwrap_or(1 << 20) / 2).unwrap().saturating_sub(500);
    let count = most.min(limits::CONNECTIONS_MAX + 500);
    let mut idle = Vec::with_capacity(count);
    for _ in 0..count {
        idle.push(UnixStream::connect(&served.socket).await.unwrap());
    }
    for _ in 0..10 {
        let answer = ask_with(&served.socket, "GET", "/v1/flows", &[], "").await;
        assert_eq!(answer.status, 200);
    }
    drop(idle);
}
