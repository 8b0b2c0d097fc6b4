//! JSON output: the table of rules that a target is, and what each kind of rule writes.

/// A constant fragment.
macro_rules! key {
    ($($text:expr),+) => {
        const { &crate::lanes::Fragment::new(concat!($($text),+).as_bytes()) }
    };
}

/// Constant bytes.
macro_rules! bytes {
    ($($text:expr),+) => {
        const { concat!($($text),+).as_bytes().first_chunk::<{ concat!($($text),+).len() }>() }
    };
}

/// Writes members of an object, one rule each, in the order of the wire. Absent values write nothing, and neither do
/// objects and arrays in which nothing is left.
///
/// | rule | writes |
/// |---|---|
/// | `"key" = 4, "key" = "text";` | constants |
/// | `"key": always(span);` | a text that is always there |
/// | `"key": text(value);` | a text, if there is one; `span` likewise |
/// | `"key": number(value);` | a number, if there is one |
/// | `"key": [text(value)];` | an array of one text, if there is one |
/// | `"key" [for item in items => span];` | an array of texts |
/// | `"key" match (value) { pattern => 1, pattern => absent };` | a constant for each pattern |
/// | `"key" if let pattern = value => code;` | a text whose inside the code writes |
/// | `"key" if let pattern = value => { rules }` | an object under a condition; it begins with what is always there |
/// | `"key" { rules }` | an object, if anything is in it |
/// | `"key" always { rules }` | an object in which something always is |
/// | `if (condition) { rules }` | rules under a condition |
/// | `.. code;` | members that a function writes |
///
/// Every member begins with a comma, and what encloses the members turns the first one into its brace. Where it is known
/// that something is there, constants are joined: that is what the longer patterns below are for.
macro_rules! members {
    ($out:ident; $($rules:tt)*) => { members!(@to "", $out; $($rules)*) };

    // All rules are written: what is left is what closes them.
    (@to $close:literal, $out:ident;) => { $crate::target::write::constant($out, bytes!($close)); };

    // Constants.
    (@to $close:literal, $out:ident; $($key:literal = $value:tt),+;) => {
        $crate::target::write::constant($out, bytes!($(",\"", $key, "\":", stringify!($value)),+, $close));
    };
    (@to $close:literal, $out:ident; $($key:literal = $value:tt),+; $($rest:tt)*) => {
        $crate::target::write::constant($out, bytes!($(",\"", $key, "\":", stringify!($value)),+));
        members!(@to $close, $out; $($rest)*);
    };
    (@to $close:literal, $out:ident;
        $key:literal match ($value:expr) { $($pattern:pat => $constant:tt),+ $(,)? }; $($rest:tt)*) => {
        match $value {
            $($pattern => members!(@constant $out, $key, $constant),)+
        }
        members!(@to $close, $out; $($rest)*);
    };
    (@constant $out:ident, $key:literal, absent) => { () };
    (@constant $out:ident, $key:literal, $constant:tt) => {
        $crate::target::write::constant($out, bytes!(",\"", $key, "\":", stringify!($constant)))
    };

    // Values.
    (@to $close:literal, $out:ident; $key:literal: always($value:expr); $($rest:tt)*) => {
        $out.put_quoted(key!(",\"", $key, "\":\""), $value);
        members!(@to $close, $out; $($rest)*);
    };
    (@to $close:literal, $out:ident; $key:literal: number($value:expr); $($rest:tt)*) => {
        $crate::target::write::number($out, bytes!(",\"", $key, "\":"), $value, bytes!(""));
        members!(@to $close, $out; $($rest)*);
    };
    (@to $close:literal, $out:ident; $key:literal: $kind:ident($value:expr); $($rest:tt)*) => {
        $crate::target::write::$kind($out, key!(",\"", $key, "\":\""), $value);
        members!(@to $close, $out; $($rest)*);
    };
    (@to $close:literal, $out:ident; $key:literal: [text($value:expr)]; $($rest:tt)*) => {
        $crate::target::write::closed_text($out, key!(",\"", $key, "\":[\""), $value, bytes!("]"));
        members!(@to $close, $out; $($rest)*);
    };
    (@to $close:literal, $out:ident; $key:literal [for $item:pat in $items:expr => $text:expr]; $($rest:tt)*) => {
        $crate::target::write::enclosed($out, bytes!(",\"", $key, "\":"), b'[', bytes!("]"), |$out| {
            for $item in $items {
                $out.put_quoted(key!(",\""), $text);
            }
        });
        members!(@to $close, $out; $($rest)*);
    };

    // Under a condition.
    (@to $close:literal, $out:ident;
        $key:literal if let $pattern:pat = $value:expr => { $($inner:tt)* } $($rest:tt)*) => {
        if let $pattern = $value {
            members!($out; $key { $($inner)* });
        }
        members!(@to $close, $out; $($rest)*);
    };
    (@to $close:literal, $out:ident; $key:literal if let $pattern:pat = $value:expr => $write:expr; $($rest:tt)*) => {
        if let $pattern = $value {
            $crate::target::write::constant($out, bytes!(",\"", $key, "\":\""));
            $write;
            $out.put_byte(b'"');
        }
        members!(@to $close, $out; $($rest)*);
    };
    (@to $close:literal, $out:ident; if ($condition:expr) { $($inner:tt)* } $($rest:tt)*) => {
        if $condition {
            members!($out; $($inner)*);
        }
        members!(@to $close, $out; $($rest)*);
    };
    (@to $close:literal, $out:ident; .. $members:expr; $($rest:tt)*) => {
        $members;
        members!(@to $close, $out; $($rest)*);
    };

    // Objects of one member.
    (@to $close:literal, $out:ident; $outer:literal { $key:literal: number($value:expr); } $($rest:tt)*) => {
        $crate::target::write::number($out, bytes!(",\"", $outer, "\":{\"", $key, "\":"), $value, bytes!("}"));
        members!(@to $close, $out; $($rest)*);
    };
    (@to $close:literal, $out:ident; $outer:literal { $key:literal: text($value:expr); } $($rest:tt)*) => {
        $crate::target::write::closed_text($out, key!(",\"", $outer, "\":{\"", $key, "\":\""), $value, bytes!("}"));
        members!(@to $close, $out; $($rest)*);
    };
    (@to $close:literal, $out:ident; $outer:literal { $key:literal: [text($value:expr)]; } $($rest:tt)*) => {
        $crate::target::write::closed_text($out, key!(",\"", $outer, "\":{\"", $key, "\":[\""), $value, bytes!("]}"));
        members!(@to $close, $out; $($rest)*);
    };
    (@to $close:literal, $out:ident;
        $outer:literal { $key:literal [for $item:pat in $items:expr => $text:expr]; } $($rest:tt)*) => {
        $crate::target::write::enclosed($out, bytes!(",\"", $outer, "\":{\"", $key, "\":"), b'[', bytes!("]}"), |$out| {
            for $item in $items {
                $out.put_quoted(key!(",\""), $text);
            }
        });
        members!(@to $close, $out; $($rest)*);
    };

    // Objects that begin with what is always there.
    (@to $close:literal, $out:ident;
        $outer:literal { $key:literal: always($value:expr); $($inner:tt)* } $($rest:tt)*) => {
        $out.put_quoted(key!(",\"", $outer, "\":{\"", $key, "\":\""), $value);
        members!(@to "}", $out; $($inner)*);
        members!(@to $close, $out; $($rest)*);
    };
    (@to $close:literal, $out:ident;
        $outer:literal { $key:literal = $value:tt $(, $more:literal = $other:tt)*; } $($rest:tt)*) => {
        $crate::target::write::constant(
            $out,
            bytes!(",\"", $outer, "\":{\"", $key, "\":", stringify!($value) $(, ",\"", $more, "\":", stringify!($other))*, "}"),
        );
        members!(@to $close, $out; $($rest)*);
    };

    // Other objects.
    (@to $close:literal, $out:ident;
        $outer:literal always { $key:literal: text($value:expr); $($inner:tt)* } $($rest:tt)*) => {
        let start = $out.len() + concat!(",\"", $outer, "\":").len();
        match $value {
            None => $crate::target::write::constant($out, bytes!(",\"", $outer, "\":")),
            some => $crate::target::write::text($out, key!(",\"", $outer, "\":{\"", $key, "\":\""), some),
        }
        members!(@to "}", $out; $($inner)*);
        $out.set(start, b'{');
        members!(@to $close, $out; $($rest)*);
    };
    (@to $close:literal, $out:ident; $outer:literal always { $($inner:tt)* } $($rest:tt)*) => {
        $crate::target::write::constant($out, bytes!(",\"", $outer, "\":"));
        let start = $out.len();
        members!(@to "}", $out; $($inner)*);
        $out.set(start, b'{');
        members!(@to $close, $out; $($rest)*);
    };
    (@to $close:literal, $out:ident; $outer:literal { $($inner:tt)* } $($rest:tt)*) => {
        $crate::target::write::enclosed($out, bytes!(",\"", $outer, "\":"), b'{', bytes!("}"), |$out| {
            members!($out; $($inner)*);
        });
        members!(@to $close, $out; $($rest)*);
    };
}

