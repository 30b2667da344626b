//! The panel without a window: events in, actions out.

use crate::console::Field;
use crate::dialog::form::{Form, Problems};
use crate::dialog::ids;
use crate::dialog::job::{Done, Job, Outcome, Problem};
use crate::dialog::question::Question;
use crate::dialog::standing::Standing;
use crate::dialog::texts;
use crate::dialog::view::{Note, View, control};
use crate::secret::SecretText;
use agent::check::Waived;
use agent::config::State;
use std::path::PathBuf;

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// The text of a field changed.
    Typed(Field, String),
    /// There is something in the field of the ServiceKey, or nothing.
    KeyTyped(bool),
    /// Skip TLS verification was ticked or not.
    SkipTls(bool),
    /// The original's protocol was ticked or not.
    Original(bool),
    /// A button was pressed, by its control.
    Pressed(u16),
    /// A question was answered.
    Answered(Question, bool),
    /// A file was chosen, or none.
    Chosen(Option<PathBuf>),
    /// What runs is over.
    Finished(Box<Outcome>),
}

/// What the window does then. It shows [`Model::view`] afterwards in any case.
#[derive(Debug)]
pub enum Action {
    /// Start this on a thread, with the ServiceKey where it is [`Job::Save`].
    Start(Job),
    /// Tell what runs that nobody waits for it any more.
    Cancel,
    /// Ask.
    Ask(Question),
    /// Ask for a file.
    ChooseFile,
    /// Open the trial logon; it ends in [`Event::Finished`].
    Try,
    /// Put these texts into the fields.
    Fill(Form),
    /// Wipe the field of the ServiceKey.
    ForgetKey,
    /// Put this into the field of the ServiceKey.
    PutKey(SecretText),
    /// Give a control the focus.
    Focus(u16),
    /// The messages changed: tell a screen reader.
    Announce,
    /// Close.
    Close,
}

/// What is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Awaited {
    Look,
    Verified,
    Imported,
    Removed,
    Checked,
    /// With what was waived so far.
    Armed(Waived),
    Disarmed,
    Trial,
}

/// The panel.
#[derive(Debug)]
pub struct Model {
    standing: Standing,
    form: Form,
    /// What the fields showed before anybody typed.
    untouched: Form,
    has_key: bool,
    problems: Problems,
    news: Vec<String>,
    /// The file that filled the fields, until another service is typed in.
    imported: Option<PathBuf>,
    awaited: Option<Awaited>,
    is_cancelled: bool,
}

impl Model {
    /// A panel that knows nothing yet, and the first thing to do.
    #[must_use]
    pub fn new() -> (Self, Vec<Action>) {
        let model = Self {
            standing: Standing::unknown(),
            form: Form::default(),
            untouched: Form::default(),
            has_key: false,
            problems: Problems::new(),
            news: Vec::new(),
            imported: None,
            awaited: Some(Awaited::Look),
            is_cancelled: false,
        };
        (model, vec![Action::Start(Job::Look)])
    }

    /// Takes an event.
    pub fn handle(&mut self, event: Event) -> Vec<Action> {
        match event {
            Event::Typed(field, text) => {
                if let Some(place) = self.form.text_mut(field)
                    && *place != text
                {
                    *place = text;
                    if field == Field::ServiceId {
                        self.imported = None;
                    }
                }
                self.problems.remove(&field.into());
                Vec::new()
            }
            Event::KeyTyped(has_key) => {
                self.has_key = has_key;
                self.problems.remove(&Field::ServiceKey.into());
                Vec::new()
            }
            Event::SkipTls(is) => {
                self.form.skip_tls = is;
                self.problems.remove(&Field::Server.into());
                Vec::new()
            }
            Event::Original(is) => {
                self.form.original = is;
                self.problems.clear();
                Vec::new()
            }
            Event::Pressed(ids::CANCEL) => self.close_or_cancel(),
            // What runs is finished or cancelled first.
            Event::Pressed(_) | Event::Chosen(_) | Event::Answered(..) if self.awaited.is_some() => {
                Vec::new()
            }
            Event::Pressed(button) => self.pressed(button),
            Event::Answered(question, false) => {
                self.imported = None;
                vec![Action::Focus(question.origin())]
            }
            Event::Chosen(None) => Vec::new(),
            Event::Answered(question, true) => self.agreed(question),
            Event::Chosen(Some(path)) => self.start(Awaited::Imported, Job::Import(path)),
            Event::Finished(outcome) => self.finished(*outcome),
        }
    }

    fn pressed(&mut self, button: u16) -> Vec<Action> {
        match button {
            ids::SAVE => self.save(false),
            ids::IMPORT => vec![Action::ChooseFile],
            ids::CHECK => self.start(Awaited::Checked, Job::Check),
            ids::TRY if self.standing.state == State::Verified => {
                self.awaited = Some(Awaited::Trial);
                self.is_cancelled = false;
                vec![Action::Try]
            }
            ids::ARM if self.standing.state.guards() => vec![Action::Ask(Question::Disarm)],
            ids::ARM if self.standing.state == State::Verified => vec![Action::Ask(Question::Arm)],
            _ => Vec::new(),
        }
    }

