//! A server's folder with users, devices, accesses and machines, made through the store as commands
//! make them.

use anyhow::{Context as _, Result};
use decision::account::Pattern;
use protocol::encoding::PublicKey;
use protocol::id::{MachineId, ServiceId};
use protocol::keys::KeyList;
use protocol::v2::{Host, Versions};
use server::audit::Actor;
use server::clock::now;
use server::init::{Plan, init};
use server::keys::p256::SigningKey;
use server::names::Name;
use server::random;
use server::sealing::{KeyText, Sealer};
use server::store::accesses::{Grant, Where, Whom};
use server::store::machines::{Admission, Newcomer, State};
use server::store::services::NewService;
use server::store::{AccessId, DeviceId, OrganisationId, Store, Use, UserId};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

const ORGANISATION: OrganisationId = OrganisationId::DEFAULT;
const SERVICE: &str = "Workstations";
/// The SID of the domain that every machine is joined to.
pub const DOMAIN_SID: &str = "S-1-5-21-1004336348-1177238915-682003330";

/// A folder that is removed at the end.
pub struct Place(PathBuf);

impl Place {
    pub fn make(parent: &Path) -> Result<Self> {
        let unique = protocol::encoding::encode(&random::bytes::<6>()?);
        let path = parent.join(format!("trasa-bench-{unique}"));
        std::fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn data(&self) -> PathBuf {
        self.0.join("data")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A person's device: what its codes are made from.
pub struct Person {
    pub name: String,
    pub totp: totp_rs::Totp,
}

/// An admitted machine with its key.
pub struct Machine {
    pub id: MachineId,
    pub key: SigningKey,
}

/// Who logs on where.
pub struct Population {
    pub people: Vec<Person>,
    pub machines: Vec<Machine>,
    pub keys: KeyList,
}

/// Opens the store of a folder.
pub fn open(data: &Path, used: Use) -> Result<Store> {
    Ok(Store::open(data, Sealer::new(&KeyText::load(data)?)?, used)?)
}

impl Population {
    /// Makes the folder and everybody in it.
    pub async fn make(place: &Place, users: usize, machines: usize) -> Result<Self> {
        let plan = Plan {
            hosts: vec!["localhost".to_owned()],
            public_url: "https://localhost".to_owned(),
            addresses: vec!["localhost".to_owned()],
            recovery_out: place.path().join("recovery.key"),
        };
        init(&place.data(), &plan, Actor::Server, now()).await?;
        let store = open(&place.data(), Use::Command)?;
        let new = NewService::random(Name::parse("name", SERVICE)?)?;
        let service = new.id;
        store.add_service(ORGANISATION, new, Actor::Server, now()).await?;
        let store = Arc::new(store);
        let mut made = tokio::task::JoinSet::new();
        for number in 0..users {
            let store = Arc::clone(&store);
            made.spawn(async move { (number, person(&store, number).await) });
        }
        let mut people = made.join_all().await;
        people.sort_by_key(|(number, _)| *number);
        let people = people.into_iter().map(|(_, person)| person).collect::<Result<_>>()?;
        let mut admitted = Vec::with_capacity(machines);
        for number in 0..machines {
            admitted.push(machine(&store, service, number).await?);
        }
        let keys = store.server_keys(ORGANISATION)?.list;
        Ok(Self { people, machines: admitted, keys })
    }
}

async fn person(store: &Store, number: usize) -> Result<Person> {
    let name = format!("user{number:05}");
    let username = Name::parse("username", &name)?;
    let email = Name::parse_email(&format!("{name}@acme.example"))?;
    store.add_user(ORGANISATION, (UserId::random()?, username, email), Actor::Server, now()).await?;
    let secret: [u8; 20] = random::bytes()?;
    let device =
        (name.clone(), DeviceId::random()?, Name::parse("name", "phone")?, Zeroizing::new(secret.to_vec()));
    store.add_totp(ORGANISATION, device, Actor::Server, now()).await?;
    let shown = format!("ACME\\{name}");
    let grant = Grant {
        id: AccessId::random()?,
        user: Whom::User(name.clone()),
        service: Where::Service(SERVICE.to_owned()),
        account: Pattern::parse(&shown)?,
        shown,
        policy: None,
        until: None,
    };
    store.grant_access(ORGANISATION, grant, Actor::Server, now()).await?;
    let totp = totp_rs::Builder::new().with_secret(secret).build().context("a device's secret")?;
    Ok(Person { name, totp })
}

async fn machine(store: &Store, service: ServiceId, number: usize) -> Result<Machine> {
    let key = SigningKey::generate()?;
    let public_key: PublicKey = *key.public_key();
    let new = Newcomer {
        id: MachineId::new(random::identifier()?),
        public_key,
        host: Host {
            name: format!("PC-{number:02}"),
            dns_name: None,
            domain: Some("ACME".to_owned()),
            dns_domain: Some("acme.example".to_owned()),
            domain_sid: Some(DOMAIN_SID.to_owned()),
            machine_sid: None,
        },
        versions: Versions::default(),
        source: IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let judge = |_: &_| Ok::<_, Infallible>(State::Approved);
    match store.admit_machine(ORGANISATION, (service.to_string(), new), judge, now()).await? {
        Admission::Machine { id, .. } => Ok(Machine { id, key }),
        other => anyhow::bail!("a machine was not admitted: {other:?}"),
    }
}
