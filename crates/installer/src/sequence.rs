//! What happens in which order. The numbers of the standard actions are
//! [Microsoft's suggested ones](https://learn.microsoft.com/windows/win32/msi/suggested-installexecutesequence).

use crate::description::{Action, Moment};

/// One row of a sequence table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// A standard action, one of ours, or a dialog.
    pub action: String,
    /// Whether; empty for always.
    pub condition: String,
    /// When; negative numbers stand for the ways an installation can end.
    pub number: i16,
}

/// What installs, repairs, upgrades and removes.
///
/// The old product goes last, when the new one is complete and registered: at no moment is an armed machine without
/// its provider, and a removal that fails leaves the new version working. Its removal action finds another version's
/// registration and leaves everything alone.
#[must_use]
pub fn install_execute(actions: &[Action]) -> Vec<Step> {
    let mut steps = standard(&[
        ("FindRelatedProducts", 25),
        ("AppSearch", 50),
        ("LaunchConditions", 100),
        ("ValidateProductID", 700),
        ("CostInitialize", 800),
        ("FileCost", 900),
        ("CostFinalize", 1000),
        ("InstallValidate", 1400),
        ("InstallInitialize", 1500),
        ("ProcessComponents", 1600),
        ("UnpublishFeatures", 1800),
        ("RemoveRegistryValues", 2600),
        ("RemoveShortcuts", 3200),
        ("RemoveFiles", 3500),
        ("InstallFiles", 4000),
        ("CreateShortcuts", 4500),
        ("WriteRegistryValues", 5000),
        ("RegisterUser", 6000),
        ("RegisterProduct", 6100),
        ("PublishFeatures", 6300),
        ("PublishProduct", 6400),
        ("InstallFinalize", 6600),
        ("RemoveExistingProducts", 6700),
    ]);
    // What takes back stands before what it takes back, or it would not be known yet when that fails.
    let first = |moment| match moment {
        Moment::RemovalTakenBack => Some(1900),
        Moment::BeforeFilesGo => Some(2000),
        Moment::InstallationTakenBack => Some(5500),
        Moment::FilesAreThere => Some(5600),
        Moment::LastPage => None,
    };
    for (position, action) in (0_i16..).zip(actions) {
        if let Some(number) = first(action.moment) {
            steps.push(Step {
                action: action.name.to_owned(),
                condition: action.condition.to_owned(),
                number: number + position,
            });
        }
    }
    steps.sort_by_key(|step| step.number);
    steps
}

/// What a person sees before and after; the pages themselves are added by [`crate::pages`].
#[must_use]
pub fn install_ui() -> Vec<Step> {
    standard(&[
        ("FindRelatedProducts", 25),
        ("AppSearch", 50),
        ("LaunchConditions", 100),
        ("ValidateProductID", 700),
        ("CostInitialize", 800),
        ("FileCost", 900),
        ("CostFinalize", 1000),
        ("ExecuteAction", 1300),
    ])
}

/// `msiexec /a`: unpacks the files for an administrator.
#[must_use]
pub fn admin_execute() -> Vec<Step> {
    standard(&[
        ("CostInitialize", 800),
        ("FileCost", 900),
        ("CostFinalize", 1000),
        ("InstallValidate", 1400),
        ("InstallInitialize", 1500),
        ("InstallAdminPackage", 3900),
        ("InstallFiles", 4000),
        ("InstallFinalize", 6600),
    ])
}

/// The pages of `msiexec /a`: none but the progress that Windows Installer itself shows.
#[must_use]
pub fn admin_ui() -> Vec<Step> {
    standard(&[("CostInitialize", 800), ("FileCost", 900), ("CostFinalize", 1000), ("ExecuteAction", 1300)])
}

/// Advertising (`msiexec /j`, packages that a policy assigns).
#[must_use]
pub fn advertise() -> Vec<Step> {
    standard(&[
        ("CostInitialize", 800),
        ("CostFinalize", 1000),
        ("InstallValidate", 1400),
        ("InstallInitialize", 1500),
        ("CreateShortcuts", 4500),
        ("PublishFeatures", 6300),
        ("PublishProduct", 6400),
        ("InstallFinalize", 6600),
    ])
}

fn standard(actions: &[(&str, i16)]) -> Vec<Step> {
    let step = |(action, number): &(&str, i16)| Step {
        action: (*action).to_owned(),
        condition: String::new(),
        number: *number,
    };
    actions.iter().map(step).collect()
}
