//! The answer to a request as a stream of events: what is said before it, then the answer.

use super::http::AbortOnDrop;
use crate::host::Host;
use crate::limits::STREAM_ALIVE;
use crate::streams::StreamPlace;
use crate::visitor::Visitor;
use axum::body::Bytes;
use hyper::body::Frame;
use serde_json::Value;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, Interval, interval_at};

type Stopped = Pin<Box<dyn Future<Output = ()> + Send>>;

/// It ends with the answer, when the server stops, or when the token does not hold any more. Then
/// the client asks again: the request changes nothing.
pub(super) struct Stream {
    host: Arc<Host>,
    visitor: Visitor,
    said: mpsc::Receiver<Value>,
    alive: Interval,
    stopped: Stopped,
    _work: AbortOnDrop,
    _place: StreamPlace,
}

impl Stream {
    pub(super) fn new(
        host: Arc<Host>,
        visitor: Visitor,
        said: mpsc::Receiver<Value>,
        work: AbortOnDrop,
        place: StreamPlace,
    ) -> Self {
        let stopping = host.stopping.subscribe();
        Self {
            host,
            visitor,
            said,
            alive: interval_at(Instant::now() + STREAM_ALIVE, STREAM_ALIVE),
            stopped: Box::pin(stopped(stopping)),
            _work: work,
            _place: place,
        }
    }
}

async fn stopped(mut stopping: watch::Receiver<bool>) {
    // An error would mean that the host is gone, and so is the server.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

impl hyper::body::Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = |text: String| Poll::Ready(Some(Ok(Frame::data(Bytes::from(text)))));
        match self.said.poll_recv(cx) {
            // JSON on one line has no line breaks.
            Poll::Ready(Some(message)) => {
                return piece(format!("event: message\ndata: {message}\n\n"));
            }
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => {}
        }
        if self.stopped.as_mut().poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        match self.alive.poll_tick(cx) {
            Poll::Ready(_) if self.visitor.stays(&self.host.api).unwrap_or(false) => {
                piece(": alive\n\n".to_owned())
            }
            Poll::Ready(_) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}
