//! The list of formats, and what its tables are made of.

use crate::record::{Field, Instant};

use super::{graph, reporting};

/// Makes the table of a format: for each field that it has, its key. The first line is the time of receipt, whose key
/// tells the format and which has a spelling of its own: what reads it stands behind `as`. A field that the format
/// lacks has no line. A field twice does not compile.
macro_rules! fields {
    (Received: $time_key:literal as $read_time:path; $($field:ident: $key:literal;)*) => {
        pub(super) const TABLE: $crate::format::table::Table = {
            use $crate::record::Field;
            $crate::format::table::Table::new(
                &[(Field::Received, $time_key), $((Field::$field, $key)),*],
                $read_time,
            )
        };
    };
}

pub(super) use fields;

/// What a format's file says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    /// The field of each key. The first one is the time of receipt.
    fields: &'static [(Field, &'static str)],
    read_time: fn(&[u8]) -> Option<Instant>,
}

impl Table {
    /// A table whose fields stand there once each: any other one does not compile.
    pub(super) const fn new(
        fields: &'static [(Field, &'static str)],
        read_time: fn(&[u8]) -> Option<Instant>,
    ) -> Self {
        let mut seen = 0_u32;
        let mut index = 0;
        while index < fields.len() {
            let field = 1 << fields[index].0 as u32;
            assert!(seen & field == 0, "a field twice");
            seen |= field;
            index += 1;
        }
        Self { fields, read_time }
    }
}

/// Makes the list of formats: the public enum, and what is known by name.
macro_rules! formats {
    ($($(#[$attribute:meta])* $variant:ident = $name:literal in $file:ident,)+) => {
        /// A vendor's shape of a line. It is detected, never asked for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Format {
            $($(#[$attribute])* $variant,)+
        }

        impl Format {
            /// All formats, in the order in which a line is held against them.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The format's name, as the component's `about` gives it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            const fn table(self) -> &'static Table {
                match self {
                    $(Self::$variant => &$file::TABLE,)+
                }
            }

            /// Reads a time of receipt as the format spells it.
            // Each format's function is called by its name: what is called through a table is not inlined.
            #[inline]
            pub(super) fn instant(self, text: &[u8]) -> Option<Instant> {
                match self {
                    $(Self::$variant => ($file::TABLE.read_time)(text),)+
                }
            }
        }
    };
}

formats! {
    /// Graph's `exchangeMessageTrace`.
    Graph = "graph" in graph,
    /// The Reporting Web Service, and what the cmdlets give as JSON.
    Reporting = "reporting" in reporting,
}

impl Format {
    /// The keys that are read of a row, each once; the first one is [`time_key`](Self::time_key). For hosts that show a
    /// row's values by key and not its text.
    pub fn keys(self) -> impl Iterator<Item = &'static str> {
        self.table().fields.iter().map(|&(_, key)| key)
    }

    /// The key of the time of receipt. Its presence tells the format.
    #[must_use]
    pub const fn time_key(self) -> &'static str {
        self.table().fields[0].1
    }

    /// The field that `key` names; none where the format does not read it.
    pub(super) fn field_of(self, key: &[u8]) -> Option<Field> {
        let known = self.table().fields.iter();
        known
            .copied()
            .find(|(_, known)| known.as_bytes() == key)
            .map(|(field, _)| field)
    }
}
