//! Scheduled tasks of our own, through the Task Scheduler's COM interface of Windows Vista and later.

use core::marker::PhantomData;

use windows::Win32::System::Com::{
    CLSCTX_INPROC_SERVER, COINIT_MULTITHREADED, CoCreateInstance, CoInitializeEx, CoUninitialize,
};
use windows::Win32::System::TaskScheduler::{
    ITaskFolder, ITaskService, TASK_CREATE_OR_UPDATE, TASK_LOGON_SERVICE_ACCOUNT, TaskScheduler,
};
use windows::Win32::System::Variant::VARIANT;
use windows::core::{BSTR, Error, HRESULT};

/// Only SYSTEM and Administrators: whoever could change a task of SYSTEM's would be SYSTEM.
const PROTECTED: &str = "D:P(A;;FA;;;SY)(A;;FA;;;BA)";

/// `HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND)` and `…(ERROR_PATH_NOT_FOUND)`.
const NOT_FOUND: [HRESULT; 2] =
    [HRESULT(0x8007_0002_u32.cast_signed()), HRESULT(0x8007_0003_u32.cast_signed())];

/// Why the Task Scheduler did not do it: its HRESULT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskError(pub i32);

impl From<Error> for TaskError {
    fn from(error: Error) -> Self {
        Self(error.code().0)
    }
}

/// Registers the task `name` in `folder` (`\FOLDER`) from its XML, or replaces it.
///
/// # Errors
/// [`TaskError`].
pub fn register_task(folder: &str, name: &str, xml: &str) -> Result<(), TaskError> {
    let scheduler = Scheduler::connect()?;
    let folder = scheduler.folder_or_new(folder)?;
    let nobody = VARIANT::default();
    let protected = VARIANT::from(PROTECTED);
    // SAFETY: the folder is a live interface; texts and variants are ours and live through the call.
    unsafe {
        folder.RegisterTask(
            &BSTR::from(name),
            &BSTR::from(xml),
            TASK_CREATE_OR_UPDATE.0,
            // Whose task it is stands in the XML.
            &nobody,
            &nobody,
            TASK_LOGON_SERVICE_ACCOUNT,
            &protected,
        )
    }?;
    Ok(())
}

/// Removes the task, and its folder where nothing else is in it; a missing one is no error.
///
/// # Errors
/// [`TaskError`].
pub fn remove_task(folder: &str, name: &str) -> Result<(), TaskError> {
    let scheduler = Scheduler::connect()?;
    let Some(open) = missing_is_none(scheduler.folder(folder))? else { return Ok(()) };
    // SAFETY: a live interface, a text of ours.
    missing_is_none(unsafe { open.DeleteTask(&BSTR::from(name), 0) })?;
    drop(open);
    let root = scheduler.folder("\\")?;
    // SAFETY: as above. It fails where somebody keeps a task of his own there, which may stay.
    let _may_stay = unsafe { root.DeleteFolder(&BSTR::from(folder.trim_start_matches('\\')), 0) };
    Ok(())
}

/// The XML of the task as Windows has it; nothing where there is none or Windows does not say.
#[must_use]
pub fn task_xml(folder: &str, name: &str) -> Option<String> {
    let scheduler = Scheduler::connect().ok()?;
    let folder = scheduler.folder(folder).ok()?;
    // SAFETY: a live interface, a text of ours.
    let task = unsafe { folder.GetTask(&BSTR::from(name)) }.ok()?;
    // SAFETY: a live interface.
    let xml = unsafe { task.Xml() }.ok()?;
    Some(xml.to_string())
}

fn missing_is_none<T>(result: windows::core::Result<T>) -> Result<Option<T>, TaskError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if NOT_FOUND.contains(&error.code()) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The connected service, and COM for this thread for as long as it lives.
struct Scheduler {
    service: ITaskService,
    /// Dropped after the service.
    _com: Com,
}

impl Scheduler {
    fn connect() -> Result<Self, TaskError> {
        let com = Com::enter();
        // SAFETY: COM is initialised on this thread, by us or by whoever came before.
        let service: ITaskService = unsafe { CoCreateInstance(&TaskScheduler, None, CLSCTX_INPROC_SERVER) }?;
        let this = VARIANT::default();
        // SAFETY: a live interface; the empty variants, this computer and this account, live through the call.
        unsafe { service.Connect(&this, &this, &this, &this) }?;
        Ok(Self { service, _com: com })
    }

    fn folder(&self, path: &str) -> windows::core::Result<ITaskFolder> {
        // SAFETY: a live interface, a text of ours.
        unsafe { self.service.GetFolder(&BSTR::from(path)) }
    }

    fn folder_or_new(&self, path: &str) -> Result<ITaskFolder, TaskError> {
        if let Some(folder) = missing_is_none(self.folder(path))? {
            // Who made it before us shall have no say in it. A system that cannot say so still protects the task.
            // SAFETY: a live interface, a text of ours.
            let _old = unsafe { folder.SetSecurityDescriptor(&BSTR::from(PROTECTED), 0) };
            return Ok(folder);
        }
        let root = self.folder("\\")?;
        let (name, protected) = (BSTR::from(path.trim_start_matches('\\')), VARIANT::from(PROTECTED));
        // SAFETY: a live interface; text and variant are ours and live through the call.
        Ok(unsafe { root.CreateFolder(&name, &protected) }?)
    }
}

/// COM on this thread.
struct Com {
    is_ours: bool,
    /// It is of one thread.
    _thread: PhantomData<*const ()>,
}

impl Com {
    fn enter() -> Self {
        // SAFETY: nothing else is asked for; a second initialisation only counts. It fails where this thread has another
        // kind of apartment already, which serves as well.
        let entered = unsafe { CoInitializeEx(None, COINIT_MULTITHREADED) };
        Self { is_ours: entered.is_ok(), _thread: PhantomData }
    }
}

impl Drop for Com {
    fn drop(&mut self) {
        if self.is_ours {
            // SAFETY: pairs with the initialisation that succeeded on this thread.
            unsafe { CoUninitialize() };
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{register_task, remove_task, task_xml};

    const XML: &str = r#"<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>A test's NAME</Description></RegistrationInfo>
  <Principals><Principal id="Author"><UserId>S-1-5-18</UserId></Principal></Principals>
  <Actions Context="Author"><Exec><Command>C:\Windows\System32\cmd.exe</Command></Exec></Actions>
</Task>"#;

    #[test]
    fn a_task_is_registered_replaced_and_taken_away_with_its_folder() {
        const FOLDER: &str = r"\TRASA test";
        for name in ["first", "second"] {
            register_task(FOLDER, "Task", &XML.replace("NAME", name)).unwrap();
            let xml = task_xml(FOLDER, "Task").unwrap();
            // Wine keeps the description and loses the command.
            assert!(xml.contains(&format!("test's {name}<")), "{xml}");
        }
        remove_task(FOLDER, "Task").unwrap();
        assert_eq!(task_xml(FOLDER, "Task"), None);
        remove_task(FOLDER, "Task").unwrap();
        assert!(!std::path::Path::new(r"C:\Windows\System32\Tasks\TRASA test").exists());
    }
}
