//! Writes the items that come out of a pipeline.

use super::failure::Failure;
use super::items::{Items, List};
use crate::lobster::value::{Recent, Value, append};
use std::io::{self, Write};
use std::ops::Range;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{self, Scope};

/// So much is read and written at once: what a pipe takes.
const PIECE: usize = 64 << 10;
/// Pieces that a thread may be ahead of the one that writes.
const AHEAD: usize = 4;
/// More threads would only wait for the one that writes.
const MOST_THREADS: usize = 8;
/// Values are walked on the stack: as much as the first thread of a process has.
const STACK: usize = 8 << 20;

/// Writes items as those of a JSON list, without its brackets. Those before a failure are there.
///
/// # Errors
/// That of `out`. The failure of an item is in the result.
pub(super) fn list(items: Items, out: &mut impl Write) -> io::Result<Result<(), Failure>> {
    let mut out = Joined { out, is_first: true };
    match items {
        Items::Made(mut items) => out.part(|| Ok(Piece::of(&mut items))),
        Items::Read { list, at, .. } => {
            let processors = thread::available_parallelism().map_or(1, usize::from);
            let threads = processors.min(MOST_THREADS);
            side_by_side(&list, &list.parts(at, PIECE), threads, &mut out)
        }
    }
}

/// Each thread reads every n-th part of the list, works on its items and makes JSON of them:
/// it frees what it has allocated itself.
fn side_by_side(
    list: &List,
    parts: &[Range<usize>],
    threads: usize,
    out: &mut Joined<impl Write>,
) -> io::Result<Result<(), Failure>> {
    let threads = threads.min(parts.len()).max(1);
    thread::scope(|scope| {
        let theirs = |nth| parts.iter().skip(nth).step_by(threads);
        // The first is this one.
        let others: Vec<_> = (1..threads).map(|nth| other(scope, list, theirs(nth))).collect();
        let recent = Recent::default();
        for (at, part) in parts.iter().enumerate() {
            let other = (at % threads).checked_sub(1).and_then(|nth| others[nth].as_ref());
            let ended = match other {
                Some(pieces) => out.part(|| pieces.recv().map_err(io::Error::other)),
                None => {
                    let mut items = list.part(part.clone(), &recent);
                    out.part(|| Ok(Piece::of(&mut items)))
                }
            };
            match ended {
                Ok(Ok(())) => {}
                // The others end when nobody waits for what they make.
                ended => return ended,
            }
        }
        Ok(Ok(()))
    })
}

/// Another thread, if there may be one more, for some parts of a list.
fn other<'scope>(
    scope: &'scope Scope<'scope, '_>,
    list: &'scope List,
    parts: impl Iterator<Item = &'scope Range<usize>> + Send + 'scope,
) -> Option<Receiver<Piece>> {
    let (give, take) = sync_channel(AHEAD);
    let work = move || {
        let recent = Recent::default();
        for part in parts {
            let mut items = list.part(part.clone(), &recent);
            loop {
                let piece = Piece::of(&mut items);
                let is_last = piece.ended.is_some();
                if give.send(piece).is_err() {
                    return;
                }
                if is_last {
                    break;
                }
            }
        }
    };
    thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok().map(|_| take)
}

/// Some items of a part as JSON, with commas between them.
struct Piece {
    text: Vec<u8>,
    /// How the part ended, if it did.
    ended: Option<Result<(), Failure>>,
}

impl Piece {
    fn of(items: &mut impl Iterator<Item = Result<Value, Failure>>) -> Self {
        let mut text = Vec::with_capacity(PIECE + PIECE / 4);
        while text.len() < PIECE {
            match items.next() {
                Some(Ok(item)) => {
                    if !text.is_empty() {
                        text.push(b',');
                    }
                    append(&mut text, &item);
                }
                Some(Err(failure)) => return Self { text, ended: Some(Err(failure)) },
                None => return Self { text, ended: Some(Ok(())) },
            }
        }
        Self { text, ended: None }
    }
}

