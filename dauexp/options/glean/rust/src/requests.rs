//! What the service knows of a request when it logs it: hashes and a classified user agent.

use std::collections::HashMap;

use anyhow::Result;
use arrow_array::RecordBatch;

use crate::Row;
use crate::columns::{Remembered, Texts};
use crate::identity::Hasher;
use crate::useragent::{Classification, classify};

/// Observes batches of requests, working out each user, device and user agent once.
pub struct Observer {
    hasher: Hasher,
    users: Remembered<String>,
    /// By the codes of user and device.
    devices: HashMap<(usize, usize), String>,
    device_ids: Remembered<()>,
    user_agents: Remembered<Classification>,
}

impl Observer {
    pub fn new(hasher: Hasher) -> Self {
        Observer {
            hasher,
            users: Remembered::new(),
            devices: HashMap::new(),
            device_ids: Remembered::new(),
            user_agents: Remembered::new(),
        }
    }

    /// Gives what is known of each request of a batch to `log`.
    pub fn observe(&mut self, batch: &RecordBatch, mut log: impl FnMut(Row)) -> Result<()> {
        let uids = Texts::of(batch, "uid")?;
        let device_ids = Texts::of(batch, "device_id")?;
        let user_agents = Texts::of(batch, "user_agent")?;
        let other_users = self.users.turn_to(&uids);
        let other_devices = self.device_ids.turn_to(&device_ids);
        if other_users || other_devices {
            self.devices.clear();
        }
        self.user_agents.turn_to(&user_agents);
        for row in 0..batch.num_rows() {
            let user = self
                .users
                .get(uids.code(row), || self.hasher.user(uids.text(row)));
            let device = self
                .devices
                .entry((uids.code(row), device_ids.code(row)))
                .or_insert_with(|| self.hasher.device(user, device_ids.text(row)));
            let user_agent = user_agents.text(row);
            let known = self
                .user_agents
                .get(user_agents.code(row), || classify(user_agent));
            log(Row {
                user_agent,
                hashed_fxa_uid: user,
                hashed_device_id: device,
                platform: known.platform,
                device_family: known.device_family,
            });
        }
        Ok(())
    }
}
