//! One connection: a stream that may neither be silent nor stall for too long.
//!
//! Limits: [`SILENT_FIRST`], [`SILENT_LATER`], [`STALLED`].
//! Failure: a read or write that takes too long fails with `TimedOut`, and the connection ends.

use crate::limits::{SILENT_FIRST, SILENT_LATER, STALLED};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// A stream with its patience.
pub(crate) struct Connection<S> {
    stream: S,
    silence: Pin<Box<Sleep>>,
    /// Since when the other side takes nothing, as its end.
    stall: Option<Pin<Box<Sleep>>>,
}

impl<S> Connection<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, silence: Box::pin(sleep(SILENT_FIRST)), stall: None }
    }

    fn heard(&mut self) {
        self.silence.as_mut().reset(Instant::now() + SILENT_LATER);
    }
}

fn timed_out<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
}

impl<S: AsyncRead + Unpin> AsyncRead for Connection<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buf);
        if outcome.is_ready() {
            self.heard();
            return outcome;
        }
        match self.silence.as_mut().poll(cx) {
            Poll::Ready(()) => timed_out(),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncWrite + Unpin> Connection<S> {
    /// What became of a write. A client that takes nothing is waited for from the first write that
    /// it holds up, whatever it says meanwhile.
    fn wrote<T>(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stall = None;
            self.heard();
            return outcome;
        }
        let stall = self.stall.get_or_insert_with(|| Box::pin(sleep(STALLED)));
        match stall.as_mut().poll(cx) {
            Poll::Ready(()) => timed_out(),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.wrote(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.wrote(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_is_cut_off_whatever_they_say() {
        let (ours, mut theirs) = duplex(16);
        let (mut read, mut write) = tokio::io::split(Connection::new(ours));
        let began = Instant::now();
        let talk = tokio::spawn(async move {
            loop {
                // It ends with the connection.
                if theirs.write_all(b"x").await.is_err() {
                    return;
                }
                sleep(STALLED / 10).await;
            }
        });
        let listen = tokio::spawn(async move { while read.read_u8().await.is_ok() {} });
        let error = write.write_all(&[0; 100]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= STALLED && began.elapsed() < STALLED * 2);
        talk.abort();
        listen.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_a_little_now_and_then_stays() {
        let (ours, mut theirs) = duplex(16);
        let mut ours = Connection::new(ours);
        let take = tokio::spawn(async move {
            let mut taken = 0;
            while taken < 100 {
                sleep(STALLED / 2).await;
                taken += theirs.read(&mut [0; 16]).await.unwrap();
            }
        });
        ours.write_all(&[0; 100]).await.unwrap();
        take.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn silence_has_an_end() {
        let (ours, mut theirs) = duplex(16);
        let mut ours = Connection::new(ours);
        let began = Instant::now();
        assert_eq!(ours.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= SILENT_FIRST && began.elapsed() < SILENT_FIRST * 2);
        // From the first byte on it may be longer.
        theirs.write_all(b"x").await.unwrap();
        ours.read_u8().await.unwrap();
        let began = Instant::now();
        assert_eq!(ours.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= SILENT_LATER);
    }
}
