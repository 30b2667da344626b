//! `cargo run -p resources --example draw -- NAME WIDTH FILE.png`: a drawing of `art/` as PNG, to look at it.

fn main() -> anyhow::Result<()> {
    let mut words = std::env::args().skip(1);
    let (Some(name), Some(width), Some(file)) = (words.next(), words.next(), words.next()) else {
        anyhow::bail!("give the drawing's name, a width in pixels and a file");
    };
    std::fs::write(file, resources::png(&name, width.parse()?)?)?;
    Ok(())
}
