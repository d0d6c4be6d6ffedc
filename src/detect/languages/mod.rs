//! The languages: one file of rules each. A new one is its file and its line here (and its tag in
//! [`Language`]). The form of the files is explained at the top of `en.rules`.

use crate::model::Language;

/// The files.
pub(super) const FILES: [(Language, &str); 6] = [
    (Language::En, include_str!("en.rules")),
    (Language::Es, include_str!("es.rules")),
    (Language::Pt, include_str!("pt.rules")),
    (Language::Fr, include_str!("fr.rules")),
    (Language::De, include_str!("de.rules")),
    (Language::It, include_str!("it.rules")),
];
