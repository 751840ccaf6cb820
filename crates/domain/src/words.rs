//! Enums that travel as one kebab-case word each, written once and used by serde, `as_str` and `Display`.

/// Declares an enum of words: `Initial = "initial"` is the variant and what it is called in JSON.
macro_rules! words {
    (
        $(#[$about:meta])*
        pub enum $name:ident {
            $( $(#[$about_word:meta])* $word:ident = $text:literal, )+
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $( $(#[$about_word])* #[serde(rename = $text)] $word, )+
        }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$( Self::$word, )+];

            /// The word as it stands in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$word => $text, )+
                }
            }
        }

        #[cfg(feature = "schema")]
        $crate::schema::component!($name, $crate::schema::words(Self::ALL.iter().map(|word| word.as_str())));

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use words;
