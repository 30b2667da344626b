//! `logon-host`: see docs/logon-host.md.

#[cfg(windows)]
mod command_line;

#[cfg(not(windows))]
#[expect(clippy::print_stderr, reason = "the whole of what the program says on other systems")]
fn main() -> std::process::ExitCode {
    eprintln!("logon-host plays LogonUI to a Windows DLL: it runs on Windows or in Wine only.");
    std::process::ExitCode::from(2)
}

#[cfg(windows)]
fn main() {
    std::process::exit(command_line::main());
}
