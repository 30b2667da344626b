//! The report task: `\TRASA\Report`, of SYSTEM, hourly, after each start, and when the network is back.

use agent::printable::printable;

/// Folder of the Task Scheduler's library.
pub const FOLDER: &str = r"\TRASA";
/// Name of the task in it.
pub const NAME: &str = "Report";

/// Windows writes this when a network is there that was not before.
const NETWORK_IS_BACK: &str = r#"<QueryList><Query Id="0" Path="Microsoft-Windows-NetworkProfile/Operational"><Select Path="Microsoft-Windows-NetworkProfile/Operational">*[System[Provider[@Name='Microsoft-Windows-NetworkProfile'] and EventID=10000]]</Select></Query></QueryList>"#;

/// The task's definition, of the
/// [Task Scheduler's schema](https://learn.microsoft.com/windows/win32/taskschd/task-scheduler-schema) 1.2, which
/// Windows 7 knows. `program` is the whole path of TrasaConfig.exe.
#[must_use]
pub fn xml(program: &str) -> String {
    let (program, network) = (escaped(&printable(program)), escaped(NETWORK_IS_BACK));
    format!(
        r#"<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Author>TRASA</Author>
    <Description>Tells the TRASA server how this computer is, with offline logons that it does not know of yet.</Description>
    <URI>{FOLDER}\{NAME}</URI>
  </RegistrationInfo>
  <Triggers>
    <TimeTrigger>
      <Repetition>
        <Interval>PT1H</Interval>
        <StopAtDurationEnd>false</StopAtDurationEnd>
      </Repetition>
      <StartBoundary>2026-01-01T00:00:00</StartBoundary>
      <Enabled>true</Enabled>
      <RandomDelay>PT10M</RandomDelay>
    </TimeTrigger>
    <BootTrigger>
      <Enabled>true</Enabled>
      <Delay>PT1M</Delay>
    </BootTrigger>
    <EventTrigger>
      <Enabled>true</Enabled>
      <Subscription>{network}</Subscription>
    </EventTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>S-1-5-18</UserId>
      <RunLevel>HighestAvailable</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <AllowStartOnDemand>true</AllowStartOnDemand>
    <Enabled>true</Enabled>
    <Hidden>false</Hidden>
    <RunOnlyIfIdle>false</RunOnlyIfIdle>
    <WakeToRun>false</WakeToRun>
    <ExecutionTimeLimit>PT10M</ExecutionTimeLimit>
    <Priority>7</Priority>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{program}</Command>
      <Arguments>report</Arguments>
    </Exec>
  </Actions>
</Task>
"#
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{NETWORK_IS_BACK, xml};

    #[test]
    fn the_task_is_read_back() {
        let text = xml(r"C:\Program Files\T&RASA\0.1.0\TrasaConfig.exe");
        let document = roxmltree::Document::parse(&text).expect("XML");
        let all =
            |name: &'static str| document.descendants().filter(move |node| node.tag_name().name() == name);
        let text_of = |name| all(name).next().and_then(|node| node.text());
        assert_eq!(text_of("Command"), Some(r"C:\Program Files\T&RASA\0.1.0\TrasaConfig.exe"));
        assert_eq!(text_of("Arguments"), Some("report"));
        assert_eq!(text_of("UserId"), Some("S-1-5-18"), "SYSTEM");
        assert_eq!(text_of("Interval"), Some("PT1H"), "hourly");
        assert_eq!(text_of("Subscription"), Some(NETWORK_IS_BACK));
        assert!(roxmltree::Document::parse(NETWORK_IS_BACK).is_ok());
        // A laptop on its battery reports too.
        assert_eq!(text_of("DisallowStartIfOnBatteries"), Some("false"));
        assert_eq!(text_of("StopIfGoingOnBatteries"), Some("false"));
        let triggers = all("Triggers").next().map(|node| node.children().filter(|c| c.is_element()).count());
        assert_eq!(triggers, Some(3));
    }
}
