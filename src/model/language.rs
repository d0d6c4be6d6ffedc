use super::named;

named! {
    /// A language that the tool reads and writes by itself.
    Language {
        /// English.
        En = "en",
        /// Spanish.
        Es = "es",
        /// Portuguese.
        Pt = "pt",
        /// French.
        Fr = "fr",
        /// German.
        De = "de",
        /// Italian.
        It = "it",
    }
}

impl Language {
    /// The language of a tag such as `es`, `es-MX` or `pt_BR`; `None` for a language that we do not speak.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next()?;
        Self::ALL
            .iter()
            .copied()
            .find(|l| l.as_str().eq_ignore_ascii_case(primary))
    }
}
