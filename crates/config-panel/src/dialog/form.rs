//! What is typed into the panel, but for the ServiceKey.

use crate::console::Field;
use crate::dialog::texts;
use crate::flow::verify_and_save::Input;
use agent::config::Generation;
use agent::ports::Address;
use protocol::id::ServiceId;
use std::collections::BTreeMap;

/// The fields. The ServiceKey is not among them: it stays in its control until it is used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// ServiceID.
    pub service_id: String,
    /// TRASA server address, several with commas.
    pub server: String,
    /// Offline users, with commas.
    pub offline_users: String,
    /// Skip TLS verification.
    pub skip_tls: bool,
    /// The server speaks the original's protocol only.
    pub original: bool,
}

/// What is wrong, by field, in the order of the panel.
pub type Problems = BTreeMap<FieldOrder, String>;

/// A field, ordered as on the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldOrder(u8);

impl From<Field> for FieldOrder {
    fn from(field: Field) -> Self {
        Self(match field {
            Field::ServiceId => 0,
            Field::ServiceKey => 1,
            Field::Server => 2,
            Field::OfflineUsers => 3,
        })
    }
}

impl FieldOrder {
    /// The field.
    #[must_use]
    pub const fn field(self) -> Field {
        match self.0 {
            0 => Field::ServiceId,
            1 => Field::ServiceKey,
            2 => Field::Server,
            _ => Field::OfflineUsers,
        }
    }
}

impl Form {
    /// The text of a field; none for the ServiceKey.
    pub fn text_mut(&mut self, field: Field) -> Option<&mut String> {
        match field {
            Field::ServiceId => Some(&mut self.service_id),
            Field::ServiceKey => None,
            Field::Server => Some(&mut self.server),
            Field::OfflineUsers => Some(&mut self.offline_users),
        }
    }

    /// For the function that verifies and saves.
    #[must_use]
    pub fn to_input(&self, while_armed: bool) -> Input {
        Input {
            protocol: Some(if self.original { Generation::V1 } else { Generation::V2 }),
            service_id: Some(self.service_id.trim().to_owned()),
            server: Some(self.server.clone()),
            offline_users: Some(self.offline_users.clone()),
            skip_tls_verification: Some(self.skip_tls),
            while_armed,
            origin: None,
        }
    }

    /// Whether what is saved can be changed into this without a ServiceKey: the service stays.
    #[must_use]
    pub fn keeps_service(&self, saved: &Self) -> bool {
        !saved.service_id.is_empty()
            && self.service_id.trim() == saved.service_id
            && self.original == saved.original
    }

    /// What can be seen to be wrong without asking anybody, in all fields at once. `saved` is what
    /// this computer is configured with.
    #[must_use]
    pub fn problems(&self, has_key: bool, saved: &Self) -> Problems {
        let mut problems = Problems::new();
        let service = self.service_id.trim();
        if service.is_empty() {
            problems.insert(Field::ServiceId.into(), texts::SERVICE_ID_MISSING.to_owned());
        } else if !self.original && ServiceId::parse(service).is_none() {
            problems.insert(Field::ServiceId.into(), texts::SERVICE_ID_ODD.to_owned());
        }
        if !has_key && !self.keeps_service(saved) {
            problems.insert(Field::ServiceKey.into(), texts::SERVICE_KEY_MISSING.to_owned());
        }
        if let Err(why) = Address::parse_list(&self.server) {
            problems.insert(Field::Server.into(), texts::address(why));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::{FieldOrder, Form};
    use crate::console::Field;

    fn good() -> Form {
        Form {
            service_id: protocol::id::ServiceId(protocol::encoding::Bytes([7; 16])).to_string(),
            server: "trasa.example.com, 10.0.0.1:8443".to_owned(),
            ..Form::default()
        }
    }

    #[test]
    fn what_nobody_need_be_asked_about() {
        let fields = |form: &Form, has_key| {
            form.problems(has_key, &Form::default()).into_keys().map(FieldOrder::field).collect::<Vec<_>>()
        };
        assert_eq!(fields(&good(), true), []);
        assert_eq!(fields(&good(), false), [Field::ServiceKey]);
        assert_eq!(
            fields(&Form::default(), false),
            [Field::ServiceId, Field::ServiceKey, Field::Server],
            "all at once, in the order of the panel"
        );
        for (service_id, original, wrong) in
            [("nonsense", false, true), ("nonsense", true, false), ("  ", true, true)]
        {
            let form = Form { service_id: service_id.to_owned(), original, ..good() };
            assert_eq!(!form.problems(true, &Form::default()).is_empty(), wrong, "{service_id:?} {original}");
        }
        for server in ["", " , ", "http://a", "a/b", "a b", "a:0", "a:99999"] {
            let form = Form { server: server.to_owned(), ..good() };
            assert_eq!(fields(&form, true), [Field::Server], "{server:?}");
        }
    }
    #[test]
    fn the_key_is_wanted_again_only_for_another_service() {
        let saved = good();
        let key_is_missing =
            |form: &Form| form.problems(false, &saved).contains_key(&Field::ServiceKey.into());
        assert!(!key_is_missing(&Form { offline_users: "bat".to_owned(), ..good() }));
        assert!(!key_is_missing(&Form { server: "other".to_owned(), skip_tls: true, ..good() }));
        assert!(key_is_missing(&Form { original: true, ..good() }));
        assert!(key_is_missing(&Form { service_id: "x".to_owned(), ..good() }));
    }
}
