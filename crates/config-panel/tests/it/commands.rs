//! That the program can be a window does not change it on the command line.

use std::process::{Command, Stdio};

fn run(words: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(super::PROGRAM).args(words).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn what_is_piped_comes_through_with_the_exit_code() {
    let (code, out, err) = run(&["--version"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains(env!("CARGO_PKG_VERSION")), "{out}");
    let (code, out, err) = run(&["--json"]);
    assert_eq!((code, out.as_str()), (Some(2), ""), "an option alone is no panel");
    assert!(err.contains("\"code\":\"usage\""), "{err}");
    let (code, _, err) = run(&["frobnicate"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("frobnicate"), "{err}");
}

#[test]
fn what_goes_to_a_file_is_all_there() {
    let path = std::env::temp_dir().join(format!("trasa-help-{}.txt", std::process::id()));
    let file = std::fs::File::create(&path).unwrap();
    let status =
        Command::new(super::PROGRAM).arg("--help").stdin(Stdio::null()).stdout(file).status().unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(status.success());
    assert!(text.contains("Without any argument") && text.contains("Exit codes:"), "{text}");
}
