//! Makes the sealed component out of the normalizer's core module, and says what a component imports and exports.

mod locals;

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};
use wasmparser::{Parser, Payload};
use wit_component::{ComponentEncoder, WitPrinter};
use wit_parser::Resolve;

pub use locals::without_tees;

/// What a component asks of its host and what it offers, as `namespace:package/interface@version`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Empty for a sealed component.
    pub imports: Vec<String>,
    /// In the component's order.
    pub exports: Vec<String>,
}

/// Wraps a core module that holds its own WIT, as `wit-bindgen` leaves it. The result is validated.
///
/// # Errors
///
/// If the module is none, holds no WIT, or asks for something that is not in its world.
pub fn seal(module: &[u8]) -> Result<Vec<u8>> {
    let component = ComponentEncoder::default()
        .validate(true)
        .module(module)
        .context("this is no core module with a WIT world inside")?
        .encode()
        .context("the module does not fit its world")?;
    ensure!(
        !describe(&component)?.exports.is_empty(),
        "this module holds no WIT world: it would export nothing"
    );
    Ok(component)
}

/// Reads what a component imports and exports at its outermost level.
///
/// # Errors
///
/// If the bytes are no component.
pub fn describe(component: &[u8]) -> Result<Contents> {
    let mut contents = Contents::default();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload.context("this is no component")? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    contents.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    contents.exports.push(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(contents)
}

/// What the component exports as WIT text without comments and `@since`, for comparison with `wit/`.
///
/// # Errors
///
/// If the bytes are no component.
pub fn wit(component: &[u8]) -> Result<String> {
    let decoded = wit_component::decode(component)?;
    interfaces(decoded.resolve())
}

/// The interfaces of a folder of WIT files as text without comments and `@since`.
///
/// # Errors
///
/// If the folder holds no valid WIT.
pub fn wit_of_folder(folder: &Path) -> Result<String> {
    let mut resolve = Resolve::default();
    resolve.push_path(folder)?;
    interfaces(&resolve)
}

fn interfaces(resolve: &Resolve) -> Result<String> {
    let mut text = String::new();
    for (_, package) in &resolve.packages {
        for id in package.interfaces.values() {
            let Some(name) = resolve.id_of(*id) else { continue };
            let mut printer = WitPrinter::default();
            printer.emit_docs(false);
            printer.print_interface(resolve, *id)?;
            // A component does not keep since when an item is there.
            let printed = printer.output.to_string();
            let items = printed
                .lines()
                .filter(|line| !line.trim_start().starts_with("@since"));
            let _ = writeln!(text, "{name}\n{}", items.collect::<Vec<_>>().join("\n"));
        }
    }
    Ok(text)
}

/// The SHA-256 of the bytes, in lower-case hex.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
