//! Closed sets whose members have names.

/// Makes an enum out of variants and their names: `ALL` lists them, `as_str` gives the name.
macro_rules! named {
    ($(#[$doc:meta])* $vis:vis enum $set:ident { $($(#[$vdoc:meta])* $variant:ident = $name:literal),+ $(,)? }) => {
        $(#[$doc])*
        $vis enum $set {
            $($(#[$vdoc])* $variant,)+
        }

        impl $set {
            /// The whole set.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

pub(crate) use named;
