//! Raw ids become hashed ones, as in dauexp/traffic/identity.py, to which a test holds this equal.

use anyhow::{Result, anyhow};
use clap::ValueEnum;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What a device's hash is made from.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum DeviceId {
    /// Its own id.
    PerDevice,
    /// The constant `none`, which Sync's token server puts in place of every device's own id.
    Placeholder,
}

const PLACEHOLDER: &str = "none";
/// Of the 32 bytes of SHA-256: the first 32 hex digits.
const KEPT_BYTES: usize = 16;

/// HMAC-SHA256 under the service's secret.
pub struct Hasher {
    keyed: Hmac<Sha256>,
    device_id: DeviceId,
}

impl Hasher {
    pub fn new(secret: &[u8], device_id: DeviceId) -> Result<Self> {
        let keyed =
            Hmac::new_from_slice(secret).map_err(|_| anyhow!("the secret has no length"))?;
        Ok(Hasher { keyed, device_id })
    }

    /// The hash that stands for a user.
    pub fn user(&self, uid: &str) -> String {
        self.digest(&[uid])
    }

    /// The hash that stands for a device of the user with that hash.
    pub fn device(&self, hashed_user: &str, device_id: &str) -> String {
        match self.device_id {
            DeviceId::PerDevice => self.digest(&[hashed_user, device_id]),
            DeviceId::Placeholder => self.digest(&[hashed_user, PLACEHOLDER]),
        }
    }

    fn digest(&self, parts: &[&str]) -> String {
        let mut mac = self.keyed.clone();
        for part in parts {
            mac.update(part.as_bytes());
        }
        hex::encode(&mac.finalize().into_bytes()[..KEPT_BYTES])
    }
}
