//! Which values of a document matter: a tree that is laid over it.

/// What is to be done with a value: a tree that is laid over the document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    /// In an object: what to do with the values of these keys.
    pub(crate) keys: &'static [(&'static str, &'static Self)],
    /// In a list: what to do with each element.
    pub(crate) each: Option<&'static Self>,
    /// With anything else.
    pub(crate) take: Take,
    /// Whether heads and items in it belong together.
    pub(crate) scope: bool,
}

/// What to do with a whole value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Take {
    /// Pass over it.
    No,
    /// It says something of the items of its scope.
    Head(u8),
    /// It is a row.
    Item,
}

impl Node {
    /// A row.
    pub(crate) const ITEM: Self = Self {
        keys: &[],
        each: None,
        take: Take::Item,
        scope: false,
    };
    /// A list of rows.
    pub(crate) const ITEMS: Self = Self {
        keys: &[],
        each: Some(&Self::ITEM),
        take: Take::No,
        scope: false,
    };
    /// A list of rows, or one row.
    pub(crate) const ITEMS_OR_ITEM: Self = Self {
        keys: &[],
        each: Some(&Self::ITEM),
        take: Take::Item,
        scope: true,
    };

    /// A value that says something of its scope.
    pub(crate) const fn head(tag: u8) -> Self {
        Self {
            keys: &[],
            each: None,
            take: Take::Head(tag),
            scope: false,
        }
    }

    /// An object with these keys.
    pub(crate) const fn object(keys: &'static [(&'static str, &'static Self)]) -> Self {
        Self {
            keys,
            each: None,
            take: Take::No,
            scope: false,
        }
    }

    /// The same, whose heads and items belong together.
    pub(crate) const fn scope(keys: &'static [(&'static str, &'static Self)]) -> Self {
        Self {
            keys,
            each: None,
            take: Take::No,
            scope: true,
        }
    }

    /// The same, or a list of such.
    pub(crate) const fn or_list_of(self, each: &'static Self) -> Self {
        Self {
            keys: self.keys,
            each: Some(each),
            take: self.take,
            scope: self.scope,
        }
    }
}
