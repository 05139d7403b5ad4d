//! Which text needs which, and the order that follows.

use std::collections::HashMap;
use std::rc::Rc;

use crate::error::{Location, ParseError, Problem};
use crate::json::{Json, Kind};
use crate::schema::table::Source;
use crate::schema::{Kind as TypeKind, Name};

/// What a text defines and refers to, by full name; of what is no schema, nothing.
#[derive(Default)]
struct Names {
    defined: Vec<Name>,
    /// Each with whether it was spelt without dots, and may be one of the null namespace.
    used: Vec<(Name, bool)>,
}

impl Names {
    fn of(root: Json<'_>) -> Self {
        let mut names = Self::default();
        let null: Rc<str> = "".into();
        let mut open = vec![(root, null)];
        while let Some((value, namespace)) = open.pop() {
            match value.kind() {
                Kind::String => names.reference(value, &namespace),
                Kind::Array => open.extend(value.elements().map(|it| (it, Rc::clone(&namespace)))),
                Kind::Object => names.object(value, &namespace, &mut open),
                _ => {}
            }
        }
        names
    }

    fn reference(&mut self, value: Json<'_>, namespace: &str) {
        let name = value.as_str().unwrap_or_default();
        if TypeKind::primitive(&name).is_none() {
            self.used.push((Name::resolve(&name, namespace), !name.contains('.')));
        }
    }

    fn object<'d>(
        &mut self,
        object: Json<'d>,
        namespace: &Rc<str>,
        open: &mut Vec<(Json<'d>, Rc<str>)>,
    ) {
        let Some(ty) = object.get("type") else { return };
        let Some(word) = ty.as_str() else {
            open.push((ty, Rc::clone(namespace)));
            return;
        };
        let parts = |it: &str| object.get(it).map(|it| (it, Rc::clone(namespace)));
        match &*word {
            "array" => open.extend(parts("items")),
            "map" => open.extend(parts("values")),
            "record" | "error" | "enum" | "fixed" => {
                let Some(name) = object.get("name").and_then(Json::as_str) else { return };
                let own = object.get("namespace").and_then(Json::as_str);
                let name = Name::resolve(&name, own.as_deref().unwrap_or(namespace));
                let inside: Rc<str> = name.namespace().into();
                let fields = object.get("fields").into_iter().flat_map(Json::elements);
                let types = fields.filter_map(|it| it.get("type"));
                open.extend(types.map(|it| (it, Rc::clone(&inside))));
                self.defined.push(name);
            }
            _ => self.reference(ty, namespace),
        }
    }
}

/// For each text, those that it needs, in their order.
pub(super) fn needed(sources: &[Source]) -> Vec<Vec<usize>> {
    let names: Vec<_> = sources.iter().map(|it| Names::of(it.document.root())).collect();
    let mut defined: HashMap<&str, usize> = HashMap::new();
    for (at, names) in names.iter().enumerate() {
        for name in &names.defined {
            // A name that two texts define is an error later.
            defined.entry(name.full()).or_insert(at);
        }
    }
    let find = |(name, simple): &(Name, bool)| {
        let fallback = || defined.get(name.simple()).filter(|_| *simple);
        defined.get(name.full()).or_else(fallback).copied()
    };
    let needed = names.iter().enumerate().map(|(at, names)| {
        let mut needed: Vec<_> =
            names.used.iter().filter_map(find).filter(|it| *it != at).collect();
        needed.sort_unstable();
        needed.dedup();
        needed
    });
    needed.collect()
}

/// The order in which each text comes behind those that it needs, else that in which they were given.
pub(super) fn order(
    sources: &[Source],
    needed: &[Vec<usize>],
    circles: bool,
) -> Result<Vec<usize>, ParseError> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut states = vec![State::New; sources.len()];
    let mut order = Vec::with_capacity(sources.len());
    for first in 0..sources.len() {
        if states[first] != State::New {
            continue;
        }
        states[first] = State::Open;
        // From the first to what is being looked at: each with how many of those that it needs have been seen to.
        let mut path = vec![(first, 0)];
        while let Some((at, seen)) = path.last_mut() {
            let Some(next) = needed[*at].get(*seen).copied() else {
                states[*at] = State::Done;
                order.push(*at);
                path.pop();
                continue;
            };
            *seen += 1;
            match states[next] {
                State::New => {
                    states[next] = State::Open;
                    path.push((next, 0));
                }
                State::Open if !circles => return Err(circle(sources, &path, next)),
                State::Open | State::Done => {}
            }
        }
    }
    Ok(order)
}

fn circle(sources: &[Source], path: &[(usize, usize)], back: usize) -> ParseError {
    let begun = path.iter().position(|it| it.0 == back).unwrap_or(0);
    let circle = path[begun..].iter().map(|it| it.0).chain([back]);
    let name = |it: usize| sources[it].name.as_deref().unwrap_or("?").to_owned();
    let problem = Problem::Circle { sources: circle.map(name).collect() };
    let location = Location::of(sources[back].document.root());
    ParseError::new(problem, location).in_source(sources[back].name.as_ref())
}
