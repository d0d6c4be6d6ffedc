//! One JSON object: the values at the paths that we want, everything else passed over.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::SourceSettings;
use super::document::DEPTH;
use super::field::{FIELDS, Field};

/// Where each field stands in an object: a tree of keys.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    keys: Vec<(String, Paths)>,
    field: Option<Field>,
}

/// A value found at a field's path.
#[derive(Debug, Default)]
pub(crate) enum Found<'a> {
    /// Nothing, null or an empty text.
    #[default]
    Nothing,
    /// A text, or a number or truth value as text.
    Text(Cow<'a, str>),
    /// Something that is no plain value.
    Wrong(&'static str),
}

/// The values of one object, by field.
pub(crate) type Values<'a> = [Found<'a>; FIELDS];

impl Paths {
    /// The paths of our columns in this source: `contact.phone` is the key `phone` in the object `contact`, or the
    /// key `contact.phone`; `contacts.0.phone` is in the first element of the list `contacts`.
    pub(crate) fn new(settings: &SourceSettings) -> Self {
        let mut root = Self::default();
        for field in Field::ALL {
            let path = settings.columns.get(field.name());
            let path = path.map_or(field.name(), String::as_str);
            root.child(path).field = Some(field);
            if path.contains('.') {
                let last = path.split('.').fold(&mut root, |node, key| node.child(key));
                last.field = Some(field);
            }
        }
        root
    }

    fn child(&mut self, key: &str) -> &mut Self {
        let place = self.keys.iter().position(|(k, _)| k == key);
        let place = place.unwrap_or_else(|| {
            self.keys.push((key.to_owned(), Self::default()));
            self.keys.len() - 1
        });
        &mut self.keys[place].1
    }

    /// The values of `line`, which is one JSON object.
    ///
    /// # Errors
    /// It is not; in words.
    pub(crate) fn read<'a>(&self, line: &'a str) -> Result<Values<'a>, String> {
        check_depth(line)?;
        let mut values = Values::default();
        let mut input = serde_json::Deserializer::from_str(line);
        let seed = At {
            paths: self,
            values: &mut values,
            top: true,
        };
        seed.deserialize(&mut input)
            .and_then(|()| input.end())
            .map_err(|e| explain(&e))?;
        Ok(values)
    }
}

/// serde_json's words without its line, which is always 1 here.
pub(crate) fn explain(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let words = words.split(" at line ").next().unwrap_or_default();
    format!(
        "not a JSON object: {words} (character {}); write one object a line",
        error.column()
    )
}

/// Refuses a line whose brackets are nested too deeply (threat S15).
pub(crate) fn check_depth(line: &str) -> Result<(), String> {
    let opening = |b: &u8| matches!(b, b'{' | b'[');
    if line.as_bytes().iter().filter(|b| opening(b)).count() <= DEPTH {
        return Ok(());
    }
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for b in line.bytes() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH {
            return Err(format!(
                "the JSON is nested more than {DEPTH} deep; write the fields at the top"
            ));
        }
    }
    Ok(())
}

/// Gives each field's text once.
pub(crate) fn taken<'a>(mut values: Values<'a>) -> impl FnMut(Field) -> Option<Cow<'a, str>> {
    move |field| match std::mem::take(&mut values[field as usize]) {
        Found::Text(text) => Some(text),
        Found::Nothing | Found::Wrong(_) => None,
    }
}

/// The value at one place of the tree.
struct At<'p, 'v, 'a> {
    paths: &'p Paths,
    values: &'v mut Values<'a>,
    top: bool,
}

impl<'a> At<'_, '_, 'a> {
    fn put(self, found: Found<'a>) {
        if let Some(field) = self.paths.field {
            self.values[field as usize] = found;
        }
    }

    fn text(self, text: Cow<'a, str>) {
        self.put(if text.is_empty() {
            Found::Nothing
        } else {
            Found::Text(text)
        });
    }
}

impl<'a> DeserializeSeed<'a> for At<'_, '_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, input: D) -> Result<(), D::Error> {
        if self.top {
            input.deserialize_map(self)
        } else {
            input.deserialize_any(self)
        }
    }
}

impl<'a> Visitor<'a> for At<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<(), E> {
        self.text(Cow::Borrowed(text));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.text(Cow::Owned(text.to_owned()));
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.text(Cow::Owned(number.to_string()));
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.text(Cow::Owned(number.to_string()));
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        if self.paths.field == Some(Field::SentAt) {
            self.text(Cow::Owned(number.to_string())); // seconds with a fraction
        } else {
            self.put(Found::Wrong("a number with a fraction or too many digits"));
        }
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        // `"from_me": true` is a direction that `values` maps.
        if matches!(
            self.paths.field,
            Some(
                Field::Automatic
                    | Field::AdClick
                    | Field::Direction
                    | Field::Author
                    | Field::Channel
                    | Field::Status
            )
        ) {
            self.text(Cow::Borrowed(if value { "true" } else { "false" }));
        } else {
            self.put(Found::Wrong("true or false"));
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.put(Found::Nothing);
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut items: S) -> Result<(), S::Error> {
        if !self.paths.keys.is_empty() {
            // `contacts.0.phone` is in the first element.
            for number in 0_u32.. {
                let key = number.to_string();
                let inner = self.paths.keys.iter().find(|(k, _)| *k == key);
                let more = match inner {
                    Some((_, paths)) => items.next_element_seed(At {
                        paths,
                        values: self.values,
                        top: false,
                    })?,
                    None => items.next_element::<IgnoredAny>()?.map(|_| ()),
                };
                if more.is_none() {
                    break;
                }
            }
            return Ok(());
        }
        if self.paths.field != Some(Field::Tags) {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            self.put(Found::Wrong("a list"));
            return Ok(());
        }
        let mut tags = String::new();
        while let Some(tag) = items.next_element::<Cow<'_, str>>()? {
            if !tags.is_empty() {
                tags.push(';');
            }
            tags.push_str(&tag);
        }
        self.text(Cow::Owned(tags));
        Ok(())
    }

    fn visit_map<M: MapAccess<'a>>(self, mut entries: M) -> Result<(), M::Error> {
        if self.paths.field.is_some() && self.paths.keys.is_empty() {
            while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            self.put(Found::Wrong("an object"));
            return Ok(());
        }
        while let Some(key) = entries.next_key::<Key<'_>>()? {
            match self.paths.keys.iter().find(|(k, _)| *k == key.0) {
                Some((_, paths)) => entries.next_value_seed(At {
                    paths,
                    values: self.values,
                    top: false,
                })?,
                None => {
                    entries.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// A key, borrowed where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        input.deserialize_str(Keys)
    }
}
