//! Servers that speak TLS, known to an authority that this machine does not know.

use super::{failure, http, steps};
use crate::support::Home;
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned, crypto};

/// Made for this test, and known to nobody else.
const KEY: &[u8] = include_bytes!("server.key");
const CERTIFICATE: &[u8] = include_bytes!("server.pem");
const AUTHORITY: &str = include_str!("ca.pem");

/// Says yes to every request.
fn serve() -> u16 {
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(connection, stream.unwrap());
            // Who does not trust the server goes away.
            if matches!(stream.read(&mut [0; 4096]), Ok(1..)) {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nyes");
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    port
}

#[test]
fn a_server_that_nobody_vouches_for_is_not_asked() {
    let home = Home::new();
    let port = serve();
    let unknown = http(&home, &format!("{{ url: 'https://localhost:{port}/' }}"), "");
    let (code, message) = failure(&unknown);
    assert!(code == "tls", "{code}: {message}");

    let authority = home.write("ca.pem", AUTHORITY);
    let file = |name: &str| {
        let env = format!("env: {{ SSL_CERT_FILE: {} }}", authority.display());
        format!("steps:\n  - {{ id: ask, {env}, http: {{ url: 'https://{name}:{port}/' }} }}\n")
    };
    let known = steps(&home, &file("localhost"), &[]).remove(0);
    assert_eq!(
        (&known["status"], &known["result"]["stdout"]),
        (&json!("succeeded"), &json!("yes"))
    );
    // The certificate is for other names than this one.
    let other = steps(&home, &file("127.0.0.2"), &[]).remove(0);
    let (code, message) = failure(&other);
    assert!(code == "tls" || code == "connect", "{code}: {message}");
}
