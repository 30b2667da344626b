//! Layouts with letters that are all half as wide as they are high.

use super::*;
use crate::screen::Image;
use std::sync::Arc;

struct Even;

impl Measure for Even {
    fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().fold(0.0, |sum, _| sum + size / 2.0)
    }
}

fn field(id: u32, kind: i32, label: &str, text: &str) -> Field {
    Field { id, kind, label: label.into(), text: text.into(), state: 1, ..Field::default() }
}

fn step_1() -> Vec<Field> {
    let image = Image { width: 1, height: 1, pixels: vec![[0; 3]] };
    let mut fields = vec![
        Field { image: Some(Arc::new(image)), state: 3, ..field(0, fields::IMAGE, "TRASA", "") },
        Field { state: 3, ..field(1, fields::LARGE, "", "Sign in here") },
        field(2, fields::EDIT, "User name", "anna"),
        field(3, fields::PASSWORD, "Password", ""),
        Field { state: 0, ..field(4, fields::EDIT, "Code", "hidden text") },
        field(5, fields::SUBMIT, "Submit", ""),
        field(6, fields::LINK, "Start over", "Start over"),
    ];
    fields[5].adjacent_to = Some(3);
    fields[3].interactive = 3;
    fields
}

fn tile(fields: Vec<Field>) -> Screen {
    Screen { shows: Shows::Tile, fields, open: None }
}

fn texts(layout: &Layout) -> Vec<&str> {
    let text = |item: &'_ Item| matches!(item, Item::Text { .. });
    let texts = layout.items.iter().filter(|it| text(it));
    texts.filter_map(|it| if let Item::Text { text, .. } = it { Some(text.as_str()) } else { None }).collect()
}

fn height_of(layout: &Layout, wanted: &str) -> Option<f32> {
    layout.items.iter().find_map(|it| match it {
        Item::Text { text, y, .. } if text == wanted => Some(*y),
        _ => None,
    })
}

#[test]
fn what_is_hidden_does_not_show_and_the_order_is_the_providers() {
    let layout = lay_out(&tile(step_1()), 1.0, &Even);
    assert_eq!(texts(&layout), ["Sign in here", "anna", "Password", "Start over"]);
    let heights: Vec<_> = texts(&layout).iter().map(|text| height_of(&layout, text)).collect();
    assert!(heights.is_sorted());
    assert!(layout.fits);
    assert_eq!((layout.width, layout.height), (1024.0, 768.0));
}

#[test]
fn a_password_is_the_same_dots_whatever_it_is() {
    let with = |filled, text: &str| {
        let mut fields = step_1();
        fields[3].is_filled = filled;
        fields[3].text = text.into();
        lay_out(&tile(fields), 1.0, &Even)
    };
    let dots = |layout: &Layout| layout.items.iter().filter(|it| matches!(it, Item::Disc { .. })).count();
    assert_eq!(dots(&with(true, "")), usize::from(DOTS));
    // Even a provider that gives a password away does not get it drawn.
    assert_eq!(with(true, "hunter2"), with(true, ""));
    assert_eq!(dots(&with(false, "hunter2")), 0);
    assert!(!texts(&with(false, "hunter2")).contains(&"hunter2"));
}

#[test]
fn long_texts_wrap_and_long_values_stay_in_their_field() {
    let mut fields = step_1();
    fields[1].text = "A rather long greeting ".repeat(8);
    fields[2].text = "an-account-name-that-is-far-too-long-for-any-field@a-domain.example".into();
    let layout = lay_out(&tile(fields.clone()), 1.0, &Even);
    assert!(texts(&layout).iter().filter(|it| it.contains("greeting")).count() > 2);
    for item in &layout.items {
        if let Item::Text { x, text, size, .. } = item {
            assert!(*x >= 0.0 && x + Even.width(text, *size) <= layout.width, "{text}");
        }
    }
    let shown = texts(&layout).into_iter().find(|it| it.starts_with("an-account")).map(str::len);
    assert!(shown.is_some_and(|length| length < fields[2].text.len()));
    // While it is typed its end is seen.
    fields[2].interactive = 3;
    assert!(texts(&lay_out(&tile(fields), 1.0, &Even)).iter().any(|it| it.ends_with("domain.example")));
}

