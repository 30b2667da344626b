//! What a person sees: the pages, in dialog units of Windows Installer.

mod controls;
mod tables;

use crate::sequence::Step;
use crate::trasa::LAUNCH;
use controls::{Control, Dialog, Event, button, label, on};

pub(crate) use tables::rows;

/// Properties that the pages need.
pub(crate) const PROPERTIES: [(&str, &str); 3] =
    [("DefaultUIFont", "Plain"), ("ErrorDialog", ERROR), ("SETUPTITLE", "TRASA for Windows Setup")];

/// The drawing beside the heading, in the table `Binary`.
pub(crate) const PICTURE: &str = "picture";

const WELCOME: &str = "WelcomePage";
const MAINTENANCE: &str = "MaintenancePage";
const PROGRESS: &str = "ProgressPage";
const CANCEL: &str = "CancelPage";
const DONE: &str = "DonePage";
const ENDED: &str = "CancelledPage";
const FAILED: &str = "FailedPage";
const ERROR: &str = "ErrorPage";
/// Windows Installer looks for it by this name.
const IN_USE: &str = "FilesInUse";

/// Where the pages stand in the sequence.
#[must_use]
pub fn steps() -> Vec<Step> {
    let step = |action: &str, condition: &str, number| Step {
        action: action.to_owned(),
        condition: condition.to_owned(),
        number,
    };
    vec![
        step(FAILED, "", -3),
        step(ENDED, "", -2),
        step(DONE, "", -1),
        step(WELCOME, "NOT Installed", 1230),
        step(MAINTENANCE, "Installed AND NOT RESUME AND NOT Preselected", 1250),
        step(PROGRESS, "", 1280),
    ]
}

/// All pages, with the drawing where there is one.
fn dialogs(with_picture: bool) -> Vec<Dialog> {
    let pages =
        vec![welcome(), maintenance(), progress(), cancel(), done(), ended(), failed(), error(), in_use()];
    if !with_picture {
        return pages;
    }
    let large = |dialog: Dialog| {
        if dialog.is_page() {
            dialog.with(controls::icon("Picture", (20, 14, 32, 32), PICTURE))
        } else {
            dialog
        }
    };
    pages.into_iter().map(large).collect()
}

fn welcome() -> Dialog {
    Dialog::page(WELCOME)
        .with(heading("Install TRASA for Windows [ProductVersion]"))
        .with(label(
            "What",
            (20, 56, 330, 40),
            "TRASA asks for a second factor at the Windows logon: a push to the phone or a one-time code, once the password is right.",
        ))
        .with(label(
            "Safe",
            (20, 96, 330, 44),
            "Installing changes nothing at the logon. It is guarded only after you have configured this computer, checked who would get in, and armed it.",
        ))
        .with(
            label(
                "Upgrade",
                (20, 140, 330, 30),
                "An older version is installed. Its configuration stays, and so does the guard, where there is one. No restart is needed.",
            )
            .hidden_unless("OLDERVERSIONFOUND"),
        )
        .with(button("Install", LEFT_OF_CANCEL, "&Install").does(on("EndDialog", "Return")))
        .with(cancel_button())
        .first("Install")
}

fn maintenance() -> Dialog {
    Dialog::page(MAINTENANCE)
        .with(heading("Repair or remove TRASA for Windows"))
        .with(label(
            "RepairText",
            (140, 62, 210, 40),
            "Puts files and registration back as this version installed them. The configuration stays.",
        ))
        .with(
            button("Repair", (20, 62, 100, 20), "&Repair")
                .does(on("Reinstall", "ALL"))
                // Everything, also what looks intact.
                .does(on("ReinstallMode", "amus"))
                .does(on("EndDialog", "Return")),
        )
        .with(label(
            "RemoveText",
            (140, 112, 210, 64),
            "The logon is no longer guarded, and Windows signs in as it did before TRASA. The configuration stays, for the next installation; TrasaConfig forget --yes removes it, before this.",
        ))
        .with(
            button("Remove", (20, 112, 100, 20), "Re&move")
                .does(on("[MODE]", "Remove"))
                .does(on("Remove", "ALL"))
                .does(on("EndDialog", "Return")),
        )
        .with(cancel_button())
        .first("Repair")
}

fn progress() -> Dialog {
    Dialog::page(PROGRESS)
        .modeless()
        .with(heading("TRASA for Windows"))
        .with(label("Now", (20, 80, 330, 20), "").shows("ActionText"))
        .with(controls::progress_bar("Bar", (20, 104, 330, 12)))
        .with(cancel_button())
        .first("Cancel")
}

fn cancel() -> Dialog {
    Dialog::small(CANCEL)
        .with(label("Question", (20, 20, 220, 30), "Stop, and leave this computer as it was?"))
        .with(button("Yes", (72, 57, 56, 17), "&Yes").does(on("EndDialog", "Exit")))
        .with(button("No", (132, 57, 56, 17), "&No").does(on("EndDialog", "Return")))
        .first("No")
        .escape("No")
}

