//! Option B's service: logs by the logger that is written by hand.

#[path = "logger.rs"]
mod logger;

use logger::{Strings, SyncEventsLogger};

use crate::{Application, Row, lines};

/// The logger by hand, in the program that option A's is in.
pub struct Service {
    logger: SyncEventsLogger,
}

impl Service {
    pub fn new(application: Application) -> Self {
        Service {
            logger: SyncEventsLogger {
                application_id: application.id,
                app_display_version: application.display_version,
                app_channel: application.channel,
            },
        }
    }

    pub fn log(&mut self, row: Row) {
        let strings = Strings {
            hashed_fxa_uid: row.hashed_fxa_uid,
            hashed_device_id: row.hashed_device_id,
            platform: row.platform,
            device_family: row.device_family,
        };
        let line = self
            .logger
            .get_collections(row.user_agent, strings)
            .expect("texts and numbers are JSON");
        lines::write(format_args!("{line}"));
    }
}
