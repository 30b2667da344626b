//! Icons, the large font and colours.

use super::dialog::{Dialog, module};
use crate::dialog::ids;
use core::ffi::c_void;
use windows::Win32::Foundation::{COLORREF, RECT};
use windows::Win32::Foundation::{LPARAM, WPARAM};
use windows::Win32::Graphics::Gdi::{
    COLOR_3DFACE, COLOR_WINDOW, COLOR_WINDOWTEXT, CreateFontIndirectW, DeleteObject, FW_SEMIBOLD, GetObjectW,
    GetSysColor, GetSysColorBrush, HDC, HFONT, HGDIOBJ, LOGFONTW, SYS_COLOR_INDEX, SetBkColor, SetTextColor,
};
use windows::Win32::UI::Accessibility::{HCF_HIGHCONTRASTON, HIGHCONTRASTW};
use windows::Win32::UI::WindowsAndMessaging::{
    DestroyIcon, GetClientRect, GetSystemMetrics, HICON, ICON_BIG, ICON_SMALL, IMAGE_ICON, LR_DEFAULTCOLOR,
    LoadImageW, SM_CXICON, SM_CXSMICON, SPI_GETHIGHCONTRAST, STM_SETICON,
    SYSTEM_PARAMETERS_INFO_UPDATE_FLAGS, SendMessageW, SystemParametersInfoW, WM_GETFONT, WM_SETFONT,
    WM_SETICON,
};
use windows::core::PCWSTR;

/// An icon of ours, destroyed with its owner.
pub(super) struct Icon(HICON);

impl Icon {
    fn load(id: u16, size: i32) -> Option<Self> {
        let name = PCWSTR(core::ptr::without_provenance(usize::from(id)));
        // SAFETY: a number in the place of the name means a resource of this program.
        let image = unsafe { LoadImageW(module(), name, IMAGE_ICON, size, size, LR_DEFAULTCOLOR) };
        image.ok().map(|image| Self(HICON(image.0)))
    }

    fn value(&self) -> isize {
        self.0.0.addr().cast_signed()
    }
}

impl Drop for Icon {
    fn drop(&mut self) {
        // SAFETY: the icon is not shared, and its owner outlives the windows that show it.
        let _nothing_to_do = unsafe { DestroyIcon(self.0) };
    }
}

/// The icons of the title bar and of the task bar.
pub(super) fn title_icons(dialog: Dialog) -> Vec<Icon> {
    let set = |metric, which: u32| {
        // SAFETY: any number may be asked.
        let icon = Icon::load(ids::ICON_APPLICATION, unsafe { GetSystemMetrics(metric) })?;
        let which = Some(WPARAM(usize::try_from(which).unwrap_or(0)));
        // SAFETY: the icon is kept by the caller for as long as the dialog lives.
        unsafe { SendMessageW(dialog.0, WM_SETICON, which, Some(LPARAM(icon.value()))) };
        Some(icon)
    };
    [set(SM_CXICON, ICON_BIG), set(SM_CXSMICON, ICON_SMALL)].into_iter().flatten().collect()
}

/// Shows an icon in a control, as large as the control. The caller keeps it while it is shown.
pub(super) fn show_icon(dialog: Dialog, control: u16, id: u16) -> Option<Icon> {
    let mut area = RECT::default();
    // SAFETY: the place for the answer is ours.
    unsafe { GetClientRect(dialog.control(control), &raw mut area) }.ok()?;
    let icon = Icon::load(id, area.right.min(area.bottom))?;
    dialog.send(control, STM_SETICON, icon.0.0.addr(), 0);
    Some(icon)
}

/// A font of ours, deleted with its owner.
pub(super) struct Font(HFONT);

impl Drop for Font {
    fn drop(&mut self) {
        // SAFETY: the font is ours, and its owner outlives the control that has it.
        let _nothing_to_do = unsafe { DeleteObject(HGDIOBJ(self.0.0)) };
    }
}

/// Gives a control the dialog's font, larger and bolder. The caller keeps it while it is shown.
pub(super) fn enlarge(dialog: Dialog, control: u16, like: u16) -> Option<Font> {
    let font = dialog.send(like, WM_GETFONT, 0, 0);
    let font = HGDIOBJ(core::ptr::without_provenance_mut::<c_void>(font.cast_unsigned()));
    let mut shape = LOGFONTW::default();
    let size = i32::try_from(size_of::<LOGFONTW>()).ok()?;
    // SAFETY: the place has the size that is said; what is no font gives 0.
    if unsafe { GetObjectW(font, size, Some((&raw mut shape).cast::<c_void>())) } == 0 {
        return None;
    }
    shape.lfHeight = shape.lfHeight * 4 / 3;
    shape.lfWidth = 0;
    shape.lfWeight = i32::try_from(FW_SEMIBOLD.0).unwrap_or(0);
    // SAFETY: the shape lives over the call.
    let large = unsafe { CreateFontIndirectW(&raw const shape) };
    if large.is_invalid() {
        return None;
    }
    let large = Font(large);
    dialog.send(control, WM_SETFONT, large.0.0.addr(), 1);
    Some(large)
}

/// How a static text is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// A hint.
    Quiet,
    /// A fault.
    Fault,
    /// A page of text.
    Paper,
}

/// Sets the colours of a control that is about to paint itself; gives the brush behind it. None where
/// Windows' own colours stand, as always with a contrast theme.
pub(super) fn colours(context: HDC, tone: Tone) -> Option<isize> {
    // Both stand out clearly from the grey of a dialog; Windows' own grey text is too pale for reading.
    const DARK_RED: COLORREF = COLORREF(0x0000_0bb0);
    const DARK_GREY: COLORREF = COLORREF(0x0060_6060);
    if is_high_contrast() {
        return None;
    }
    let (text, behind) = match tone {
        Tone::Fault => (DARK_RED, COLOR_3DFACE),
        Tone::Quiet => (DARK_GREY, COLOR_3DFACE),
        Tone::Paper => (colour(COLOR_WINDOWTEXT), COLOR_WINDOW),
    };
    // SAFETY: the context is the one that Windows handed over for this control.
    unsafe { SetTextColor(context, text) };
    // SAFETY: as above.
    unsafe { SetBkColor(context, colour(behind)) };
    // SAFETY: any number may be asked; the brush is the system's.
    Some(unsafe { GetSysColorBrush(behind) }.0.addr().cast_signed())
}

fn colour(index: SYS_COLOR_INDEX) -> COLORREF {
    // SAFETY: any number may be asked.
    COLORREF(unsafe { GetSysColor(index) })
}

fn is_high_contrast() -> bool {
    let size = u32::try_from(size_of::<HIGHCONTRASTW>()).unwrap_or(0);
    let mut contrast = HIGHCONTRASTW { cbSize: size, ..Default::default() };
    let place = Some((&raw mut contrast).cast::<c_void>());
    // SAFETY: the place has the size that is said.
    let asked = unsafe {
        SystemParametersInfoW(SPI_GETHIGHCONTRAST, size, place, SYSTEM_PARAMETERS_INFO_UPDATE_FLAGS(0))
    };
    asked.is_ok() && contrast.dwFlags.contains(HCF_HIGHCONTRASTON)
}