fn done() -> Dialog {
    // REMOVE is set where a command line asked for it, MODE where the page did.
    const REMOVED: &str = r#"REMOVE = "ALL" OR MODE = "Remove""#;
    const STAYS: &str = r#"REMOVE <> "ALL" AND MODE <> "Remove""#;
    let launch = on("DoAction", "LaunchPanel").when(&format!("{LAUNCH} AND NOT Installed"));
    Dialog::page(DONE)
        .with(heading("TRASA for Windows is installed").hidden_unless(STAYS))
        .with(heading("TRASA for Windows is removed").named("HeadingRemoved").hidden_unless(REMOVED))
        .with(
            label(
                "Next",
                (20, 56, 330, 60),
                "The logon of this computer is as it was before: nothing is guarded until you configure, check and arm. You find TrasaWIN in the Start menu.",
            )
            .hidden_unless("NOT Installed AND NOT OLDERVERSIONFOUND"),
        )
        .with(
            label(
                "Kept",
                (20, 56, 330, 60),
                "The configuration is the one of before, and so is the guard: armed if it was armed. No restart is needed.",
            )
            .hidden_unless(&format!("(Installed OR OLDERVERSIONFOUND) AND {STAYS}")),
        )
        .with(
            label(
                "Gone",
                (20, 56, 330, 60),
                "Windows signs in as it did before TRASA. The configuration is still there, for the next installation.",
            )
            .hidden_unless(REMOVED),
        )
        .with(
            controls::check_box(
                "Launch",
                (20, 130, 330, 18),
                LAUNCH,
                "&Launch TrasaWIN to configure now",
            )
            .hidden_unless("NOT Installed"),
        )
        .with(
            button("Finish", RIGHT, "&Finish")
                .does(launch)
                .does(on("EndDialog", "Return")),
        )
        .first("Finish")
        .escape("Finish")
}

fn ended() -> Dialog {
    last_page(ENDED, "Cancelled", STOPPED)
}

fn failed() -> Dialog {
    last_page(
        FAILED,
        "TRASA for Windows Setup failed",
        &format!(
            "{STOPPED} What was in the way stands in the application event log (source TRASA) and in the log that msiexec /l*v writes."
        ),
    )
}

/// A removal that is taken back registers again, and arms nothing: that is an administrator's to do.
const STOPPED: &str =
    "What was done was taken back. Only a guard that a removal had taken off stays off: arm it again.";

fn last_page(name: &'static str, title: &'static str, body: &str) -> Dialog {
    Dialog::page(name)
        .with(heading(title))
        .with(label("Why", (20, 56, 330, 60), body))
        .with(button("Finish", RIGHT, "&Finish").does(on("EndDialog", "Exit")))
        .first("Finish")
        .escape("Finish")
}

/// Windows Installer shows those of its buttons that fit the error.
fn error() -> Dialog {
    let answers = [
        ("A", "&Abort", "ErrorAbort"),
        ("C", "&Cancel", "ErrorCancel"),
        ("I", "&Ignore", "ErrorIgnore"),
        ("N", "&No", "ErrorNo"),
        ("O", "&OK", "ErrorOk"),
        ("R", "&Retry", "ErrorRetry"),
        ("Y", "&Yes", "ErrorYes"),
    ];
    let dialog = Dialog::small(ERROR).for_errors().with(label("ErrorText", (20, 10, 220, 44), ""));
    answers
        .into_iter()
        .fold(dialog, |dialog, (name, text, event)| {
            dialog.with(button(name, (102, 57, 56, 17), text).does(on("EndDialog", event)))
        })
        .first("ErrorText")
        .without_default()
}

fn in_use() -> Dialog {
    Dialog::page(IN_USE)
        .stays_up()
        .with(heading("Files in use"))
        .with(label(
            "What",
            (20, 56, 330, 30),
            "These programs hold files of TRASA. Close them and try again, or go on: what they hold goes with the next restart.",
        ))
        .with(controls::list("List", (20, 92, 330, 110), "FileInUseProcess"))
        .with(button("Retry", (180, 243, 56, 17), "&Retry").does(on("EndDialog", "Retry")))
        .with(button("Ignore", (240, 243, 56, 17), "&Go on").does(on("EndDialog", "Ignore")))
        .with(button("Exit", (304, 243, 56, 17), "&Stop").does(on("EndDialog", "Exit")))
        .first("Retry")
        .escape("Exit")
}

/// Where the button stands that goes on, left of Cancel.
const LEFT_OF_CANCEL: (i32, i32, i32, i32) = (244, 243, 56, 17);
/// Where the last button stands.
const RIGHT: (i32, i32, i32, i32) = (304, 243, 56, 17);

fn heading(text: &'static str) -> Control {
    label("Heading", (62, 20, 288, 20), &format!("{{\\Heading}}{text}"))
}

fn cancel_button() -> Control {
    let asks = Event { name: "SpawnDialog", argument: CANCEL, condition: None };
    button("Cancel", RIGHT, "&Cancel").does(asks)
}
