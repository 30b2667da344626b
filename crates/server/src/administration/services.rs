//! Services with the ServiceKey that is shown once.

use crate::audit::Actor;
use crate::names::Name;
use crate::random;
use crate::store::ids::ServiceId;
use crate::store::services::NewService;
use crate::store::{OrganisationId, Store, StoreError};
use protocol::service_key::AdmissionSecret;
use zeroize::Zeroizing;

/// What a machine is configured with. The key is kept nowhere in this form.
#[derive(Clone)]
pub struct Keyed {
    /// The ServiceID.
    pub id: ServiceId,
    /// The service's name.
    pub name: String,
    /// The ServiceKey.
    pub key: Zeroizing<String>,
}

impl std::fmt::Debug for Keyed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyed").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

/// Adds a service.
///
/// # Errors
/// `name_taken`.
pub async fn add(
    store: &Store,
    organisation: OrganisationId,
    name: Name,
    actor: Actor,
    now: i64,
) -> Result<Keyed, StoreError> {
    let service = NewService::random(name)?;
    let key = text(store, organisation, &service.key)?;
    let (id, name) = (service.id, service.name.shown().to_owned());
    store.add_service(organisation, service, actor, now).await?;
    Ok(Keyed { id, name, key })
}

/// Replaces the ServiceKey of a service, named by id or name. Admitted machines do not notice.
///
/// # Errors
/// `not_found`.
pub async fn rotate_key(
    store: &Store,
    organisation: OrganisationId,
    service: String,
    actor: Actor,
    now: i64,
) -> Result<Keyed, StoreError> {
    let secret = random::secret::<32>()?;
    let key = text(store, organisation, &secret)?;
    let service = store.rotate_service_key(organisation, (service, secret), actor, now).await?;
    Ok(Keyed { id: service.id, name: service.name, key })
}

fn text(
    store: &Store,
    organisation: OrganisationId,
    secret: &Zeroizing<[u8; 32]>,
) -> Result<Zeroizing<String>, StoreError> {
    let anchor = store.anchor(organisation)?;
    Ok(AdmissionSecret::service_key(**secret, anchor.fingerprint()).to_text())
}
