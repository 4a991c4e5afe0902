//! Named fields in JavaScript's order: those that look like list positions first, ascending, then
//! the others as they came.

use super::Value;
use super::path::position;
use indexmap::IndexMap;
use std::sync::Arc;

/// The name of a field. Objects of a list mostly have the same names, and share them.
pub(crate) type Name = Arc<str>;

/// So many fields are found faster by looking at each than by a hash.
const FEW: usize = 16;

/// The fields of an object. A name is there once; the last value counts, at the first's place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object {
    fields: Fields,
    /// How many names are list positions: without any the order is that of the fields.
    positions: usize,
}

#[derive(Clone, Debug)]
enum Fields {
    Few(Vec<(Name, Value)>),
    Many(IndexMap<Name, Value>),
}

impl Default for Fields {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Object {
    /// An object with room for some fields.
    pub(crate) fn with_capacity(fields: usize) -> Self {
        Self { fields: Fields::Few(Vec::with_capacity(fields.min(FEW))), positions: 0 }
    }

    /// Makes room for just so many fields more.
    pub(crate) fn reserve(&mut self, more: usize) {
        if let Fields::Few(fields) = &mut self.fields {
            fields.reserve_exact(more.min(FEW));
        }
    }

    /// Sets a field.
    pub(crate) fn set(&mut self, name: impl Into<Name>, value: Value) {
        let name = name.into();
        if let Some(field) = self.get_mut(&name) {
            *field = value;
            return;
        }
        self.positions += usize::from(position(&name).is_some());
        match &mut self.fields {
            Fields::Few(fields) if fields.len() < FEW => fields.push((name, value)),
            Fields::Few(fields) => {
                let fields = std::mem::take(fields).into_iter().chain([(name, value)]);
                self.fields = Fields::Many(fields.collect());
            }
            Fields::Many(fields) => drop(fields.insert(name, value)),
        }
    }

    /// Sets a field as an assignment does: one named `__proto__` comes into being by JSON only.
    pub(crate) fn assign(&mut self, name: Name, value: Value) {
        if *name != *"__proto__" || self.get(&name).is_some() {
            self.set(name, value);
        }
    }

    /// The value of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        match &self.fields {
            Fields::Few(fields) => {
                fields.iter().find(|(field, _)| **field == *name).map(|(_, value)| value)
            }
            Fields::Many(fields) => fields.get(name),
        }
    }

    fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        match &mut self.fields {
            Fields::Few(fields) => {
                fields.iter_mut().find(|(field, _)| **field == *name).map(|(_, value)| value)
            }
            Fields::Many(fields) => fields.get_mut(name),
        }
    }

    /// Takes a value out; its field is as good as not there afterwards.
    pub(crate) fn take(&mut self, name: &str) -> Value {
        self.get_mut(name).map(std::mem::take).unwrap_or_default()
    }

    /// How many fields there are.
    pub(crate) fn len(&self) -> usize {
        match &self.fields {
            Fields::Few(fields) => fields.len(),
            Fields::Many(fields) => fields.len(),
        }
    }

    /// The fields in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        let sorted = (self.positions > 0).then(|| {
            let mut sorted: Vec<(&str, &Value)> = self.as_they_came().collect();
            sorted.sort_by_key(|(name, _)| position(name).map_or(u64::MAX, u64::from));
            sorted
        });
        let plain = (self.positions == 0).then(|| self.as_they_came());
        plain.into_iter().flatten().chain(sorted.into_iter().flatten())
    }

    /// Shows each field in order, until one is refused.
    pub(crate) fn try_each<E>(
        &self,
        mut see: impl FnMut(&str, &Value) -> Result<(), E>,
    ) -> Result<(), E> {
        match &self.fields {
            // The usual object, and the fastest way through it.
            Fields::Few(fields) if self.positions == 0 => {
                fields.iter().try_for_each(|(name, value)| see(name, value))
            }
            _ => self.iter().try_for_each(|(name, value)| see(name, value)),
        }
    }

    fn as_they_came(&self) -> impl Iterator<Item = (&str, &Value)> {
        let (few, many) = match &self.fields {
            Fields::Few(fields) => (fields.as_slice(), None),
            Fields::Many(fields) => (&[][..], Some(fields)),
        };
        let few = few.iter().map(|(name, value)| (&**name, value));
        few.chain(many.into_iter().flatten().map(|(name, value)| (&**name, value)))
    }
}

/// The order of fields makes no difference.
impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.as_they_came().all(|(name, value)| other.get(name) == Some(value))
    }
}
