//! The fake server's other tongue: version 1, as the original answers it.

use super::{FakeServer, World};
use crate::config::ServiceKeyV1;
use crate::exchange::v1::{VerifyFailed, VerifyInput, verify};
use crate::ports::{Address, HttpRequest, Never};
use protocol::v1::{CheckConfigRequest, ConfigAnswer, FailedReason, LogonAnswer, LogonRequest, path};

impl FakeServer {
    pub const V1_SERVICE: &str = "5c5aa05f-1a4f-4ba9-a7d6-6f3ca2ba0bc4";
    pub const V1_KEY: &str = "k3y-canary-0123456789";

    /// Whether a path is one of version 1.
    #[must_use]
    pub fn is_v1(request: &HttpRequest) -> bool {
        request.path_and_query == path::CHECK_CONFIG || path::LOGONS.contains(&&*request.path_and_query)
    }

    /// What an original server answers to right ServiceID and key, and to wrong ones: it allows every
    /// logon.
    #[must_use]
    pub fn original(request: &HttpRequest) -> String {
        let fits = |id: &str, key: &str| (id == Self::V1_SERVICE, key == Self::V1_KEY);
        if request.path_and_query == path::CHECK_CONFIG {
            let answer = match CheckConfigRequest::read(&request.body) {
                None => ConfigAnswer::Failed(FailedReason::CheckFailed),
                Some(asked) => match fits(&asked.service_id, &asked.service_key) {
                    (true, true) => ConfigAnswer::Valid,
                    (true, false) => ConfigAnswer::Failed(FailedReason::InvalidServiceSecret),
                    (false, _) => ConfigAnswer::Failed(FailedReason::InvalidServiceId),
                },
            };
            return answer.to_envelope().to_json();
        }
        let answer = match LogonRequest::read(&request.body) {
            None => LogonAnswer::Refused(FailedReason::InvalidRequest),
            Some(asked) if fits(&asked.service_id, &asked.service_key) == (true, true) => {
                LogonAnswer::Allowed
            }
            Some(_) => LogonAnswer::Refused(FailedReason::InvalidServiceDetails),
        };
        answer.to_envelope().to_json()
    }
}

impl World {
    /// Verifies a configuration of version 1 at the fake server, saves, and arms.
    pub fn arm_v1(&self, offline: &[&str], skip_tls_verification: bool) {
        self.configure_v1(offline, skip_tls_verification).expect("verified");
        crate::config::arm(&self.services).expect("arms");
    }

    /// Verifies a configuration of version 1 at the fake server and saves.
    ///
    /// # Errors
    /// Why it was not verified.
    pub fn configure_v1(&self, offline: &[&str], skip_tls_verification: bool) -> Result<(), VerifyFailed> {
        let servers = Address::parse_list("one.example.com,two.example.com").unwrap();
        let key = ServiceKeyV1::new(FakeServer::V1_KEY).unwrap();
        let input = VerifyInput {
            service: FakeServer::V1_SERVICE,
            key: &key,
            servers: &servers,
            skip_tls_verification,
            pinned: None,
        };
        let verified = verify(&self.services, &input, &Never)?;
        let configuration = verified.into_configuration(&self.services, &key, Vec::new(), Vec::new())?;
        self.save(&configuration, offline);
        Ok(())
    }
}
