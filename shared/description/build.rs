//! Makes what is served of `api/openapi.yaml` and of the viewer in `vendor`: nothing is converted, packed or measured while a
//! function starts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

const YAML: &str = "../../api/openapi.yaml";
const BUNDLE: &str = "vendor/swagger-ui-bundle.js";
const VIEWER_STYLE: &str = "vendor/swagger-ui.css";
const START: &str = "page/start.js";
const STYLE: &str = "page/style.css";
const PAGE: &str = "page/page.html";

#[expect(clippy::disallowed_methods, reason = "Cargo says in the environment where a build script may write")]
fn main() -> Result<(), Box<dyn Error>> {
    for file in [YAML, BUNDLE, VIEWER_STYLE, START, STYLE, PAGE] {
        println!("cargo::rerun-if-changed={file}");
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // Members stay in their order: a viewer shows them so.
    let description: serde_yaml_ng::Value = serde_yaml_ng::from_str(&fs::read_to_string(YAML)?)?;
    fs::write(out.join("openapi.json"), serde_json::to_string(&description)?)?;
    write_page(&out)
}

/// One page with everything in it, and the policy that lets in what is in it and nothing else.
fn write_page(out: &Path) -> Result<(), Box<dyn Error>> {
    let script = inline(&[fs::read_to_string(BUNDLE)?, fs::read_to_string(START)?], "script")?;
    let style = inline(&[fs::read_to_string(VIEWER_STYLE)?, fs::read_to_string(STYLE)?], "style")?;
    // Images are those that stand in the viewer's style.
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; img-src data:; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        hash(&script),
        hash(&style)
    );
    let page = fs::read_to_string(PAGE)?.replace("{style}", &style).replace("{script}", &script);
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(page.as_bytes())?;
    fs::write(out.join("page.html.gz"), packed.finish()?)?;
    fs::write(out.join("policy.txt"), policy)?;
    Ok(())
}

/// Texts as they can stand in an element. Between `<!--` and `<script`, the end of a script is not its end (HTML Standard, "Restrictions
/// for contents of script elements"), so that no comment may seem to begin; `\x3C` is the same sign in every literal of the language.
fn inline(texts: &[String], element: &str) -> Result<String, String> {
    let text = texts.join("\n").replace("<!--", "\\x3C!--");
    if text.to_ascii_lowercase().contains(&format!("</{element}")) {
        return Err(format!("{element}: its end stands in it"));
    }
    Ok(text)
}

/// How a policy names the text of an element (W3C, Content Security Policy Level 3, "hash-source").
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}
