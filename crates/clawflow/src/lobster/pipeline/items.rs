//! Items on their way from stage to stage.

use super::failure::Failure;
use crate::lobster::value::{Recent, Unread, Value};
use std::ops::Range;

/// Items on their way, one by one; the first error ends the run.
pub(crate) enum Items {
    /// As a command makes them.
    Made(Box<dyn Iterator<Item = Result<Value, Failure>>>),
    /// Those of a JSON list, from one on.
    Read { list: List, at: usize, recent: Box<Recent> },
}

/// The items of a JSON list, and what becomes of each. One does not depend on another, so that
/// several threads may read them.
pub(crate) struct List {
    unread: Unread,
    /// What an item that is no value here makes of the run.
    failed: fn(String) -> Failure,
    each: Vec<Each>,
}

/// What a stage makes of an item, if it does not leave it out. It shares the names of fields with
/// what its own thread has read: two threads that count one name's users wait for each other.
type Each = Box<dyn Fn(Value, &Recent) -> Result<Option<Value>, Failure> + Send + Sync>;

impl Items {
    /// Items that a command makes as they are taken.
    pub(super) fn made(items: impl Iterator<Item = Result<Value, Failure>> + 'static) -> Self {
        Self::Made(Box::new(items))
    }

    /// Items that are all there.
    pub(super) fn ready(items: Vec<Value>) -> Self {
        Self::made(items.into_iter().map(Ok))
    }

    /// The items of a list that are still to be read.
    pub(super) fn unread(unread: Unread, failed: fn(String) -> Failure) -> Self {
        let list = List { unread, failed, each: Vec::new() };
        Self::Read { list, at: 0, recent: Box::default() }
    }

    /// Lets a stage make something else of each item, or leave it out, when it is taken. The stage
    /// sees nothing but the item, and has no effect.
    pub(super) fn each<E>(self, each: E) -> Self
    where
        E: Fn(Value, &Recent) -> Result<Option<Value>, Failure> + Send + Sync + 'static,
    {
        match self {
            Self::Made(items) => {
                let recent = Recent::default();
                let made = move |item: Result<_, _>| item.and_then(|item| each(item, &recent));
                Self::made(items.filter_map(move |item| made(item).transpose()))
            }
            Self::Read { mut list, at, recent } => {
                list.each.push(Box::new(each));
                Self::Read { list, at, recent }
            }
        }
    }
}

impl Iterator for Items {
    type Item = Result<Value, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Made(items) => items.next(),
            Self::Read { list, at, recent } => {
                let rest = *at..list.unread.len();
                list.part(rest.inspect(|this| *at = this + 1), recent).next()
            }
        }
    }
}

impl List {
    /// Some of the items, after all stages.
    pub(super) fn part(
        &self,
        part: impl Iterator<Item = usize>,
        recent: &Recent,
    ) -> impl Iterator<Item = Result<Value, Failure>> {
        part.filter_map(|at| self.item(at, recent).transpose())
    }

    /// An item after all stages, if none left it out.
    fn item(&self, at: usize, recent: &Recent) -> Result<Option<Value>, Failure> {
        let mut item = self.unread.read(at, recent).map_err(self.failed)?;
        for each in &self.each {
            match each(item, recent)? {
                Some(made) => item = made,
                None => return Ok(None),
            }
        }
        Ok(Some(item))
    }

    /// All items from one on, in parts whose text is about so long.
    pub(super) fn parts(&self, from: usize, bytes: usize) -> Vec<Range<usize>> {
        self.unread.parts(from, bytes)
    }
}
