//! An object that is built by paths and written by name.

use crate::json::Json;
use std::collections::BTreeMap;

/// Values by their dotted path, in the order of their names at every level.
#[derive(Debug, Default)]
pub(crate) struct Tree(BTreeMap<String, Node>);

#[derive(Debug)]
enum Node {
    Leaf(Json),
    Inner(Tree),
}

impl Tree {
    /// Puts a value at a path; an absent value leaves nothing.
    pub(crate) fn put(&mut self, path: &str, value: Option<impl Into<Json>>) {
        let Some(value) = value else { return };
        match path.split_once('.') {
            None => {
                self.0.insert(path.to_owned(), Node::Leaf(value.into()));
            }
            Some((first, rest)) => {
                let node = self
                    .0
                    .entry(first.to_owned())
                    .or_insert_with(|| Node::Inner(Self::default()));
                if let Node::Inner(inner) = node {
                    inner.put(rest, Some(value));
                }
            }
        }
    }

    /// Puts an array of texts, each once, in the order given; nothing if there are none.
    pub(crate) fn put_all<'a>(&mut self, path: &str, texts: impl IntoIterator<Item = Option<&'a str>>) {
        let mut once: Vec<&str> = Vec::new();
        for text in texts.into_iter().flatten() {
            if !once.contains(&text) {
                once.push(text);
            }
        }
        let array: Option<Json> = (!once.is_empty()).then(|| once.into_iter().map(Json::from).collect());
        self.put(path, array);
    }

    /// The object; the keys named come first, the others by name.
    pub(crate) fn into_object(mut self, first: &[&str]) -> Json {
        let mut members = Vec::new();
        for name in first {
            if let Some(node) = self.0.remove(*name) {
                members.push(((*name).to_owned(), node.into_json()));
            }
        }
        members.extend(self.0.into_iter().map(|(name, node)| (name, node.into_json())));
        Json::Object(members)
    }
}

impl Node {
    fn into_json(self) -> Json {
        match self {
            Self::Leaf(value) => value,
            Self::Inner(tree) => tree.into_object(&[]),
        }
    }
}
