//! The original's protocol: its agents at our server, our agent at its server.

use anyhow::Result;

use super::original_words::{ALLOWED, common_questions, refused, says};
use super::{Scene, Seen, Stage};
use crate::demo::original_agent::{DEPRECATED, UNIX, WINDOWS};
use crate::demo::people::{ANNA, code_of};

pub const ORIGINAL_WORDS: Scene = Scene {
    name: "original-words",
    title: "an original agent's requests to the stand-in of an original server, byte for byte",
    run: original_words,
};

fn original_words(stage: &mut Stage, seen: &mut Seen) -> Result<String> {
    let server = stage.original_server(&["--user", ANNA.name, "--quirk", "push=none"])?;
    let agent = server.agent()?;
    common_questions(seen, &agent)?;
    let code = code_of(&server.kept("totp_secret")?, 0)?;
    let wrong = if code == "123456" { "123457" } else { "123456" };
    let account = ANNA.account();
    says(seen, "a wrong code", agent.login(&account, "anna", wrong), &refused("INVALID_TOTP"))?;
    says(seen, "no phone", agent.login(&account, "anna", ""), &refused("DEVICE_NOT_FOUND"))?;
    for path in [WINDOWS, UNIX, DEPRECATED] {
        says(
            seen,
            &format!("the right code at {path}"),
            agent.login_at(path, &account, "anna", &code),
            ALLOWED,
        )?;
    }
    let by_address = agent.login(r"\anna", "anna@acme.example", &code);
    says(seen, "the same code once more, the user by email address", by_address, ALLOWED)?;
    Ok("each answer is the original's; the fault is played too: it takes a code as often as it comes"
        .to_owned())
}