    fn save(&mut self, while_armed: bool) -> Vec<Action> {
        self.problems = self.form.problems(self.has_key, &self.standing.form);
        if let Some((first, _)) = self.problems.first_key_value() {
            let focus = Action::Focus(control(first.field()));
            self.news = vec![texts::LOOK_AT_THE_FIELDS.to_owned()];
            return vec![focus, Action::Announce];
        }
        if self.standing.state.guards() && !while_armed {
            return vec![Action::Ask(Question::ReplaceWhileGuarding)];
        }
        let form = self.form.clone();
        self.start(Awaited::Verified, Job::Save { form, while_armed })
    }

    fn agreed(&mut self, question: Question) -> Vec<Action> {
        match question {
            Question::CloseWithoutSaving => vec![Action::ForgetKey, Action::Close],
            Question::ReplaceWhileGuarding => self.save(true),
            Question::Arm => self.arm(Waived::default()),
            Question::ArmWithoutTrial(waived) => self.arm(Waived { trial: true, ..waived }),
            Question::ArmWithoutOfflineUser(waived) => self.arm(Waived { offline_user: true, ..waived }),
            Question::Disarm => self.start(Awaited::Disarmed, Job::Disarm),
            Question::RemoveImported => match self.imported.take() {
                Some(path) => {
                    // What was said about the configuration stays.
                    let news = core::mem::take(&mut self.news);
                    let actions = self.start(Awaited::Removed, Job::Remove(path));
                    self.news = news;
                    actions
                }
                None => Vec::new(),
            },
        }
    }

    fn arm(&mut self, waived: Waived) -> Vec<Action> {
        self.start(Awaited::Armed(waived), Job::Arm(waived))
    }

    fn start(&mut self, awaited: Awaited, job: Job) -> Vec<Action> {
        self.awaited = Some(awaited);
        self.is_cancelled = false;
        self.news.clear();
        vec![Action::Start(job)]
    }

    fn close_or_cancel(&mut self) -> Vec<Action> {
        if self.awaited.is_some() {
            if core::mem::replace(&mut self.is_cancelled, true) {
                return Vec::new();
            }
            return vec![Action::Cancel];
        }
        if self.has_key || self.form != self.untouched {
            return vec![Action::Ask(Question::CloseWithoutSaving)];
        }
        vec![Action::ForgetKey, Action::Close]
    }

    fn finished(&mut self, outcome: Outcome) -> Vec<Action> {
        let awaited = self.awaited.take();
        let is_first_look = awaited == Some(Awaited::Look);
        self.is_cancelled = false;
        self.standing = outcome.standing;
        match outcome.done {
            Done::Looked if is_first_look => {
                self.form = self.standing.form.clone();
                self.untouched = self.form.clone();
                let focus = if self.standing.state == State::Absent { ids::SERVICE_ID } else { ids::CHECK };
                vec![Action::Fill(self.form.clone()), Action::Focus(focus)]
            }
            Done::Looked => Vec::new(),
            Done::Saved(saved) => {
                self.form = self.standing.form.clone();
                self.untouched = self.form.clone();
                self.has_key = false;
                self.problems.clear();
                let mut actions = vec![Action::ForgetKey, Action::Fill(self.form.clone())];
                actions.extend(self.tell(texts::saved(&saved)));
                if self.imported.is_some() {
                    actions.push(Action::Ask(Question::RemoveImported));
                }
                actions
            }
            Done::Removed => {
                let news = [core::mem::take(&mut self.news), vec![texts::REMOVED.to_owned()]].concat();
                self.tell(news)
            }
            Done::Imported { form, key, path } => {
                self.imported = Some(path);
                self.form = form.clone();
                self.has_key = true;
                self.problems.clear();
                let mut actions = vec![Action::Fill(form), Action::PutKey(key)];
                actions.extend(self.tell(vec![texts::IMPORTED.to_owned()]));
                actions
            }
            Done::Checked { lines, passed } => {
                // What is in the way comes first: nobody reads fifty lines to find it.
                let mut lines = lines;
                lines.sort_by_key(|line| core::cmp::Reverse(line.verdict as u8));
                let mut news = vec![texts::check_verdict(passed, self.standing.state).to_owned()];
                news.extend(lines.iter().map(|line| texts::checked(line.verdict, &line.text)));
                self.tell(news)
            }
            Done::Armed { warnings, probation } => self.tell(texts::armed(&warnings, probation)),
            Done::Disarmed { told } => self.tell(texts::disarmed(told)),
            Done::Tried(account) => self.tell(texts::tried(&account)),
            Done::Failed(problem) => self.failed(awaited, &problem),
        }
    }

