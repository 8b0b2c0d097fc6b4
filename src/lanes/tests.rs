//! Every operation against the same byte by byte, and against its scalar twin.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::{
    AT_ONCE, BLOCK, Block, Fragment, INTERPRETED, Literal, Out, STRIDE, Span, WINDOW, into_text, is_plain,
    plain_len,
};

/// Text in which plain characters and those that are not are about as frequent.
fn mixed() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        Just(b'"'),
        Just(b'\\'),
        Just(0x1F),
        Just(0x20),
        Just(0x7F),
        Just(0x80),
        any::<u8>()
    ];
    let rare = prop_oneof![40 => Just(b'a'), 1 => byte.clone()];
    prop_oneof![
        proptest::collection::vec(byte, 0..100),
        proptest::collection::vec(rare, 0..200)
    ]
}

fn escaped(text: &[u8]) -> Vec<u8> {
    let mut out = Out::default();
    for &byte in text {
        if is_plain(byte) {
            out.put_byte(byte);
        } else {
            out.put_escape(byte);
        }
    }
    out.into_inner()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 8 } else { 256 }, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_block_finds_the_first_byte_that_is_not_plain(bytes in any::<[u8; BLOCK]>()) {
        let expected = bytes.iter().take_while(|&&byte| is_plain(byte)).count();
        // SAFETY: sixteen bytes are there.
        let block = unsafe { Block::load(bytes.as_ptr()) };
        let expected = if expected == BLOCK { STRIDE } else { expected };
        prop_assert_eq!(Block::plain_bytes([[block].as_slice(), &[Block::splat(b'a'); AT_ONCE]].concat()[..AT_ONCE].try_into().unwrap()), expected);
        prop_assert_eq!(block.has_non_ascii(), !bytes.is_ascii());
    }

    #[test]
    fn a_block_knows_its_bytes(bytes in any::<[u8; BLOCK]>(), byte in any::<u8>(), limit in 1_u8..=0x80) {
        // SAFETY: sixteen bytes are there.
        let block = unsafe { Block::load(bytes.as_ptr()) };
        let mask = |is: &dyn Fn(u8) -> bool| (0..BLOCK).fold(0, |mask, i| mask | u32::from(is(bytes[i])) << i);
        prop_assert_eq!(block.equal(byte), mask(&|b| b == byte));
        prop_assert_eq!(block.equal(bytes[3]), mask(&|b| b == bytes[3]));
        prop_assert_eq!(block.below(limit), mask(&|b| b < limit));
        let mut lower = [0; BLOCK];
        // SAFETY: sixteen bytes are there.
        unsafe { block.ascii_lower().store(lower.as_mut_ptr()) };
        prop_assert_eq!(lower, bytes.map(|b| b.to_ascii_lowercase()));
    }

    #[test]
    fn lower_case_agrees_with_byte_by_byte(text in "[A-Za-z@.]{0,70}|[@-\\[`-{]{16}|.{0,40}", behind in 0_usize..70) {
        let text = text.as_bytes();
        let mut buffer = text.to_vec();
        buffer.resize(text.len() + behind, 0xC3);
        let mut out = Out::new(b"before".to_vec());
        let result = out.put_lower(Span::new(&buffer, 0..text.len()));
        if text.is_ascii() {
            prop_assert_eq!(result.unwrap(), text.iter().rposition(|&byte| byte == b'@'));
            prop_assert_eq!(&out.as_slice()[6..], text.to_ascii_lowercase());
        } else {
            prop_assert!(result.is_err());
            prop_assert_eq!(out.as_slice(), b"before");
        }
    }

    #[test]
    fn colons_zeros_and_digits_are_found(text in "[0-9a-gA-F:/`]{0,50}", behind in 0_usize..60) {
        let mut buffer = text.clone().into_bytes();
        buffer.resize(text.len() + behind, b'0');
        let found = Span::new(&buffer, 0..text.len()).colons_zeros_and_digits();
        let mask = |is: &dyn Fn(u8) -> bool| text.bytes().take(48).enumerate().fold(0, |mask, (i, b)| mask | u64::from(is(b)) << i);
        let expected = (mask(&|b| b == b':'), mask(&|b| b == b'0'), mask(&|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
        prop_assert_eq!(found, (buffer.len() >= 48).then_some(expected));
    }

    #[test]
    fn the_same_text_is_the_same(one in "[ab]{0,3}|a{0,70}", two in "[ab]{0,3}|a{0,70}", behind in 0_usize..70) {
        let (mut first, mut second) = (one.clone().into_bytes(), two.clone().into_bytes());
        first.resize(one.len() + behind, b'x');
        second.resize(two.len() + behind, b'y');
        let is = |a: &str, b: &str| Span::new(&first, 0..a.len()).is(Span::new(&second, 0..b.len()));
        prop_assert_eq!(is(&one, &two), one == two);
        let again = Span::new(&first, 0..one.len());
        prop_assert!(again.is(Span::alone(one.as_bytes())));
    }

    #[test]
    fn a_guid_is_known(guid in "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", wrong in 0_usize..36, by in any::<u8>()) {
        let mut buffer = guid.clone().into_bytes();
        buffer.extend([b'f'; 30]);
        let found = Span::new(&buffer, 0..guid.len()).dashed_guid().unwrap();
        let lower = guid.to_ascii_lowercase();
        prop_assert_eq!(&found[..36], lower.as_bytes());
        prop_assert!(Span::new(&buffer, 0..35).dashed_guid().is_none());
        let right = buffer[wrong];
        buffer[wrong] = by;
        let still = if right == b'-' { by == b'-' } else { by.is_ascii_hexdigit() };
        prop_assert_eq!(Span::new(&buffer, 0..guid.len()).dashed_guid().is_some(), still);
    }

    #[test]
    fn digits_and_dots_are_found(text in "[0-9./:a]{0,20}", behind in 0_usize..20) {
        let mut buffer = text.clone().into_bytes();
        buffer.resize(text.len() + behind, b'0');
        let found = Span::new(&buffer, 0..text.len()).digits_and_dots();
        let mask = |is: &dyn Fn(u8) -> bool| text.bytes().take(BLOCK).enumerate().fold(0, |mask, (i, b)| mask | u32::from(is(b)) << i);
        let expected = (mask(&|b| b.is_ascii_digit()), mask(&|b| b == b'.'));
        prop_assert_eq!(found, (buffer.len() >= BLOCK).then_some(expected));
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn the_twin_agrees(bytes in any::<[u8; BLOCK]>(), other in any::<[u8; BLOCK]>()) {
        use super::words;
        // SAFETY: sixteen bytes are there in each of the four places.
        unsafe {
            let (block, with) = (Block::load(bytes.as_ptr()), Block::load(other.as_ptr()));
            let (twin, twin_with) = (words::Block::load(bytes.as_ptr()), words::Block::load(other.as_ptr()));
            let plain = Block::plain_bytes([[block].as_slice(), &[Block::splat(b'"'); AT_ONCE]].concat()[..AT_ONCE].try_into().unwrap());
            prop_assert_eq!(plain.min(BLOCK), words::Block::plain_bytes([twin]));
            prop_assert_eq!(block.equal(bytes[3]), twin.equal(bytes[3]));
            prop_assert_eq!(block.below(0x30), twin.below(0x30));
            prop_assert_eq!(block.hex_digits(), twin.hex_digits());
            prop_assert_eq!(block.has_non_ascii(), twin.has_non_ascii());
            prop_assert_eq!(Block::zero().is_zero(), words::Block::zero().is_zero());
            for (block, twin) in [
                (block.or(with), twin.or(twin_with)),
                (block.xor(with), twin.xor(twin_with)),
                (block.and(with), twin.and(twin_with)),
                (block.xor(block), twin.xor(twin)),
                (block.ascii_lower(), twin.ascii_lower()),
                (block.add(other[0]), twin.add(other[0])),
                (Block::splat(bytes[0]), words::Block::splat(bytes[0])),
            ] {
                let (mut left, mut right) = ([0; BLOCK], [0; BLOCK]);
                block.store(left.as_mut_ptr());
                twin.store(right.as_mut_ptr());
                prop_assert_eq!(left, right);
                prop_assert_eq!(block.is_zero(), twin.is_zero());
            }
        }
    }

    #[test]
    fn text_is_what_the_standard_library_takes_for_it(bytes in mixed(), text in ".{0,60}") {
        prop_assert_eq!(into_text(bytes.clone()).ok(), String::from_utf8(bytes.clone()).ok());
        prop_assert_eq!(into_text(text.clone().into_bytes()), Ok(text.clone()));
        for start in 0..text.len().min(if cfg!(miri) { 2 } else { BLOCK + 3 }) {
            let cut = [&[b'a'; 20], &text.as_bytes()[start..], &[b'a'; 40], &bytes[..]].concat();
            prop_assert_eq!(into_text(cut.clone()).ok(), String::from_utf8(cut).ok());
        }
    }

    #[test]
    fn escaping_agrees_with_byte_by_byte(text in mixed()) {
        let mut out = Out::new(b"before".to_vec());
        out.put_escaped(&text);
        prop_assert_eq!(&out.as_slice()[6..], escaped(&text));
    }

    #[test]
    fn plain_text_is_copied_up_to_its_end(text in mixed(), start in 0_usize..20) {
        let mut out = Out::default();
        let (end, non_ascii) = out.put_plain(&text, start);
        let plain = plain_len(&text, start);
        prop_assert_eq!(plain, text.iter().skip(start).take_while(|&&byte| is_plain(byte)).count());
        if start <= text.len() {
            prop_assert_eq!(out.as_slice(), &text[start..end]);
            // Whole strides, or windows, were copied; only a rest shorter than one may be left.
            let rest = if INTERPRETED { WINDOW } else { STRIDE };
            prop_assert!(end == start + plain || text.len() - end < rest);
            prop_assert!(non_ascii || text[start..end].is_ascii());
        }
    }

    #[test]
    fn whatever_is_put_comes_out(pieces in proptest::collection::vec(mixed(), 0..10), behind in 0_usize..70) {
        let mut out = Out::default();
        for piece in &pieces {
            out.put(piece);
            out.put_literal(&Literal::new(piece));
            let mut buffer = piece.clone();
            buffer.resize(piece.len() + behind, b'x');
            let span = Span::new(&buffer, 0..piece.len());
            out.put_quoted(&Fragment::new(&piece[..piece.len().min(64)]), span);
            out.put_span(span);
            out.put_span(Span::alone(piece));
        }
        let expected: Vec<u8> = pieces
            .iter()
            .flat_map(|piece| [&piece[..], piece, &piece[..piece.len().min(64)], piece, b"\"", piece, piece].concat())
            .collect();
        prop_assert_eq!(out.into_inner(), expected);
    }

    #[test]
    fn a_literal_is_found_where_it_stands(text in mixed(), at in 0_usize..40, wrong in any::<usize>()) {
        let literal = Literal::new(&text);
        let mut bytes = vec![b'x'; at];
        bytes.extend_from_slice(&text);
        prop_assert!(literal.stands_in(&bytes, at));
        bytes.resize(bytes.len() + BLOCK, 0);
        prop_assert!(literal.stands_in(&bytes, at));
        prop_assert!(!literal.stands_in(&bytes, bytes.len() + 1));
        if !text.is_empty() {
            bytes[at + wrong % text.len()] ^= 1;
            prop_assert!(!literal.stands_in(&bytes, at));
        }
    }
}
