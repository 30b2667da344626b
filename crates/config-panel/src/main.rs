//! TrasaConfig.exe. Everything is in the library, so that it is tested where there is no Windows.

use std::process::ExitCode;

fn main() -> ExitCode {
    config_panel::main()
}
