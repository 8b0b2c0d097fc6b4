//! Which letters look like which, and which keys lie side by side.
//!
//! The left column is what stands in the protected label, the right one what an imitator writes instead.
//! Registries differ in the letters that they let into a label, so that the table depends on the suffix.

/// ASCII letters that look like others, under every suffix.
#[rustfmt::skip]
pub(crate) const ASCII: &[(&str, &str)] = &[
    ("b", "d lb"),
    ("c", "e"),
    ("d", "b cl dl"),
    ("e", "c"),
    ("g", "q"),
    ("h", "lh"),
    ("i", "1 l"),
    ("k", "lc"),
    ("l", "1 i"),
    ("m", "n nn rn"),
    ("n", "m r"),
    ("o", "0"),
    ("q", "g"),
    ("u", "v"),
    ("v", "u"),
    ("w", "vv"),
    ("0", "o"),
    ("1", "i l"),
    ("3", "8"),
    ("6", "9"),
    ("8", "3"),
    ("9", "6"),
    ("rn", "m"),
    ("cl", "d"),
];

/// Under suffixes whose registries allow any letter.
#[rustfmt::skip]
pub(crate) const GENERIC: &[(&str, &str)] = &[
    ("a", "à á â ã ä å ā ă ą ǎ ȧ ɑ ə ạ"),
    ("b", "ƅ ɓ ʙ ḃ ḅ ḇ"),
    ("c", "ç ć ĉ ċ č ƈ ᴄ"),
    ("d", "ď đ ɖ ɗ ḋ ḍ ḏ ḑ ḓ"),
    ("e", "è é ê ë ē ĕ ė ę ě ȩ ɇ ḛ ẹ"),
    ("f", "ƒ ḟ"),
    ("g", "ĝ ğ ġ ģ ǥ ǧ ǵ ɡ ɢ"),
    ("h", "ĥ ħ ȟ ɦ ḣ ḥ ḧ ḩ ḫ ẖ ⱨ"),
    ("i", "ì í î ï ĩ ī ĭ į ı ǐ ȋ ɨ ɩ ɪ ỉ ị"),
    ("j", "ĵ ǰ ɉ ʝ"),
    ("k", "ķ ĸ ǩ ᴋ ḳ ḵ ⱪ"),
    ("l", "ĺ ļ ľ ł ɫ"),
    ("m", "ɱ ᴍ ḿ ṁ ṃ"),
    ("n", "ñ ń ņ ň ŋ ǹ ṅ ṇ ṉ ꞑ"),
    ("o", "ò ó ô õ ö ø ō ŏ ő ơ ȯ ᴏ ọ ỏ"),
    ("p", "ƥ ƿ ṕ ṗ"),
    ("q", "ʠ"),
    ("r", "ŕ ŗ ř ȑ ȓ ɍ ɼ ɽ ɾ ʀ ṙ ṛ ṟ"),
    ("s", "ś ŝ ş š ș ʂ ṡ ṣ ꜱ"),
    ("t", "ţ ť ŧ ƫ ț ṫ ṭ"),
    ("u", "ù ú û ü ũ ū ŭ ů ű ų ư ǔ ȕ ȗ ʉ ᴜ ụ"),
    ("v", "ᴠ ᶌ ṽ ṿ ⱱ ⱴ"),
    ("w", "ŵ ᴡ ẁ ẃ ẅ ẇ ẉ ẘ ⱳ"),
    ("x", "ẋ ẍ"),
    ("y", "ý ÿ ŷ ƴ ȳ ɏ ʏ ẏ ỵ ỿ"),
    ("z", "ź ż ž ƶ ʐ ᴢ ẓ ẕ ⱬ"),
    ("2", "ƻ"),
    ("3", "ʒ"),
    ("5", "ƽ"),
    ("ae", "æ"),
    ("oe", "œ"),
];

/// Under `.info`.
#[rustfmt::skip]
pub(crate) const INFO: &[(&str, &str)] = &[
    ("a", "á ä å ą"),
    ("c", "ć č"),
    ("e", "é ė ę"),
    ("i", "í į"),
    ("l", "ł"),
    ("n", "ñ ń"),
    ("o", "ó ö ø ő"),
    ("s", "ś š"),
    ("u", "ú ü ū ű ų"),
    ("z", "ź ż ž"),
    ("ae", "æ"),
];

/// Under `.br`.
#[rustfmt::skip]
pub(crate) const BR: &[(&str, &str)] = &[
    ("a", "à á â ã"),
    ("c", "ç"),
    ("e", "é ê"),
    ("i", "í"),
    ("o", "ó ô õ"),
    ("u", "ú ü"),
    ("y", "ý ÿ"),
];

/// Under `.dk`.
#[rustfmt::skip]
pub(crate) const DK: &[(&str, &str)] = &[
    ("a", "ä å"),
    ("e", "é"),
    ("o", "ö ø"),
    ("u", "ü"),
    ("ae", "æ"),
];

