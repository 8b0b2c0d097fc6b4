//! Tables as HTML, and the template that they are put into.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use super::tables::{Table, Tables};

/// The marks of the template: title, tables, data.
const MARKS: [&str; 3] = [
    "<!--report:title-->",
    "<!--report:tables-->",
    "<!--report:data-->",
];

/// The page, before it is filled.
pub(super) struct Template<'a> {
    text: &'a str,
    /// Where each mark begins.
    places: [usize; 3],
}

impl<'a> Template<'a> {
    /// Each mark has to be there once.
    pub(super) fn new(text: &'a str) -> Result<Self> {
        let mut places = [0; 3];
        for (place, mark) in places.iter_mut().zip(MARKS) {
            let mut found = text.match_indices(mark);
            match (found.next(), found.next()) {
                (Some((at, _)), None) => *place = at,
                _ => bail!("the template is not the one of this program: it must have {mark} once"),
            }
        }
        Ok(Self { text, places })
    }

    /// The page with a title, tables and data; these two stand in it as they are.
    pub(super) fn filled(&self, title: &str, tables: &str, data: &str) -> String {
        let title = escaped(title);
        let mut parts: Vec<(usize, &str, &str)> = self
            .places
            .iter()
            .zip(MARKS)
            .zip([title.as_str(), tables, data])
            .map(|((&at, mark), text)| (at, mark, text))
            .collect();
        parts.sort_unstable();
        let length = self.text.len() + title.len() + tables.len() + data.len();
        let mut page = String::with_capacity(length);
        let mut rest = 0;
        for (at, mark, text) in parts {
            page.push_str(self.text.get(rest..at).unwrap_or_default());
            page.push_str(text);
            rest = at + mark.len();
        }
        page.push_str(self.text.get(rest..).unwrap_or_default());
        page
    }
}

/// All tables.
pub(super) fn tables(tables: &Tables) -> String {
    let mut html = format!(
        "<h1>{}</h1><p>{}</p>\n",
        escaped(&tables.title),
        escaped(&tables.lead)
    );
    for table in &tables.all {
        push_table(&mut html, table);
    }
    if !tables.notes.is_empty() {
        html.push_str("<section><h2>Notes</h2><ul>");
        for note in &tables.notes {
            let _ = write!(html, "<li>{}</li>", escaped(note));
        }
        html.push_str("</ul></section>\n");
    }
    html
}

// Writing to a string cannot fail.
fn push_table(html: &mut String, table: &Table) {
    let _ = write!(html, "<section><h2>{}</h2>", escaped(table.title));
    if let Some(lead) = &table.lead {
        let _ = write!(html, "<p>{}</p>", escaped(lead));
    }
    if !table.rows.is_empty() {
        html.push_str("<table class=\"plain\"><thead><tr>");
        for head in &table.head {
            let class = if head.is_number { " class=\"number\"" } else { "" };
            let _ = write!(html, "<th scope=\"col\"{class}>{}</th>", escaped(head.name));
        }
        html.push_str("</tr></thead>\n<tbody>");
        for row in &table.rows {
            html.push_str("<tr>");
            for (at, (cell, head)) in row.iter().zip(&table.head).enumerate() {
                let cell = escaped(cell);
                let _ = match (at, head.is_number) {
                    (0, _) => write!(html, "<th scope=\"row\">{cell}</th>"),
                    (_, true) => write!(html, "<td class=\"number\">{cell}</td>"),
                    (_, false) => write!(html, "<td>{cell}</td>"),
                };
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</tbody></table>");
    }
    html.push_str("</section>\n");
}

/// Text in HTML, and in an attribute between double quotes.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::{Template, escaped};

    #[test]
    fn marks_are_replaced_wherever_they_stand_and_texts_cannot_bring_new_ones() {
        let text = "a<!--report:data-->b<!--report:title-->c<!--report:tables-->d";
        let page = Template::new(text).map(|template| {
            template.filled(
                "<!--report:data-->",
                "<!--report:title-->",
                "<!--report:tables-->",
            )
        });
        assert_eq!(
            page.ok().as_deref(),
            Some("a<!--report:tables-->b&lt;!--report:data--&gt;c<!--report:title-->d")
        );
        assert!(Template::new("<!--report:title--><!--report:tables-->").is_err());
        let twice = format!("{text}<!--report:data-->");
        assert!(Template::new(&twice).is_err());
    }

    #[test]
    fn no_text_ends_what_it_stands_in() {
        assert_eq!(
            escaped("</script><!-- & \"x\""),
            "&lt;/script&gt;&lt;!-- &amp; &quot;x&quot;"
        );
    }
}