/// Writes a whole event: members, as [`members`] has them, in braces.
macro_rules! event {
    ($out:ident; $($rules:tt)*) => {
        let start = $out.len();
        members!(@to "}", $out; $($rules)*);
        $out.set(start, b'{');
    };
}
pub(super) use {bytes, event, key, members};

use crate::lanes::{Fragment, Out, Span};
use crate::record::Text;

/// Writes a constant. `None` cannot be: the bytes are as many as they are.
#[inline]
pub(super) fn constant<const N: usize>(out: &mut Out, bytes: Option<&[u8; N]>) {
    if let Some(bytes) = bytes {
        out.put_array(bytes);
    }
}

/// Writes text between quotes that are there.
#[inline]
pub(super) fn inside(out: &mut Out, text: Text<'_>) {
    if text.plain {
        out.put_span(text.span);
    } else {
        out.put_escaped(text.bytes());
    }
}

/// Writes a member with a text as value; `key` ends with the value's first quote.
#[cfg_attr(feature = "interpreted", inline(never))]
#[cfg_attr(not(feature = "interpreted"), inline)]
pub(super) fn text(out: &mut Out, key: &Fragment, value: Option<Text<'_>>) {
    match value {
        None => {}
        Some(value) if value.plain => out.put_quoted(key, value.span),
        Some(value) => escaped(out, key, value),
    }
}

