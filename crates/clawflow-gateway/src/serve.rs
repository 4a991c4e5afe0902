//! Serves the connections of one listener until it is told to stop.
//!
//! Limits: [`CONNECTIONS_MAX`], [`HEAD_BYTES`], [`HEAD_TIME`]; one request at a time on each
//! connection, the next ones wait in its buffer.
//! Failure: a connection that breaks, stalls or sends rubbish ends; the others do not notice.

use crate::connection::Connection;
use crate::front;
use crate::host::Host;
use crate::limits::{CONNECTIONS_MAX, HEAD_BYTES, HEAD_TIME};
use crate::peer::{Line, Peer};
use crate::places::{Place, Places};
use crate::socket::is_friend;
use crate::tcp;
use axum::Router;
use axum::body::{Body, Bytes};
use clawflow_engine::api::Ancestry;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::{Resource, getrlimit};
use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::task::JoinSet;

/// Pause after an accept that failed for want of descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// A listener.
pub(crate) enum Door {
    Unix(UnixListener),
    Tcp(TcpListener),
}

/// A new connection.
enum Guest {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Door {
    async fn accept(&self) -> io::Result<Guest> {
        Ok(match self {
            Self::Unix(listener) => Guest::Unix(listener.accept().await?.0),
            Self::Tcp(listener) => Guest::Tcp(listener.accept().await?.0),
        })
    }
}

/// Serves until the host stops, then lets requests under way end.
pub(crate) async fn serve(door: Door, host: Arc<Host>, router: Router) {
    let places = Places::new(places());
    let mut guests = JoinSet::new();
    let mut stopping = host.stopping.subscribe();
    loop {
        let guest = tokio::select! {
            guest = door.accept() => guest,
            Some(_) = guests.join_next() => continue,
            _ = stopping.wait_for(|stopping| *stopping) => break,
        };
        match guest {
            Ok(guest) => {
                let place = tokio::select! {
                    place = places.take() => place,
                    _ = stopping.wait_for(|stopping| *stopping) => break,
                };
                admit(&mut guests, guest, place, &host, &router);
            }
            Err(error) => {
                tracing::warn!("cannot accept a connection: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(door);
    while guests.join_next().await.is_some() {}
}

/// How many connections there may be on one listener.
fn places() -> usize {
    let part = getrlimit(Resource::Nofile).current.map_or(u64::MAX, |most| most / 4);
    usize::try_from(part).unwrap_or(usize::MAX).clamp(1, CONNECTIONS_MAX)
}

fn admit(guests: &mut JoinSet<()>, guest: Guest, place: Place, host: &Arc<Host>, router: &Router) {
    let (host, router) = (host.clone(), router.clone());
    let bucket = host.rates.connection();
    match guest {
        Guest::Unix(stream) if !is_friend(&stream) => {
            tracing::warn!("refused a connection of another user");
        }
        Guest::Unix(stream) => {
            let pid = stream.peer_cred().ok().and_then(|peer| peer.pid()?.try_into().ok());
            // Now, while it is there: it may hand its end on to another.
            let peer = Peer { line: Line::Unix, from: Ancestry::of(pid), bucket };
            guests.spawn(attend(Connection::new(stream), peer, place, host, router));
        }
        Guest::Tcp(stream) => {
            tcp::prepare(&stream);
            // It has gone already.
            let Ok(local) = stream.local_addr() else { return };
            let line = Line::Tcp { local: local.ip() };
            let peer = Peer { line, from: Ancestry::Outside, bucket };
            guests.spawn(attend(Connection::new(stream), peer, place, host, router));
        }
    }
}

/// Answers the requests of one connection until it ends, has to make room, or the server stops.
async fn attend<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: Connection<S>,
    peer: Peer,
    place: Place,
    host: Arc<Host>,
    router: Router,
) {
    let place = Arc::new(place);
    let mut stopping = host.stopping.subscribe();
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let busy = Busy::new(&place);
        let (host, peer, router) = (host.clone(), peer.clone(), router.clone());
        async move {
            let response = front::answer(&host, &peer, router, request.map(Body::new)).await;
            Ok::<_, Infallible>(response.map(|body| Attended { body, _busy: busy }))
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(HEAD_BYTES);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let leave = async {
        tokio::select! {
            () = place.told_to_leave() => {}
            // An error would mean that the host is gone, and so is the server.
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
    };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = leave => {
            if !place.has_served() {
                // Nothing was asked yet: there is nobody to whom an answer is owed.
                return;
            }
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("a connection ended: {error}");
    }
}

/// Says that the connection is at work until this is dropped.
struct Busy(Arc<Place>);

impl Busy {
    fn new(place: &Arc<Place>) -> Self {
        place.busy();
        Self(place.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.idle();
    }
}

/// A body that says when it has been handed over.
struct Attended {
    body: Body,
    _busy: Busy,
}

impl hyper::body::Body for Attended {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
