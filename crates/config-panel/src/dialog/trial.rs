//! The trial logon's pages: the tile's fields asked for together, as the tile shows them.
//!
//! The trial asks for one field after the other. A page gathers those that are shown at the same
//! time, and what was typed there is handed out field by field.

use crate::dialog::job::{Done, Outcome};
use crate::dialog::standing;
use crate::flow;
use crate::panel::Panel;
use agent::Password;
use agent::logon::{Field, MethodChoice, Tone, View};
use agent::ports::Cancelled;
use agent::trial::{Person, Typed};
use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroizing;

/// Runs a trial logon to its end.
#[must_use]
pub fn perform(panel: &Panel, person: &mut dyn Person, cancelled: &dyn Cancelled) -> Outcome {
    let done = match flow::trial::run(panel, person, cancelled) {
        Ok(passed) => Done::Tried(passed.account),
        Err(failure) => Done::Failed(failure.into()),
    };
    Outcome { standing: standing::read(panel), done }
}

/// What a page shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// The tile's large text.
    pub banner: String,
    /// Fields to fill, with what stands in them.
    pub fields: Vec<(Field, String)>,
    /// The chosen method.
    pub method: Option<MethodChoice>,
    /// The number for the phone.
    pub number: String,
    /// Who signs in, and the status line.
    pub status: String,
    /// The status line tells of a fault.
    pub is_fault: bool,
}

/// What was typed on a page, by field.
#[derive(Default)]
pub struct Filled {
    /// Texts, secret or not; wiped.
    pub texts: BTreeMap<Field, Zeroizing<String>>,
    /// The chosen method.
    pub method: Option<MethodChoice>,
}

impl fmt::Debug for Filled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filled").field("fields", &self.texts.keys()).finish_non_exhaustive()
    }
}

/// Who shows pages: the window, or a test.
pub trait Pages {
    /// Shows a page and waits until it is submitted; `None`: given up.
    fn submit(&mut self, page: &Page) -> Option<Filled>;

    /// Shows a page while something is awaited.
    fn show(&mut self, page: &Page);
}

/// The person before the pages.
pub struct Asked<'a, P> {
    pages: &'a mut P,
    filled: Filled,
}

impl<'a, P: Pages> Asked<'a, P> {
    /// Nobody has typed anything yet.
    pub fn new(pages: &'a mut P) -> Self {
        Self { pages, filled: Filled::default() }
    }

    fn take(&mut self, field: Field) -> Option<Typed> {
        if field == Field::Method {
            return self.filled.method.take().map(Typed::Method);
        }
        let text = self.filled.texts.remove(&field)?;
        Some(if matches!(field, Field::Password | Field::NewPassword | Field::RepeatPassword) {
            Typed::Secret(Password::from_text(&text).unwrap_or_else(|_| Password::empty()))
        } else {
            Typed::Text(text)
        })
    }
}

impl<P: Pages> Person for Asked<'_, P> {
    fn fill(&mut self, field: Field, view: &View) -> Option<Typed> {
        if let Some(typed) = self.take(field) {
            return Some(typed);
        }
        self.filled = self.pages.submit(&page(view))?;
        Some(self.take(field).unwrap_or(Typed::Keep))
    }

    fn look(&mut self, view: &View) {
        self.pages.show(&page(view));
    }
}

/// The page of a view.
#[must_use]
pub fn page(view: &View) -> Page {
    const ASKED: [Field; 5] = [Field::UserName, Field::Password, Field::TrasaId, Field::Method, Field::Code];
    let shown = |field: Field| view.field(field).shown;
    let text = |field: Field| if shown(field) { view.field(field).text.clone() } else { String::new() };
    // Whoever can choose the method may choose the code.
    let asked = |field: &Field| shown(*field) || (*field == Field::Code && shown(Field::Method));
    let status = view.status.as_ref();
    let lines = [text(Field::Who), status.map(|status| status.text.clone()).unwrap_or_default()];
    Page {
        banner: text(Field::Banner),
        fields: ASKED.into_iter().filter(asked).map(|field| (field, text(field))).collect(),
        method: shown(Field::Method).then_some(view.method),
        number: text(Field::Number),
        status: lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\r\n"),
        is_fault: status.is_some_and(|status| status.tone != Tone::Information),
    }
}

/// The method of an entry of the list.
#[must_use]
pub fn method_at(index: isize) -> Option<MethodChoice> {
    MethodChoice::from_index(u32::try_from(index).ok()?)
}