/// Writes a member with text that can stand in a JSON string as it is; `key` ends with the value's first quote.
#[inline]
pub(super) fn span(out: &mut Out, key: &Fragment, value: Option<Span<'_>>) {
    if let Some(value) = value {
        out.put_quoted(key, value);
    }
}

/// Writes a member with a text as value, and what closes it behind the quote; `key` ends with the value's first quote.
#[inline]
pub(super) fn closed_text<const N: usize>(
    out: &mut Out,
    key: &Fragment,
    value: Option<Text<'_>>,
    close: Option<&[u8; N]>,
) {
    if value.is_some() {
        text(out, key, value);
        constant(out, close);
    }
}

#[cold]
fn escaped(out: &mut Out, key: &Fragment, value: Text<'_>) {
    out.put_fragment(key);
    out.put_escaped(value.bytes());
    out.put_byte(b'"');
}

/// Writes a member with a number, and what closes it; `key` ends with its colon.
#[inline]
pub(super) fn number<const N: usize, const M: usize>(
    out: &mut Out,
    key: Option<&[u8; N]>,
    value: Option<impl itoa::Integer>,
    close: Option<&[u8; M]>,
) {
    if let Some(value) = value {
        constant(out, key);
        out.put(itoa::Buffer::new().format(value).as_bytes());
        constant(out, close);
    }
}

/// Writes a member that is an object or an array; `key` ends with its colon. Every element begins with a comma, and the
/// first one becomes the opening bracket. Without elements nothing is written at all.
#[inline]
pub(super) fn enclosed<const N: usize, const M: usize>(
    out: &mut Out,
    key: Option<&[u8; N]>,
    open: u8,
    close: Option<&[u8; M]>,
    elements: impl FnOnce(&mut Out),
) {
    let before = out.len();
    constant(out, key);
    let start = out.len();
    elements(out);
    if out.len() == start {
        out.truncate(before);
    } else {
        out.set(start, open);
        constant(out, close);
    }
}