    fn failed(&mut self, awaited: Option<Awaited>, problem: &Problem) -> Vec<Action> {
        if let Some(Awaited::Armed(waived)) = awaited {
            match problem.failure.code() {
                "no_trial" if !waived.trial => return vec![Action::Ask(Question::ArmWithoutTrial(waived))],
                "no_offline_administrator" if !waived.offline_user => {
                    return vec![Action::Ask(Question::ArmWithoutOfflineUser(waived))];
                }
                _ => {}
            }
        }
        if problem.failure.code() == "cancelled" {
            return self.tell(vec![texts::CANCELLED.to_owned()]);
        }
        let actions = self.tell(texts::failed(problem));
        let Some(field) = problem.failure.field() else { return actions };
        self.problems.insert(field.into(), texts::beside(problem));
        vec![Action::Focus(control(field)), Action::Announce]
    }

    /// The messages get the focus, so that the keyboard can scroll them and a screen reader reads them.
    fn tell(&mut self, news: Vec<String>) -> Vec<Action> {
        self.news = news;
        vec![Action::Focus(ids::NEWS), Action::Announce]
    }

    /// How this computer stood when it was looked at last.
    #[must_use]
    pub const fn standing(&self) -> &Standing {
        &self.standing
    }

    /// What is to be shown.
    #[must_use]
    pub fn view(&self) -> View {
        let standing = &self.standing;
        let is_known = self.awaited != Some(Awaited::Look);
        View {
            icon: match standing.state {
                State::Absent => ids::ICON_ABSENT,
                State::Verified => ids::ICON_VERIFIED,
                State::Armed => ids::ICON_ARMED,
                State::Damaged(_) => ids::ICON_DAMAGED,
            },
            headline: if is_known { texts::headline(standing) } else { "" },
            explanation: if is_known { texts::explanation(standing) } else { String::new() },
            notes: [Field::ServiceId, Field::ServiceKey, Field::Server, Field::OfflineUsers]
                .map(|field| (field, self.note(field)))
                .to_vec(),
            rows: self.rows(),
            arm: if standing.state.guards() { "&Disarm" } else { "&Arm" },
            close: if self.awaited.is_some() { "Cancel" } else { "Close" },
            enabled: self.enabled(),
            news: self.news.join("\r\n"),
            waiting: match self.awaited {
                None => "",
                Some(_) if self.is_cancelled => texts::CANCELLING,
                Some(Awaited::Look | Awaited::Imported | Awaited::Removed) => texts::LOOKING,
                Some(Awaited::Verified) => texts::VERIFYING,
                Some(Awaited::Checked) => texts::CHECKING,
                Some(Awaited::Armed(_)) => texts::ARMING,
                Some(Awaited::Disarmed) => texts::DISARMING,
                Some(Awaited::Trial) => texts::TRYING,
            },
        }
    }

    fn note(&self, field: Field) -> Note {
        if let Some(problem) = self.problems.get(&field.into()) {
            return Note { text: problem.clone(), is_problem: true };
        }
        let hint = match field {
            Field::ServiceId => texts::SERVICE_ID_HINT,
            Field::ServiceKey if self.standing.service.is_some() => texts::SERVICE_KEY_KEPT,
            Field::ServiceKey => texts::SERVICE_KEY_HINT,
            Field::Server => texts::SERVER_HINT,
            Field::OfflineUsers => texts::OFFLINE_HINT,
        };
        Note { text: hint.to_owned(), is_problem: false }
    }

    fn rows(&self) -> Vec<(u16, String)> {
        let standing = &self.standing;
        let or_nothing = |text: &Option<String>| text.clone().unwrap_or_else(|| texts::NOTHING.to_owned());
        vec![
            (ids::STATE, texts::state(standing)),
            (ids::SERVICE, or_nothing(&standing.service)),
            (ids::MACHINE, standing.machine.clone()),
            (ids::ADDRESSES, or_nothing(&standing.servers)),
            (ids::MODE, texts::mode(standing)),
            (ids::CONTACT, texts::contact(standing)),
            (ids::PROBATION, texts::probation(standing)),
        ]
    }

    fn enabled(&self) -> Vec<(u16, bool)> {
        let is_idle = self.awaited.is_none();
        let state = self.standing.state;
        let fields =
            [ids::SERVICE_ID, ids::SERVICE_KEY, ids::SERVER, ids::OFFLINE, ids::SKIP_TLS, ids::ORIGINAL];
        let always = fields.into_iter().chain([ids::IMPORT, ids::SAVE]).map(|id| (id, is_idle));
        let cancellable = !self.is_cancelled;
        always
            .chain([
                (ids::CHECK, is_idle && state != State::Absent),
                (ids::TRY, is_idle && state == State::Verified),
                (ids::ARM, is_idle && state != State::Absent),
                (ids::CANCEL, cancellable),
            ])
            .collect()
    }
}