/// Where pieces are written, with commas between them.
struct Joined<'o, W> {
    out: &'o mut W,
    is_first: bool,
}

impl<W: Write> Joined<'_, W> {
    /// Writes the pieces of a part.
    fn part(
        &mut self,
        mut next: impl FnMut() -> io::Result<Piece>,
    ) -> io::Result<Result<(), Failure>> {
        loop {
            let piece = next()?;
            if !piece.text.is_empty() {
                if !std::mem::take(&mut self.is_first) {
                    self.out.write_all(b",")?;
                }
                self.out.write_all(&piece.text)?;
            }
            if let Some(ended) = piece.ended {
                return Ok(ended);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lobster::value::Unread;

    /// Passes on what is not a multiple of ten, in a list.
    fn items(text: &str) -> Items {
        let unread = Unread::list(text.to_owned()).unwrap();
        Items::unread(unread, Failure::new).each(|item, _| {
            let is_round = matches!(item, Value::Number(number) if number % 10.0 == 0.0);
            Ok((!is_round).then(|| Value::List(vec![item])))
        })
    }

    fn listed(text: &str, threads: usize) -> (String, Result<(), Failure>) {
        let Items::Read { list, at, .. } = items(text) else { panic!("made") };
        let mut bytes = Vec::new();
        let mut out = Joined { out: &mut bytes, is_first: true };
        let ended = side_by_side(&list, &list.parts(at, 100), threads, &mut out).unwrap();
        (String::from_utf8(bytes).unwrap(), ended)
    }

    fn one_by_one(text: &str) -> (String, Result<(), Failure>) {
        let (mut all, mut ended) = (Vec::new(), Ok(()));
        for item in items(text) {
            match item {
                Ok(item) => all.push(crate::lobster::value::compact(&item).unwrap()),
                Err(failure) => {
                    ended = Err(failure);
                    break;
                }
            }
        }
        (all.join(","), ended)
    }

    #[test]
    fn items_keep_their_order_whoever_reads_them() {
        let numbers: Vec<String> = (0..5000).map(|n| n.to_string()).collect();
        let many = numbers.join(",");
        let broken = many.replace("2345", "1e999");
        for list in ["", "10", "1", "10,1,20,2,30", &many, &broken] {
            let text = format!("[{list}]");
            let expected = one_by_one(&text);
            assert_eq!(expected.1.is_err(), list.contains("1e999"));
            for threads in [1, 2, 3, 8] {
                assert_eq!(listed(&text, threads), expected, "{threads}");
            }
        }
    }

    #[test]
    fn an_item_that_grows_is_written_in_pieces() {
        let items = Items::unread(Unread::list("[1,2,3,4]".to_owned()).unwrap(), Failure::new);
        let items = items.each(|_, _| Ok(Some("x".repeat(PIECE).into())));
        let mut written = Pieces::default();
        list(items, &mut written).unwrap().unwrap();
        assert!(written.largest < 2 * PIECE, "{}", written.largest);
        assert_eq!(written.bytes, 4 * (PIECE + 2) + 3);
    }

    #[test]
    fn nothing_goes_on_when_nobody_reads() {
        let text = format!("[{}0]", "1,".repeat(1_000_000));
        let mut closed = Pieces { most: 100_000, ..Pieces::default() };
        list(items(&text), &mut closed).unwrap_err();
        assert!(closed.bytes < 300_000, "{}", closed.bytes);
    }

    /// Counts what is written, and may be closed.
    struct Pieces {
        bytes: usize,
        largest: usize,
        most: usize,
    }

    impl Default for Pieces {
        fn default() -> Self {
            Self { bytes: 0, largest: 0, most: usize::MAX }
        }
    }

    impl Write for Pieces {
        fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
            if self.bytes > self.most {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            self.bytes += piece.len();
            self.largest = self.largest.max(piece.len());
            Ok(piece.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}
