//! How many edits lie between two texts.

/// Optimal string alignment: letters added, left out, exchanged, neighbours swapped; each counts one. Stops above
/// `limit` and says `limit + 1` then.
pub(crate) fn osa<T: PartialEq>(left: &[T], right: &[T], limit: usize) -> usize {
    if left.len().abs_diff(right.len()) > limit {
        return limit + 1;
    }
    let width = right.len() + 1;
    let mut before: Vec<usize> = vec![0; width];
    let mut above: Vec<usize> = (0..width).collect();
    let mut row: Vec<usize> = vec![0; width];
    for (i, a) in left.iter().enumerate() {
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let mut best = (above[j] + usize::from(a != b))
                .min(above[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(before[j - 1] + 1);
            }
            row[j + 1] = best;
        }
        if row.iter().min().is_some_and(|least| *least > limit) {
            return limit + 1;
        }
        std::mem::swap(&mut before, &mut above);
        std::mem::swap(&mut above, &mut row);
    }
    above[width - 1].min(limit + 1)
}

#[cfg(test)]
mod tests {
    use super::osa;

    #[test]
    fn each_kind_of_edit_counts_one() {
        for (other, edits) in [
            ("contoso", 0),
            ("contso", 1),
            ("conttoso", 1),
            ("cantoso", 1),
            ("cnotoso", 1),
            ("kontosa", 2),
        ] {
            assert_eq!(osa(b"contoso", other.as_bytes(), 5), edits, "{other}");
        }
        assert_eq!(osa(b"contoso", b"fabrikam", 2), 3, "above the limit");
    }
}