#[test]
fn letters_of_other_scripts_are_kept_whole() {
    let mut fields = step_1();
    fields[1].text = "Учётная запись ".repeat(10) + "用户登录" + "ελληνικά";
    fields[2].text = "Ольга-".repeat(20);
    let layout = lay_out(&tile(fields), 1.0, &Even);
    assert!(texts(&layout).concat().contains("用户登录ελληνικά"));
}

#[test]
fn at_a_higher_resolution_everything_is_where_it_was() {
    let screen = tile(step_1());
    let (one, two) = (lay_out(&screen, 1.0, &Even), lay_out(&screen, 2.0, &Even));
    assert_eq!(texts(&one), texts(&two));
    assert_eq!((two.width, two.height), (one.width * 2.0, one.height * 2.0));
    for (one, two) in one.items.iter().zip(&two.items) {
        if let (Item::Text { x, y, size, .. }, Item::Text { x: x2, y: y2, size: size2, .. }) = (one, two) {
            assert!((x * 2.0 - x2).abs() < 2.0 && (y * 2.0 - y2).abs() < 2.0);
            assert!((size * 2.0 - size2).abs() < 0.01);
        }
    }
}

#[test]
fn what_does_not_fit_makes_the_picture_higher_and_is_told() {
    let mut fields = step_1();
    fields[1].text = "A very long story. ".repeat(60);
    let layout = lay_out(&tile(fields), 1.0, &Even);
    assert!(!layout.fits && layout.height > 768.0);
}

#[test]
fn the_submit_button_stands_beside_its_field_or_below_everything() {
    let arrow = |layout: &Layout| {
        let boxes = layout.items.iter().filter_map(|it| match it {
            Item::Box { place, fill: Some(colour::BUTTON), .. } => Some(*place),
            _ => None,
        });
        boxes.collect::<Vec<_>>()
    };
    let mut fields = step_1();
    let beside = lay_out(&tile(fields.clone()), 1.0, &Even);
    assert_eq!(arrow(&beside).len(), 1);
    // Beside a field that is hidden there is no place.
    fields[5].adjacent_to = Some(4);
    let below = lay_out(&tile(fields.clone()), 1.0, &Even);
    assert!(arrow(&below)[0].y > arrow(&beside)[0].y);
    fields[5].state = 0;
    assert!(arrow(&lay_out(&tile(fields), 1.0, &Even)).is_empty());
}

#[test]
fn an_open_list_shows_every_item() {
    let mut fields = step_1();
    fields.push(Field {
        choices: vec!["Push".into(), "Code".into()],
        choice: Some(1),
        ..field(7, fields::COMBOBOX, "Method", "")
    });
    let closed = lay_out(&tile(fields.clone()), 1.0, &Even);
    let open = lay_out(&Screen { open: Some(7), ..tile(fields) }, 1.0, &Even);
    let count = |layout: &Layout, text: &str| texts(layout).iter().filter(|it| **it == text).count();
    assert_eq!((count(&closed, "Push"), count(&closed, "Code")), (0, 1));
    assert_eq!((count(&open, "Push"), count(&open, "Code")), (1, 2));
}

#[test]
fn other_screens() {
    let shows = |shows| lay_out(&Screen { shows, fields: step_1(), open: None }, 1.0, &Even);
    assert_eq!(texts(&shows(Shows::Deselected)), ["Sign in here"]);
    assert_eq!(texts(&shows(Shows::Welcome)), ["Welcome"]);
    assert!(texts(&shows(Shows::Busy("Asking".into()))).ends_with(&["Start over", "Asking"]));
    let mut fields = step_1();
    fields.push(field(8, fields::SMALL, "Status", "Asking"));
    let said = Screen { shows: Shows::Busy("42 - Asking".into()), fields, open: None };
    assert!(!texts(&lay_out(&said, 1.0, &Even)).contains(&"42 - Asking"), "once is enough");
    let message = Shows::Message { text: "No.".into(), icon: Icon::Error, by: Speaker::Provider };
    assert_eq!(texts(&shows(message)), ["No.", "OK"]);
}
