use super::{MOST_TIMESPAN, Pack, split};

const RULE: &str = "title: One\nid: r1\nname: one\nlogsource:\n    product: m365\n    service: message_trace\ndetection:\n    \
                    selection:\n        email.direction: outbound\n    condition: selection\nlevel: low\n";

fn of(text: &str) -> Pack {
    let mut parts = Vec::new();
    split("f.yml", text, &mut parts);
    Pack::of(&parts)
}

fn correlation(rules: &str, timespan: &str) -> String {
    format!(
        "title: Many\nid: c1\ncorrelation:\n    type: event_count\n    rules:\n        - {rules}\n    group-by:\n        - \
         source.user.email\n    timespan: {timespan}\n    condition:\n        gte: 3\nlevel: high\n"
    )
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_the_others_are_taken() {
    let after = format!("# A comment.\n---\n{RULE}---\n");
    let rule = |wrong: &str| {
        format!(
            "{after}{}",
            RULE.replace("email.direction: outbound", wrong)
                .replace("r1", "r2")
        )
    };
    for (text, line, says) in [
        (rule("email.direction|sounds: outbound"), 23, "sounds"),
        (
            rule("process.name: cmd.exe"),
            23,
            "'process.name', which an archive does not keep",
        ),
        (rule("email.subject|re: '('"), 15, "regex"),
        (format!("{after}title: [\n"), 16, "node content, while"),
        (format!("{after}title: Nothing\n"), 15, ""),
        (
            format!("{after}{}", correlation("nowhere", "1h")),
            20,
            "refers to 'nowhere', which is no rule here",
        ),
        (
            format!("{after}{}", correlation("c1", "1h")),
            16,
            "refers to 'c1'",
        ),
        (
            format!("{after}{}", correlation("one", "32d")),
            23,
            "further than 31 days",
        ),
    ] {
        let pack = of(&text);
        assert_eq!(
            (pack.rules.rules.len(), pack.problems.len()),
            (1, 1),
            "{text}: {:?}",
            pack.problems
        );
        let said = &pack.problems[0];
        assert!(
            said.starts_with(&format!("f.yml:{line}: ")) && said.contains(says),
            "{said}"
        );
        assert_eq!(pack.rules.correlations.len(), 0);
    }
    assert_eq!(MOST_TIMESPAN, 31 * 86_400);
    let pack = of(&format!("{after}{}", correlation("one", "31d")));
    assert_eq!((pack.problems.len(), pack.rules.correlations.len()), (0, 1));
    assert_eq!(pack.about["c1"].place, "f.yml:15");
    assert_eq!(pack.about["c1"].threshold, Some(3));
}

#[test]
fn rules_about_other_sources_are_passed_over_with_what_counts_them() {
    let other = RULE
        .replace("message_trace", "audit")
        .replace("email.direction", "Operation");
    let pack = of(&format!("{other}---\n{}", correlation("one", "1h")));
    assert_eq!(
        (pack.rules.len(), pack.problems.len()),
        (0, 0),
        "{:?}",
        pack.problems
    );
}

#[test]
fn the_own_rules_are_all_taken() {
    let pack = Pack::load(&["builtin".to_owned()]).unwrap_or_else(|error| unreachable!("{error:#}"));
    assert_eq!(pack.problems, Vec::<String>::new());
    assert_eq!((pack.rules.rules.len(), pack.rules.correlations.len()), (17, 8));
}

#[test]
fn a_path_without_rules_is_an_error() {
    let folder = tempfile::tempdir().unwrap_or_else(|error| unreachable!("{error}"));
    let path = folder.path().display().to_string();
    assert!(Pack::load(std::slice::from_ref(&path)).is_err());
    assert!(Pack::load(&[format!("{path}/none")]).is_err());
    let large = folder.path().join("large.yml");
    for (size, is_read) in [(1 << 20, true), ((1 << 20) + 1, false)] {
        let mut text = format!("{RULE}# ");
        text.push_str(&"x".repeat(size - text.len()));
        assert!(std::fs::write(&large, text).is_ok());
        assert_eq!(Pack::load(std::slice::from_ref(&path)).is_ok(), is_read, "{size}");
    }
}