/// Under `.eu`, `.de` and `.pl`.
#[rustfmt::skip]
pub(crate) const EU: &[(&str, &str)] = &[
    ("a", "à á â ã ä å ā ă ą"),
    ("c", "ç ć ĉ ċ č"),
    ("d", "ď đ"),
    ("e", "è é ê ë ē ĕ ė ę ě"),
    ("g", "ĝ ğ ġ ģ"),
    ("h", "ĥ ħ"),
    ("i", "ì í î ï ĩ ī ĭ į"),
    ("j", "ĵ"),
    ("k", "ķ ĸ"),
    ("l", "ĺ ļ ľ ł"),
    ("n", "ñ ń ņ ň"),
    ("o", "ò ó ô õ ö ø ō ŏ ő"),
    ("r", "ŕ ŗ ř"),
    ("s", "ś ŝ ş š"),
    ("t", "ţ ť ŧ"),
    ("u", "ù ú û ü ũ ū ŭ ů ű ų"),
    ("w", "ŵ"),
    ("y", "ý ÿ ŷ"),
    ("z", "ź ż ž"),
    ("ae", "æ"),
    ("oe", "œ"),
];

/// Under `.fi`.
#[rustfmt::skip]
pub(crate) const FI: &[(&str, &str)] = &[
    ("a", "á â ä å"),
    ("c", "č"),
    ("d", "đ"),
    ("g", "ǥ ǧ"),
    ("k", "ǩ"),
    ("n", "ŋ"),
    ("o", "õ ö"),
    ("s", "š"),
    ("t", "ŧ"),
    ("z", "ž"),
    ("3", "ʒ"),
];

/// Under `.no`.
#[rustfmt::skip]
pub(crate) const NO: &[(&str, &str)] = &[
    ("a", "à á ä å"),
    ("c", "ç č"),
    ("e", "è é ê"),
    ("i", "ï"),
    ("n", "ñ ń ŋ"),
    ("o", "ò ó ô ö ø"),
    ("s", "š"),
    ("t", "ŧ"),
    ("u", "ü"),
    ("z", "ž"),
    ("ae", "æ"),
];

/// Under `.fr`, the French islands, `.be`, `.ch` and `.li`.
#[rustfmt::skip]
pub(crate) const FR: &[(&str, &str)] = &[
    ("a", "à á â ã ä å"),
    ("c", "ç"),
    ("e", "è é ê ë"),
    ("i", "ì í î ï"),
    ("n", "ñ"),
    ("o", "ò ó ô õ ö"),
    ("u", "ù ú û ü"),
    ("y", "ý ÿ"),
    ("ae", "æ"),
    ("oe", "œ"),
];

/// Under `.ca`.
#[rustfmt::skip]
pub(crate) const CA: &[(&str, &str)] = &[
    ("a", "à â"),
    ("c", "ç"),
    ("e", "è é ê ë"),
    ("i", "î ï"),
    ("o", "ô"),
    ("u", "ù û ü"),
    ("y", "ÿ"),
    ("ae", "æ"),
    ("oe", "œ"),
];

/// Keys that touch on a QWERTY, QWERTZ or AZERTY keyboard.
#[rustfmt::skip]
pub(crate) const KEYS: &[(char, &str)] = &[
    ('0', "9op"),
    ('1', "2aq"),
    ('2', "13aqwz"),
    ('3', "24ewz"),
    ('4', "35er"),
    ('5', "46rt"),
    ('6', "57tyz"),
    ('7', "68uyz"),
    ('8', "79iu"),
    ('9', "08io"),
    ('a', "12qswyz"),
    ('b', "ghnv"),
    ('c', "dfvx"),
    ('d', "cefrsx"),
    ('e', "34drswz"),
    ('f', "cdgrtv"),
    ('g', "bfhtvyz"),
    ('h', "bgjnuyz"),
    ('i', "89jkou"),
    ('j', "hikmnu"),
    ('k', "ijlmo"),
    ('l', "kmop"),
    ('m', "jklnp"),
    ('n', "bhjm"),
    ('o', "09iklp"),
    ('p', "0lmo"),
    ('q', "12aswz"),
    ('r', "45deft"),
    ('s', "adeqwxyz"),
    ('t', "56fgryz"),
    ('u', "78hijyz"),
    ('v', "bcfg"),
    ('w', "23aeqsx"),
    ('x', "cdswyz"),
    ('y', "67aghstux"),
    ('z', "2367aeghqstux"),
];

/// Cyrillic letters that look like Latin ones.
#[rustfmt::skip]
pub(crate) const CYRILLIC: &[(char, char)] = &[
    ('a', 'а'),
    ('b', 'ь'),
    ('c', 'с'),
    ('d', 'ԁ'),
    ('e', 'е'),
    ('g', 'ԍ'),
    ('h', 'һ'),
    ('i', 'і'),
    ('j', 'ј'),
    ('k', 'к'),
    ('l', 'ӏ'),
    ('m', 'м'),
    ('o', 'о'),
    ('p', 'р'),
    ('q', 'ԛ'),
    ('s', 'ѕ'),
    ('t', 'т'),
    ('v', 'ѵ'),
    ('w', 'ԝ'),
    ('x', 'х'),
    ('y', 'у'),
];

/// Glyphs beside [`ASCII`] under a public suffix.
pub(crate) fn beyond_ascii(suffix: &str) -> &'static [(&'static str, &'static str)] {
    match suffix {
        "ad" | "cz" | "sk" | "uk" | "co.uk" | "nl" | "edu" | "us" | "jp" | "co.jp" | "ad.jp" | "ne.jp"
        | "cn" | "com.cn" | "tw" | "com.tw" | "net.tw" => &[],
        "info" => INFO,
        "br" | "com.br" => BR,
        "dk" => DK,
        "eu" | "de" | "pl" => EU,
        "fi" => FI,
        "no" => NO,
        "be" | "fr" | "re" | "yt" | "pm" | "wf" | "tf" | "ch" | "li" => FR,
        "ca" => CA,
        _ => GENERIC,
    }
}
