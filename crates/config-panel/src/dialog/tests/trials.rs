//! The pages of a trial logon, walked by a person of the tests' own.

use crate::dialog::job::Done;
use crate::dialog::trial::{Asked, Filled, Page, Pages, perform};
use crate::testing::Fixture;
use agent::logon::{Field, MethodChoice};
use agent::ports::Never;
use zeroize::Zeroizing;

/// Types the same on each page, and remembers what it saw.
struct Typist {
    code: &'static str,
    pages: Vec<Vec<Field>>,
    gives_up_at: usize,
}

impl Pages for Typist {
    fn submit(&mut self, page: &Page) -> Option<Filled> {
        self.pages.push(page.fields.iter().map(|(field, _)| *field).collect());
        if self.pages.len() >= self.gives_up_at {
            return None;
        }
        let mut filled = Filled { method: Some(MethodChoice::Code), ..Filled::default() };
        for (field, _) in &page.fields {
            let text = match field {
                Field::UserName | Field::TrasaId => "anna",
                Field::Password => "right",
                Field::Code => self.code,
                _ => continue,
            };
            filled.texts.insert(*field, Zeroizing::new(text.to_owned()));
        }
        Some(filled)
    }

    fn show(&mut self, _: &Page) {}
}

fn tried(fixture: &Fixture, typist: &mut Typist) -> Done {
    perform(&fixture.panel(), &mut Asked::new(typist), &Never).done
}

fn ready() -> Fixture {
    let fixture = Fixture::new();
    fixture.install();
    assert_eq!(fixture.set("--offline-users bat").exit, 0);
    fixture
}

#[test]
fn each_page_asks_for_what_the_tile_shows_at_once() {
    let fixture = ready();
    let mut typist = Typist { code: "287082", pages: Vec::new(), gives_up_at: 9 };
    let done = tried(&fixture, &mut typist);
    assert!(matches!(&done, Done::Tried(account) if account == "HOST\\anna"), "{done:?}");
    assert_eq!(typist.pages[0], [Field::UserName, Field::Password]);
    assert!(typist.pages[1].contains(&Field::Code), "{:?}", typist.pages);
    assert_eq!(typist.pages.len(), 2, "each field is asked for once a page");
}

#[test]
fn whoever_gives_up_changed_nothing() {
    let fixture = ready();
    for gives_up_at in [1, 2] {
        let mut typist = Typist { code: "287082", pages: Vec::new(), gives_up_at };
        let done = tried(&fixture, &mut typist);
        assert!(matches!(&done, Done::Failed(problem) if problem.failure.code() == "cancelled"), "{done:?}");
    }
}
